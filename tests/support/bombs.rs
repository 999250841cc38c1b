//! Small components that are costly to validate or to compile, each in one way.

#![allow(dead_code, reason = "each test uses what it needs")]

use wasm_encoder::{
    BlockType, CodeSection, Component, ConstExpr, DataSection, ElementSection, Elements, ExportKind, ExportSection,
    Function, FunctionSection, HeapType, Instruction, MemorySection, MemoryType, Module, ModuleSection, NameMap,
    NameSection, NestedComponentSection, RefType, TableSection, TableType, TypeSection, ValType,
};

use Instruction::{Block, Br, BrIf, BrTable, Call, Drop, Else, End, I32Add, I32Const, If, LocalGet, LocalSet, Loop};

/// The type of a function that takes and gives nothing, in every module here.
const NOTHING: u32 = 0;

/// A type of this many parameters and results, in modules of [`module`].
const WIDE: u32 = 1;

/// What opens nested blocks.
#[derive(Debug, Clone, Copy)]
pub enum Nest {
    Block,
    Loop,
    If,
    IfElse,
}

/// Locals that one block uses alone, after so many others.
pub fn late_locals(locals: u32, blocks: u32) -> Vec<u8> {
    let before = (0..blocks).flat_map(|_| [I32Const(0), BrIf(0)]);
    let last = (0..locals).flat_map(|local| [I32Const(0), LocalSet(local)]);
    component(&module((0, 0), &function(locals, &before.chain(last).collect::<Vec<_>>()), 1))
}

/// Blocks one after the other, each of which gives so many values.
pub fn blocks_with_results(blocks: u32, results: usize) -> Vec<u8> {
    let mut one = vec![Block(BlockType::FunctionType(WIDE))];
    one.extend(vec![I32Const(0); results]);
    one.push(End);
    one.extend(vec![Drop; results]);
    component(&module((0, results), &function(0, &repeated(&one, blocks)), 1))
}

/// Loops one after the other, with nothing in them.
pub fn loops_in_a_row(loops: u32) -> Vec<u8> {
    component(&module((0, 0), &function(0, &repeated(&[Loop(BlockType::Empty), End], loops)), 1))
}

/// Operators that stand for calls of the host, or for blocks that are not in the binary.
#[derive(Debug, Clone, Copy)]
pub enum Hidden {
    TableGet,
    CallIndirect,
    RefTest,
    RefCast,
    BrOnCast,
    MemoryGrow,
    TableGrow,
    TableFill,
    TableCopy,
    TableInit,
    ElemDrop,
}

impl Hidden {
    pub const ALL: [Self; 11] = [
        Self::TableGet,
        Self::CallIndirect,
        Self::RefTest,
        Self::RefCast,
        Self::BrOnCast,
        Self::MemoryGrow,
        Self::TableGrow,
        Self::TableFill,
        Self::TableCopy,
        Self::TableInit,
        Self::ElemDrop,
    ];

    fn instructions(self) -> Vec<Instruction<'static>> {
        let (to, null) = (HeapType::Concrete(NOTHING), Instruction::RefNull(HeapType::FUNC));
        let number = I32Const(0);
        match self {
            Self::TableGet => vec![number, Instruction::TableGet(0), Drop],
            Self::CallIndirect => vec![number, Instruction::CallIndirect { type_index: NOTHING, table_index: 0 }],
            Self::RefTest => vec![null, Instruction::RefTestNullable(to), Drop],
            Self::RefCast => vec![null, Instruction::RefCastNullable(to), Drop],
            Self::BrOnCast => vec![
                Block(BlockType::Result(ValType::FUNCREF)),
                null,
                Instruction::BrOnCast {
                    relative_depth: 0,
                    from_ref_type: RefType::FUNCREF,
                    to_ref_type: RefType { nullable: true, heap_type: to },
                },
                End,
                Drop,
            ],
            Self::MemoryGrow => vec![number, Instruction::MemoryGrow(0), Drop],
            Self::TableGrow => vec![null, number, Instruction::TableGrow(0), Drop],
            Self::TableFill => vec![number.clone(), null, number, Instruction::TableFill(0)],
            Self::TableCopy => {
                let copy = Instruction::TableCopy { src_table: 0, dst_table: 0 };
                vec![number.clone(), number.clone(), number, copy]
            }
            Self::TableInit => {
                let init = Instruction::TableInit { elem_index: 0, table: 0 };
                vec![number.clone(), number.clone(), number, init]
            }
            Self::ElemDrop => vec![Instruction::ElemDrop(0)],
        }
    }
}

/// So many operators of that kind between the writing and the reading of locals.
pub fn hidden_blocks(hidden: Hidden, locals: u32, times: u32) -> Vec<u8> {
    let mut body: Vec<_> = (0..locals).flat_map(|local| [LocalGet(local), LocalSet(local)]).collect();
    body.extend(repeated(&hidden.instructions(), times));
    body.extend((0..locals).flat_map(|local| [LocalGet(local), Drop]));
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(NOTHING);
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 1,
        maximum: None,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut elements = ElementSection::new();
    elements.passive(Elements::Functions(vec![0].into()));
    let mut code = CodeSection::new();
    code.function(&function(locals, &body));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&tables).section(&memories).section(&elements).section(&code);
    component(&module)
}

/// A core module in a component, as text, with what its memory, table and globals hold in the beginning.
pub fn beginning(contents: &str) -> String {
    format!(
        r#"(component (core module (import "" "g" (global $g i32))
            (table 100000 funcref) (memory 1) (func $f) {contents}))"#
    )
}

/// Function types of so many parameters and as many results each, of which no function is.
pub fn wide_types(count: u32, values: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    for number in 0..count {
        let bit = |bit: usize| if bit < 32 && number >> bit & 1 == 1 { ValType::I64 } else { ValType::I32 };
        types.ty().function((0..values).map(bit), vec![ValType::I32; values]);
    }
    let mut module = Module::new();
    module.section(&types);
    component(&module)
}

/// Core modules of one type each, so many in each of so many components.
pub fn many_modules(components: u32, modules: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut module = Module::new();
    module.section(&types);
    let (mut inner, mut outer) = (Component::new(), Component::new());
    for _ in 0..modules {
        inner.section(&ModuleSection(&module));
    }
    for _ in 0..components {
        outer.section(&NestedComponentSection(&inner));
    }
    outer.finish()
}

/// So many functions, each lifted once more, whose parameter is a variant of variants: few values, and many parts.
pub fn intricate_functions(functions: usize, cases: usize) -> String {
    let variant = |ty: &str| (0..cases).map(|case| format!("(case \"c{case}\" {ty})")).collect::<String>();
    let lifted = "(func (type $f) (canon lift (core func $i \"f\")))".repeat(functions);
    format!(
        "(component (type $a (variant {})) (type $b (variant {})) (type $f (func (param \"p\" $b)))
         (core module $m (func (export \"f\") (param i32 i32 i32))) (core instance $i (instantiate $m)) {lifted})",
        variant("u8"),
        variant("$a")
    )
}

/// A component with one core module and no instances.
pub fn component(module: &Module) -> Vec<u8> {
    components(std::slice::from_ref(module))
}

/// A component with these core modules and no instances.
pub fn components(modules: &[Module]) -> Vec<u8> {
    let mut component = Component::new();
    for module in modules {
        component.section(&ModuleSection(module));
    }
    component.finish()
}

/// A function of so many `i32` locals. It gets its last `end` here.
pub fn function(locals: u32, body: &[Instruction<'_>]) -> Function {
    let mut function = Function::new((locals > 0).then_some((locals, ValType::I32)));
    for instruction in body {
        function.instruction(instruction);
    }
    function.instruction(&End);
    function
}

/// A module with the same function several times, and types of which the second is that wide.
pub fn module((params, results): (usize, usize), function: &Function, times: u32) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function(vec![ValType::I32; params], vec![ValType::I32; results]);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for _ in 0..times {
        functions.function(NOTHING);
        code.function(function);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module
}

fn repeated(part: &[Instruction<'static>], times: u32) -> Vec<Instruction<'static>> {
    (0..times).flat_map(|_| part.iter().cloned()).collect()
}

fn to_each(last: u32) -> Instruction<'static> {
    BrTable((0..last).collect::<Vec<_>>().into(), last)
}

/// Blocks inside each other, each with many results, and one `br_table` that leaves any of them with all of these.
pub fn results_to_each_block(blocks: u32, results: u32, times: u32) -> Vec<u8> {
    component(&module((0, results as usize), &function(0, &results_body(blocks, results)), times))
}

fn results_body(blocks: u32, results: u32) -> Vec<Instruction<'static>> {
    let mut body = repeated(&[Block(BlockType::FunctionType(WIDE))], blocks);
    body.extend(repeated(&[I32Const(0)], results + 1));
    body.push(to_each(blocks - 1));
    body.extend(repeated(&[End], blocks));
    body.extend(repeated(&[Drop], results));
    body
}

/// The same with loops, which take parameters instead.
pub fn parameters_to_each_loop(loops: u32, params: u32) -> Vec<u8> {
    let mut body = repeated(&[I32Const(0)], params);
    body.extend(repeated(&[Loop(BlockType::FunctionType(WIDE))], loops));
    body.extend([I32Const(0), to_each(loops - 1)]);
    body.extend(repeated(&[End], loops));
    component(&module((params as usize, 0), &function(0, &body), 1))
}

/// Blocks with many results, each left at the same place by a `br_table` of many targets. With `reachable` false none
/// of the values is there, as in code that cannot be reached.
pub fn wide_tables(tables: u32, targets: usize, results: u32, reachable: bool) -> Vec<u8> {
    let mut one = vec![Block(BlockType::FunctionType(WIDE))];
    if reachable {
        one.extend(repeated(&[I32Const(0)], results + 1));
    } else {
        one.push(Instruction::Unreachable);
    }
    one.extend([BrTable(vec![0; targets].into(), 0), End]);
    one.extend(repeated(&[Drop], results));
    component(&module((0, results as usize), &function(0, &repeated(&one, tables)), 1))
}

/// The same without results.
pub fn plain_tables(tables: u32, targets: usize, times: u32) -> Vec<u8> {
    let one = [Block(BlockType::Empty), I32Const(0), BrTable(vec![0; targets].into(), 0), End];
    component(&module((0, 0), &function(0, &repeated(&one, tables)), times))
}

/// Values passed on by many conditional branches, from one place to one other.
pub fn wide_branches(branches: u32, results: u32) -> Vec<u8> {
    let mut body = vec![Block(BlockType::FunctionType(WIDE))];
    body.extend(repeated(&[I32Const(0)], results));
    body.extend(repeated(&[I32Const(0), BrIf(0)], branches));
    body.push(End);
    body.extend(repeated(&[Drop], results));
    component(&module((0, results as usize), &function(0, &body), 1))
}

/// A sequence of blocks that take and give many values.
pub fn wide_blocks(blocks: u32, values: u32) -> Vec<u8> {
    let mut body = repeated(&[I32Const(0)], values);
    body.extend(repeated(&[Block(BlockType::FunctionType(WIDE)), End], blocks));
    body.extend(repeated(&[Drop], values));
    component(&module((values as usize, values as usize), &function(0, &body), 1))
}

/// Blocks, loops or conditions inside each other, with nothing in them.
pub fn nested(nest: Nest, depth: u32, times: u32) -> Vec<u8> {
    let (open, close): (&[_], &[_]) = match nest {
        Nest::Block => (&[Block(BlockType::Empty)], &[End]),
        Nest::Loop => (&[Loop(BlockType::Empty)], &[End]),
        Nest::If => (&[I32Const(1), If(BlockType::Empty)], &[End]),
        Nest::IfElse => (&[I32Const(1), If(BlockType::Empty)], &[Else, End]),
    };
    let body = [repeated(open, depth), repeated(close, depth)].concat();
    component(&module((0, 0), &function(0, &body), times))
}

/// Loops inside each other, with a branch to each from the innermost.
pub fn loops_with_branches(loops: u32, times: u32) -> Vec<u8> {
    let mut body = repeated(&[Loop(BlockType::Empty)], loops);
    body.extend((0..loops).flat_map(|depth| [I32Const(0), BrIf(depth)]));
    body.extend(repeated(&[End], loops));
    component(&module((0, 0), &function(0, &body), times))
}

/// Blocks and loops in turn.
pub fn loops_among_blocks(depth: u32) -> Vec<u8> {
    let mut body = repeated(&[Block(BlockType::Empty), Loop(BlockType::Empty)], depth);
    body.extend(repeated(&[End, End], depth));
    component(&module((0, 0), &function(0, &body), 1))
}

/// Loops inside each other, in the innermost of which locals change, and from which a branch leads to each.
pub fn locals_in_loops(locals: u32, loops: u32, times: u32) -> Vec<u8> {
    let mut body = repeated(&[Loop(BlockType::Empty)], loops);
    body.extend((0..locals).flat_map(|local| [LocalGet(local), I32Const(1), I32Add, LocalSet(local)]));
    body.extend((0..loops).flat_map(|depth| [LocalGet(locals), BrIf(depth)]));
    body.extend(repeated(&[End], loops));
    component(&module((0, 0), &function(locals + 1, &body), times))
}

/// The body of a function in which locals change in many places, and are used at the end.
pub fn locals_in_branches(locals: u32, branches: u32) -> Function {
    let mut body = Vec::new();
    for branch in 0..branches {
        let local = branch % locals;
        body.extend([LocalGet(locals), If(BlockType::Empty), LocalGet(locals), LocalSet(local), End]);
    }
    body.extend((0..locals).flat_map(|local| [LocalGet(local), Drop]));
    function(locals + 1, &body)
}

/// Locals that change in many places.
pub fn many_locals(locals: u32, branches: u32) -> Vec<u8> {
    component(&module((0, 0), &locals_in_branches(locals, branches), 1))
}

/// Values that wait on the operand stack while there are many branches.
pub fn waiting_operands(operands: u32, branches: u32) -> Vec<u8> {
    let mut body: Vec<_> = (0..operands).flat_map(|n| [LocalGet(0), I32Const(n.cast_signed()), I32Add]).collect();
    body.extend(repeated(&[Block(BlockType::Empty), LocalGet(0), BrIf(0), End], branches));
    body.extend(repeated(&[Drop], operands));
    component(&module((0, 0), &function(1, &body), 1))
}

/// Pairs of components in a component, one of which calls a function of the other with a record of many fields, and
/// all of it instantiated several times: as text.
pub fn nested_calls(times: usize, pairs: usize, fields: usize) -> String {
    let times = "(instance (instantiate $pairs))".repeat(times);
    let fields: String = (0..fields).map(|field| format!("(field \"f{field}\" string)")).collect();
    let pairs: String = (0..pairs)
        .map(|pair| {
            format!(
                "(instance $p{pair} (instantiate $provider))
                 (instance (instantiate $consumer
                   (with \"f\" (func $p{pair} \"f\")) (with \"t\" (type $p{pair} \"t\"))))\n"
            )
        })
        .collect();
    format!(
        r#"(component (component $pairs
  (component $provider
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "f") (param i32)))
    (core instance $i (instantiate $m))
    (type $record (record {fields}))
    (export $t "t" (type $record))
    (func (export "f") (param "x" $t)
      (canon lift (core func $i "f") (memory $i "memory") (realloc (func $i "realloc")))))
  (component $consumer
    (type $record (record {fields}))
    (import "t" (type $t (eq $record)))
    (import "f" (func $f (param "x" $t)))
    (core module $m (memory (export "memory") 1))
    (core instance $i (instantiate $m))
    (core func $lowered (canon lower (func $f) (memory $i "memory")))
    (core module $user (import "" "f" (func (param i32))))
    (core instance (instantiate $user (with "" (instance (export "f" (func $lowered)))))))
  {pairs}) {times})"#
    )
}

/// Functions that do nothing with as many locals as a function may have.
pub fn declared_locals(times: u32) -> Vec<u8> {
    component(&declaring(times))
}

/// The module of [`declared_locals`].
pub fn declaring(times: u32) -> Module {
    module((0, 0), &function(50_000, &[]), times)
}

/// Functions that do nothing.
pub fn many_functions(times: u32) -> Vec<u8> {
    component(&module((0, 0), &function(0, &[]), times))
}

/// A function that calls itself again and again, with as many arguments and results as there may be.
pub fn wide_calls(calls: u32, values: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function(vec![ValType::I32; values], vec![ValType::I32; values]);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut body: Vec<_> = (0..u32::try_from(values).unwrap()).map(LocalGet).collect();
    body.extend(repeated(&[Call(0)], calls));
    let mut code = CodeSection::new();
    code.function(&function(0, &body));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    component(&module)
}

/// A function of many bytes.
pub fn long_function(times: u32) -> Vec<u8> {
    component(&module((0, 0), &function(1, &repeated(&[LocalGet(0), Drop], times)), 1))
}

/// Branches out of a block, one after the other, the code after which cannot be reached.
pub fn unreachable_branches(branches: u32, results: u32) -> Vec<u8> {
    let mut body = vec![Block(BlockType::FunctionType(WIDE))];
    body.extend(repeated(&[I32Const(0)], results));
    body.extend(repeated(&[Br(0)], branches));
    body.push(End);
    body.extend(repeated(&[Drop], results));
    component(&module((0, results as usize), &function(0, &body), 1))
}

/// Modules each with a memory of which the first and last byte are given.
pub fn far_data(modules: usize, bytes: i32) -> Vec<u8> {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 4096, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), [1]).active(0, &ConstExpr::i32_const(bytes - 1), [1]);
    let mut module = Module::new();
    module.section(&memories).section(&data);
    components(&vec![module; modules])
}

/// A module with tables of which the last element is given.
pub fn far_elements(tables: u32, elements: u64) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(NOTHING);
    let (mut section, mut segments) = (TableSection::new(), ElementSection::new());
    let last = ConstExpr::i32_const(i32::try_from(elements).unwrap() - 1);
    for table in 0..tables {
        let ty = TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: elements,
            maximum: None,
            shared: false,
        };
        section.table(ty);
        segments.active(Some(table), &last, Elements::Functions(vec![0].into()));
    }
    let mut code = CodeSection::new();
    code.function(&function(0, &[]));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&section).section(&segments).section(&code);
    component(&module)
}

/// A module that exports `twice`, a function of one `i32`, and holds another function several times.
pub fn twice_and(other: &Function, times: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([ValType::I32], [ValType::I32]);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    functions.function(1);
    code.function(&function(0, &[LocalGet(0), LocalGet(0), I32Add]));
    for _ in 0..times {
        functions.function(NOTHING);
        code.function(other);
    }
    let mut exports = ExportSection::new();
    exports.export("twice", ExportKind::Func, 0);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&exports).section(&code);
    module.finish()
}

/// The module of [`twice_and`] with blocks inside each other, and a `br_table` to each with many results, in a
/// function that is there several times.
pub fn twice_and_results(blocks: u32, results: u32, times: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function(vec![], vec![ValType::I32; results as usize]);
    types.ty().function([ValType::I32], [ValType::I32]);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    functions.function(2);
    code.function(&function(0, &[LocalGet(0), LocalGet(0), I32Add]));
    for _ in 0..times {
        functions.function(NOTHING);
        code.function(&function(0, &results_body(blocks, results)));
    }
    let mut exports = ExportSection::new();
    exports.export("twice", ExportKind::Func, 0);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&exports).section(&code);
    module.finish()
}

/// Loops inside each other in the third function of the second module, which has this name.
pub fn named(name: &str, loops: u32) -> Vec<u8> {
    let light = module((0, 0), &function(0, &[]), 1);
    let heavy = [repeated(&[Loop(BlockType::Empty)], loops), repeated(&[End], loops)].concat();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    for body in [&[][..], &[], &heavy] {
        functions.function(NOTHING);
        code.function(&function(0, body));
    }
    let (mut names, mut map) = (NameSection::new(), NameMap::new());
    map.append(0, "first");
    map.append(2, name);
    names.functions(&map);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code).section(&names);
    components(&[light, module])
}
