//! What it takes to validate and to compile a component, weighed operator by operator before each is validated.
//!
//! A few kilobytes can keep the validator or the compiler busy for hours, or make them take all memory: values that
//! branches carry to many places, blocks and loops inside each other, locals that live across many blocks, tables and
//! memories that are filled at one far end. Each measure here stands for one of those ways. Weighing takes constant
//! time for an operator, so that all of it takes as long as reading the bytes.

use std::fmt;

use wasmparser::{FrameKind, FuncValidator, ModuleArity, Operator, WasmModuleResources};

use super::hidden::Hidden;
use crate::words::shown;

/// What a function costs by itself, whatever its body: trampolines, and tables about its code.
const FUNCTION: u64 = 40;

/// What a core module, or a function that crosses the edge of a component, costs by itself.
const PART: u64 = 400;

/// One value for so many pairs of a block and of a value that may live across it.
const SPREAD: u64 = 8;

/// The compiler has a list for each local, and for each value that a block gives or a loop takes, of a few bytes for
/// each block up to the last that uses it. So many of its entries count as one pair.
const ENTRIES: u64 = 8;

/// What a call costs beside its arguments and results, and what each of these costs that finds no register, in a
/// trampoline too.
const CALL: u64 = 10;

/// So many arguments and results of a call may find registers.
const REGISTERS: u64 = 16;

/// What a value costs that a `br_table` passes on to one of its targets.
const COPY: u64 = 4;

/// The deadline is looked at in each loop, and the compiler goes through all such places for each. So many pairs of
/// them count as one value.
const LOOP_PAIRS: u64 = 64;

/// One value for so many bytes of the first content of memories and tables.
const CONTENT: u64 = 64;

/// A way to be costly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Blocks inside each other in one function.
    Nesting,
    /// Loops inside each other in one function.
    Loops,
    /// Bytes of one function.
    Body,
    /// Values on the operand stack of one function.
    Operands,
    /// Values that the operators of one function take and give, those of each target of a `br_table` included.
    Passed,
    /// Pairs of a basic block of one function and of a local, or operand, that may live across it.
    Spread,
    /// Functions of all modules.
    Functions,
    /// What components declare: see [`Declared`](super::declared::Declared).
    Declared,
    /// What core modules declare, their functions left out.
    DeclaredByModules,
    /// The same of one that is to be made a component, which takes more.
    DeclaredToEncode,
    /// Core modules and components, those inside others included.
    Modules,
    /// Bytes of the memories and tables as they are when instances begin.
    Content,
    /// All of that together.
    Sum,
}

impl Measure {
    /// More than this is refused. Ten times or more of what tool chains have been seen to need: see decision 18.
    pub(super) const fn limit(self) -> u64 {
        match self {
            Self::Nesting => 10_000,
            Self::Loops => 64,
            Self::Body => 5_000_000,
            Self::Operands => 2_000,
            Self::Passed => 5_000_000,
            Self::Spread => 40_000_000,
            Self::Functions => 500_000,
            Self::Declared => 60_000,
            Self::DeclaredByModules => 200_000,
            Self::DeclaredToEncode => 40_000,
            Self::Modules => 2_000,
            Self::Content => 128 << 20,
            Self::Sum => 200_000_000,
        }
    }

    /// What is counted, as the object of "has".
    const fn counted(self) -> &'static str {
        match self {
            Self::Nesting => "blocks inside each other",
            Self::Loops => "loops inside each other",
            Self::Body => "bytes of code",
            Self::Operands => "values on its operand stack",
            Self::Passed => "values taken and given by its operators and branches",
            Self::Spread => "pairs of a block and a value that may live across it",
            Self::Functions => "functions",
            Self::Declared => "types, imports, exports and other declarations of components",
            Self::DeclaredByModules => "types, imports, exports and globals of core modules",
            Self::DeclaredToEncode => {
                "types, imports, exports and globals, of a core module that is to be made a component"
            }
            Self::Modules => "core modules and components",
            Self::Content => "bytes in its memories and tables from the start",
            Self::Sum => "units of work for the compiler",
        }
    }
}

/// A component that would be too costly to compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costly {
    /// The function, where it is one that is too costly.
    pub function: Option<CostlyFunction>,
    /// What there is too much of.
    pub counted: &'static str,
    /// How many there are, or how many there were when counting ended.
    pub found: u64,
    /// How many there may be.
    pub limit: u64,
}

/// A function that would be too costly to compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostlyFunction {
    /// The number of its core module in the component, in the order of the bytes.
    pub module: usize,
    /// Its index among the functions of the module, imported ones counted too.
    pub index: u32,
    /// Its name, where the module has names for its functions.
    pub name: Option<String>,
}

impl fmt::Display for Costly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, counted, found, limit } = self;
        match function {
            None => write!(f, "it has {found} {counted}, and the limit is {limit}"),
            Some(CostlyFunction { module, index, name }) => {
                write!(f, "function {index}")?;
                if let Some(name) = name {
                    write!(f, ", `{}`,", shown(name))?;
                }
                write!(f, " of core module {module} has {found} {counted}, and the limit is {limit}")
            }
        }
    }
}

/// A measure that is over its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over {
    pub(super) measure: Measure,
    pub(super) found: u64,
}

impl Over {
    /// With the function that it is about.
    pub(super) fn of(self, function: Option<CostlyFunction>) -> Costly {
        let Self { measure, found } = self;
        Costly { function, counted: measure.counted(), found, limit: measure.limit() }
    }
}

/// How many of the parameters and results of a call find no register.
fn beyond_registers(values: u64) -> u64 {
    values.saturating_sub(REGISTERS)
}

/// How many values the compiler has variables for in the frame that ends: what it gives, and what a loop takes.
fn variables<T: WasmModuleResources>(validator: &FuncValidator<T>) -> u64 {
    let frame = validator.label_block(0);
    let values = frame.and_then(|(ty, kind)| Some((validator.block_type_arity(ty)?, kind)));
    values.map_or(0, |((params, results), kind)| {
        u64::from(results) + if kind == FrameKind::Loop { u64::from(params) } else { 0 }
    })
}

pub(super) fn within(measure: Measure, found: u64) -> Result<(), Over> {
    if found > measure.limit() { Err(Over { measure, found }) } else { Ok(()) }
}

/// The weight of a whole component.
#[derive(Debug, Default)]
pub(super) struct Scales {
    sum: u64,
    functions: u64,
    modules: u64,
    content: u64,
}

impl Scales {
    /// The sum of all.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    pub(super) fn add(&mut self, weight: u64) -> Result<(), Over> {
        self.sum = self.sum.saturating_add(weight);
        within(Measure::Sum, self.sum)
    }

    /// Adds a core module or a component. The validator copies a list of all before when one ends.
    pub(super) fn add_module(&mut self) -> Result<(), Over> {
        self.modules += 1;
        within(Measure::Modules, self.modules)?;
        self.add_parts(1)
    }

    /// Adds instances, or functions that cross the edge of a component.
    pub(super) fn add_parts(&mut self, count: u32) -> Result<(), Over> {
        self.add(PART * u64::from(count))
    }

    /// Adds a function with so many parameters and results, imported or defined.
    pub(super) fn add_function(&mut self, values: u64) -> Result<(), Over> {
        self.functions += 1;
        within(Measure::Functions, self.functions)?;
        self.add_type(values)
    }

    /// Adds a function type with so many parameters and results. Each gets a trampoline, used or not.
    pub(super) fn add_type(&mut self, values: u64) -> Result<(), Over> {
        self.add(FUNCTION + values + CALL * beyond_registers(values))
    }

    /// Adds what is in a memory or table from the start.
    pub(super) fn add_content(&mut self, bytes: u64) -> Result<(), Over> {
        self.content = self.content.saturating_add(bytes);
        within(Measure::Content, self.content)?;
        self.add(bytes / CONTENT)
    }

    /// Adds a function body that has been weighed.
    fn add_body(&mut self, body: &Body) -> Result<(), Over> {
        self.add(body.passed + body.spread() / SPREAD + body.all_loops * body.all_loops / LOOP_PAIRS)
    }
}

/// Which basic blocks of a function use a local.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    None,
    /// This one alone, which writes it first.
    Block(u32),
    /// Several, or one that reads what another has left.
    Shared,
}

/// The weight of one function, while its operators are read.
#[derive(Debug, Default)]
pub(super) struct Body {
    passed: u64,
    /// Its basic blocks, each as often as the square of the loops around it.
    blocks: u64,
    /// Values on the operand stack at the ends of those blocks.
    waiting: u64,
    /// The loops around what is being read, and all there have been.
    loops: u64,
    all_loops: u64,
    /// For each local, the block that uses it, and how many are not of one block alone.
    uses: Vec<Use>,
    shared: u64,
    /// For each local, the last block that uses it, and the sum of these.
    last: Vec<u32>,
    entries: u64,
    /// The number of the basic block that is being read.
    block: u32,
    /// What is nested, the outermost first: whether it is a loop.
    frames: Vec<bool>,
}

impl Body {
    /// Begins with the next function. The locals must have been read.
    pub(super) fn begin<T: WasmModuleResources>(
        &mut self,
        validator: &FuncValidator<T>,
        bytes: usize,
    ) -> Result<(), Over> {
        let locals = validator.len_locals();
        within(Measure::Body, bytes as u64)?;
        self.uses.clear();
        self.uses.resize(usize::try_from(locals).unwrap_or_default(), Use::None);
        self.last.clear();
        self.last.resize(self.uses.len(), 0);
        self.frames.clear();
        // Each local gets a first value.
        (self.passed, self.blocks, self.waiting) = (u64::from(locals), 0, 0);
        (self.loops, self.all_loops, self.shared, self.block, self.entries) = (0, 0, 0, 0, 0);
        Ok(())
    }

    /// Weighs an operator that is to be validated next.
    pub(super) fn weigh<T: WasmModuleResources>(
        &mut self,
        operator: &Operator<'_>,
        validator: &FuncValidator<T>,
    ) -> Result<(), Over> {
        // What has no arity here is about to be refused.
        let (taken, given) = operator.operator_arity(validator).unwrap_or_default();
        self.passed = self.passed.saturating_add(1 + u64::from(taken) + u64::from(given));
        match operator {
            Operator::LocalGet { local_index } => self.use_local(*local_index, true),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                self.use_local(*local_index, false);
            }
            Operator::Block { .. } => self.open(false)?,
            Operator::Loop { .. } => {
                self.open(true)?;
                self.end_block(validator)?;
            }
            Operator::If { .. } => {
                self.open(false)?;
                self.end_block(validator)?;
            }
            Operator::End => {
                self.loops -= u64::from(self.frames.pop().unwrap_or_default());
                self.end_block(validator)?;
                self.entries += variables(validator) * u64::from(self.block);
            }
            Operator::BrTable { targets } => {
                let carried = validator.label_block(targets.default()).and_then(|(ty, kind)| {
                    let (params, results) = validator.block_type_arity(ty)?;
                    Some(if kind == FrameKind::Loop { params } else { results })
                });
                let copies = u64::from(targets.len()) * (1 + COPY * u64::from(carried.unwrap_or_default()));
                self.passed = self.passed.saturating_add(copies);
                self.end_block(validator)?;
            }
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => {
                let beyond = beyond_registers(u64::from(taken) + u64::from(given));
                self.passed = self.passed.saturating_add(CALL * (1 + beyond));
            }
            Operator::Else
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. }
            | Operator::Return
            | Operator::Unreachable => self.end_block(validator)?,
            _ => {}
        }
        let Hidden { cost, blocks } = Hidden::of(operator);
        self.passed = self.passed.saturating_add(cost);
        (0..blocks).try_for_each(|_| self.end_block(validator))?;
        let height = u64::from(validator.operand_stack_height());
        within(Measure::Operands, height)?;
        within(Measure::Passed, self.passed)
    }

    /// Ends with a function and adds it to the whole.
    pub(super) fn end(&self, scales: &mut Scales) -> Result<(), Over> {
        scales.add_body(self)
    }

    fn open(&mut self, is_loop: bool) -> Result<(), Over> {
        self.frames.push(is_loop);
        self.loops += u64::from(is_loop);
        self.all_loops += u64::from(is_loop);
        within(Measure::Nesting, self.frames.len() as u64)?;
        within(Measure::Loops, self.loops)
    }

    fn use_local(&mut self, index: u32, reads: bool) {
        let Ok(index) = usize::try_from(index) else { return };
        let (Some(known), Some(last)) = (self.uses.get_mut(index), self.last.get_mut(index)) else { return };
        self.entries += u64::from(self.block - *last);
        *last = self.block;
        let now = match *known {
            Use::None if !reads => Use::Block(self.block),
            Use::Block(block) if block == self.block => Use::Block(block),
            Use::None | Use::Block(_) | Use::Shared => Use::Shared,
        };
        self.shared += u64::from(now == Use::Shared && *known != Use::Shared);
        *known = now;
    }

    /// Ends a basic block, which all that is alive may live across. A local may be alive before its first use: in a
    /// loop, or where its first value is taken.
    fn end_block<T: WasmModuleResources>(&mut self, validator: &FuncValidator<T>) -> Result<(), Over> {
        let weight = (1 + self.loops) * (1 + self.loops);
        self.block += 1;
        self.blocks += weight;
        self.waiting += weight * u64::from(validator.operand_stack_height());
        within(Measure::Spread, self.spread())
    }

    fn spread(&self) -> u64 {
        self.blocks.saturating_mul(self.shared).saturating_add(self.waiting + self.entries / ENTRIES)
    }
}
