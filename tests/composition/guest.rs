//! The components of a case, as core modules in text.

use std::fmt::Write as _;

use super::case::{Case, Fault, Function, Kind, Node};
use super::layout::{Core, Image, MAX_FLAT_PARAMS, STRINGS, align, align_to, flat, offsets, size};
use super::random::Random;
use super::spill::{dirtied, load, spill};
use super::types::Ty;

/// The memory of every plugin. It never grows, so that what lies outside stays outside.
const PAGES: usize = 8;

/// Where values lie that are there from the start, behind the bytes of their strings.
const STATICS: usize = 65536;

/// The name of an interface, as core modules write it.
pub fn interface(name: &str) -> String {
    format!("t:t/{name}@1.0.0")
}

/// The WIT package of a case, with a world for each of the plugins.
pub fn wit(case: &Case) -> String {
    let defs: String = case.defs.iter().map(|def| format!("  {}\n", def.wit(&case.defs))).collect();
    let functions: String = case.functions.iter().map(|function| function_wit(case, function)).collect();
    let names: Vec<&str> = case.defs.iter().map(|def| def.name.as_str()).collect();
    let mut wit = "package t:t@1.0.0;\n".to_owned();
    let defs = match case.apart {
        true => {
            writeln!(wit, "interface types {{\n{defs}}}").unwrap();
            format!("  use types.{{{}}};\n", names.join(", "))
        }
        false => defs,
    };
    let mut services: Vec<String> = (0..case.nodes.len()).map(|node| case.interface(node)).collect();
    services.dedup();
    for service in services {
        writeln!(wit, "interface {service} {{\n{defs}{functions}}}").unwrap();
    }
    wit += "interface control {\n  prepare: func(pick: u32, fault: u32, at: u32, value: u32);\n  calls: func() -> u32;\n}\n";
    for node in 0..case.nodes.len() {
        let imports: String =
            case.imports(node).iter().map(|source| format!("import {}; ", case.interface(*source))).collect();
        writeln!(wit, "world n{node} {{ {imports}export {}; export control; }}", case.interface(node)).unwrap();
    }
    wit
}

fn function_wit(case: &Case, function: &Function) -> String {
    let params: Vec<String> =
        function.params.iter().map(|(name, ty)| format!("{name}: {}", ty.wit(&case.defs))).collect();
    let result = function.result.as_ref().map(|ty| format!(" -> {}", ty.wit(&case.defs))).unwrap_or_default();
    format!("  {}: func({}){result};\n", function.name, params.join(", "))
}

/// How a function looks to core WebAssembly.
struct Signature {
    /// Its parameters, one by one.
    flat: Vec<Core>,
    /// Whether they are passed as a pointer instead.
    by_pointer: bool,
    /// Its parameters as one value.
    record: Ty,
    /// The core value that it returns; `None` where it returns a pointer, or nothing.
    returns: Option<Core>,
}

impl Signature {
    fn of(case: &Case, function: &Function) -> Self {
        let record = Ty::Tuple(function.params.iter().map(|(_, ty)| ty.clone()).collect());
        let flat_params = flat(&record, &case.defs);
        let results = function.result.as_ref().map(|ty| flat(ty, &case.defs)).unwrap_or_default();
        let returns = if let [one] = results[..] { Some(one) } else { None };
        Self { by_pointer: flat_params.len() > MAX_FLAT_PARAMS, flat: flat_params, record, returns }
    }

    fn params(&self) -> Vec<Core> {
        if self.by_pointer { vec![Core::I32] } else { self.flat.clone() }
    }
}

/// The text of one plugin's core module.
pub fn core_module(case: &Case, node: usize) -> String {
    let writer = Writer { case, node: &case.nodes[node] };
    let mut image = Image::new(STATICS, &case.defs, writer.node.encoding);
    let mut random = Random::new(node as u64);
    let service = interface(&case.interface(node));
    let (mut imports, mut functions) = (String::new(), String::new());
    let mut seen: Vec<Option<Seen>> = vec![None; case.functions.len()];
    for (index, function) in case.functions.iter().enumerate() {
        let signature = Signature::of(case, function);
        if let Some(source) = writer.node.sources[index] {
            imports += &writer.import(index, &interface(&case.interface(source)), &signature);
            functions += &writer.forward(index, &service, &signature);
        } else {
            if matches!(function.kind, Kind::Canned(_)) && !function.params.is_empty() {
                seen[index] = Some(writer.keep(&signature, &mut image));
            }
            let source = writer.source(index, &signature, &seen, &mut image, &mut random);
            functions += &writer.answer(index, &service, &signature, seen[index], &source);
        }
        if writer.node.post_return {
            functions += &writer.post_return(function, &service, &signature);
        }
    }
    let forget: String = seen.iter().flatten().map(|seen| format!("    {}\n", seen.forget())).collect();
    let heap = align_to(STATICS + image.bytes.len(), 16);
    assert!(STRINGS + image.strings.len() < STATICS && heap < PAGES * 65536 / 2, "the values are too large");
    let others = if case.is_utf8() { image.bytes.len() } else { 0 };
    let data = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    format!(
        "(module\n{imports}{}{functions}  (data (i32.const {STRINGS}) \"{}\")\n  \
         (data (i32.const {STATICS}) \"{}\"))\n",
        prelude(heap, [image.strings.len(), others], &forget),
        data(&image.strings),
        data(&image.bytes)
    )
}

/// Memory, what allocates it, and what the host controls a plugin by.
///
/// As many bytes of strings and of other values are there from the start, and may go wrong.
fn prelude(heap: usize, [strings, others]: [usize; 2], forget: &str) -> String {
    let end = PAGES * 65536;
    let fault = |fault: Fault| fault as u32;
    let (first, last, recursion) = (fault(Fault::TrapFirst), fault(Fault::TrapLast), fault(Fault::Recursion));
    let (trap, odd, outside) = (fault(Fault::AllocTrap), fault(Fault::AllocOdd), fault(Fault::AllocOutside));
    let (statics, gap) = ((strings + others).max(1), STATICS - strings);
    let (content, control) = (fault(Fault::Content), interface("control"));
    format!(
        r#"  (memory (export "memory") {PAGES} {PAGES})
  (global $heap (mut i32) (i32.const {heap}))
  (global $used (mut i32) (i32.const {end}))
  (global $calls (mut i32) (i32.const 0))
  (global $pick (mut i32) (i32.const 0))
  (global $fault (mut i32) (i32.const 0))
  (global $at (mut i32) (i32.const 0))
  (global $value (mut i32) (i32.const 0))
  ;; A byte that may have been changed, and what it was.
  (global $changed (mut i32) (i32.const 0))
  (global $before (mut i32) (i32.const 0))
  (func $clear (param $byte i32)
    (memory.fill (i32.const {heap}) (local.get $byte) (i32.sub (global.get $used) (i32.const {heap})))
    (global.set $heap (i32.const {heap})))
  (func $start (call $clear (i32.const 0xAA)))
  (start $start)
  (func (export "{control}#prepare") (param i32 i32 i32 i32)
    (global.set $pick (local.get 0))
    (global.set $fault (local.get 1))
    (global.set $at (local.get 2))
    (global.set $value (local.get 3))
    (i32.store8 (global.get $changed) (global.get $before))
    (local.set 2 (i32.rem_u (local.get 2) (i32.const {statics})))
    (global.set $changed (i32.add (local.get 2) (select
      (i32.const {STRINGS})
      (i32.const {gap})
      (i32.lt_u (local.get 2) (i32.const {strings})))))
    (global.set $before (i32.load8_u (global.get $changed)))
    (if (i32.eq (local.get 1) (i32.const {content}))
      (then (i32.store8 (global.get $changed) (i32.xor (local.get 3) (global.get $before)))))
{forget}    (call $clear (i32.const 0xAA))
    (global.set $used (i32.const {heap})))
  (func (export "{control}#calls") (result i32) (global.get $calls))
  (func $alloc (param $size i32) (param $align i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (if (i32.gt_u (local.get $size) (i32.sub (i32.const {end}) (local.get $at))) (then unreachable))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $heap) (global.get $used)) (then (global.set $used (global.get $heap))))
    (local.get $at))
  (func (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $new i32)
    (local $fault i32)
    (if (i32.and (i32.ge_u (global.get $fault) (i32.const {trap})) (i32.le_u (global.get $fault) (i32.const {outside})))
      (then
        ;; Not the first time, perhaps.
        (if (i32.and (global.get $at) (i32.const 3))
          (then (global.set $at (i32.sub (global.get $at) (i32.const 1))))
          (else (local.set $fault (global.get $fault))))))
    (if (i32.eq (local.get $fault) (i32.const {trap})) (then unreachable))
    (if (i32.eq (local.get $fault) (i32.const {outside}))
      (then (return (i32.add (i32.const {end}) (i32.and (global.get $value) (i32.const 0xF8))))))
    (local.set $new (if (result i32) (i32.eq (local.get $fault) (i32.const {odd}))
      (then (i32.add (i32.const 1) (call $alloc (i32.add (local.get $size) (i32.const 1)) (local.get $align))))
      (else (call $alloc (local.get $size) (local.get $align)))))
    (memory.copy (local.get $new) (local.get $old)
      (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
    (local.get $new))
  (func $enter
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eq (global.get $fault) (i32.const {first})) (then unreachable))
    (if (i32.eq (global.get $fault) (i32.const {recursion})) (then (call $deeper))))
  (func $deeper (call $deeper) (call $deeper))
  (func $leave (if (i32.eq (global.get $fault) (i32.const {last})) (then unreachable)))
  ;; Changes a byte, where this is what goes wrong.
  (func $corrupt (param $fault i32) (param $to i32) (param $size i32)
    (if (i32.eq (global.get $fault) (local.get $fault))
      (then
        (local.set $to (i32.add (local.get $to) (i32.rem_u (global.get $at) (local.get $size))))
        (i32.store8 (local.get $to) (i32.xor (i32.load8_u (local.get $to)) (global.get $value))))))
  ;; What leads a pointer to an odd address or outside.
  (func $astray (param $fault i32) (result i32)
    (if (result i32) (i32.eq (global.get $fault) (local.get $fault))
      (then (select (i32.const 1) (i32.const 0x80000000) (i32.and (global.get $at) (i32.const 1))))
      (else (i32.const 0))))
  ;; The bits that are to change of one of some values.
  (func $change (param $fault i32) (param $index i32) (param $count i32) (result i32)
    (select (global.get $value) (i32.const 0) (i32.and
      (i32.eq (global.get $fault) (local.get $fault))
      (i32.eq (i32.rem_u (global.get $at) (local.get $count)) (local.get $index)))))
"#
    )
}

/// Where the parameters are kept that a function was last called with.
#[derive(Clone, Copy)]
struct Seen {
    at: usize,
    size: usize,
}

impl Seen {
    fn forget(self) -> String {
        format!("(memory.fill (i32.const {}) (i32.const 0) (i32.const {}))", self.at, self.size)
    }
}

/// Writes the functions of one plugin.
struct Writer<'a> {
    case: &'a Case,
    node: &'a Node,
}

impl Writer<'_> {
    fn import(&self, index: usize, from: &str, signature: &Signature) -> String {
        let function = &self.case.functions[index];
        let mut params = signature.params();
        if function.result.is_some() && signature.returns.is_none() {
            params.push(Core::I32);
        }
        let result = signature.returns.map(|core| format!(" (result {})", core.wat())).unwrap_or_default();
        format!("  (import \"{from}\" \"{}\" (func $i{index}{}{result}))\n", function.name, list("param", &params))
    }

    fn header(&self, function: &Function, service: &str, signature: &Signature) -> String {
        let result = match (signature.returns, &function.result) {
            (Some(core), _) => format!(" (result {})", core.wat()),
            (None, Some(_)) => " (result i32)".to_owned(),
            (None, None) => String::new(),
        };
        let params = list("param", &signature.params());
        format!(
            "  (func (export \"{service}#{}\"){params}{result}\n    (local $params i32) (local $result i32)\n    (call $enter)\n",
            function.name
        )
    }

    /// A function that passes the call on.
    fn forward(&self, index: usize, service: &str, signature: &Signature) -> String {
        let function = &self.case.functions[index];
        let fault = Fault::Arguments as u32;
        let mut text = self.header(function, service, signature);
        let mut arguments = Vec::new();
        if signature.by_pointer {
            let bytes = size(&signature.record, &self.case.defs);
            writeln!(text, "    (call $corrupt (i32.const {fault}) (local.get 0) (i32.const {bytes}))").unwrap();
            arguments.push("(local.get 0)".to_owned());
        } else {
            let masks = if self.node.dirty {
                dirtied(&signature.record, &self.case.defs)
            } else {
                vec![None; signature.flat.len()]
            };
            for (at, (core, mask)) in signature.flat.iter().zip(masks).enumerate() {
                let value = match mask {
                    Some(dirt) => dirt.replace('$', &format!("(local.get {at})")),
                    None => format!("(local.get {at})"),
                };
                arguments.push(changed(*core, &value, fault, at, signature.flat.len()));
            }
        }
        let call = |arguments: &[String]| format!("(call $i{index} {})", arguments.join(" "));
        let wrong = Fault::Result as u32;
        match (&function.result, signature.returns) {
            (None, _) => writeln!(text, "    {}\n    (call $leave))", call(&arguments)),
            (Some(_), Some(core)) => {
                writeln!(text, "    {}\n    (call $leave))", changed(core, &call(&arguments), wrong, 0, 1))
            }
            (Some(ty), None) => {
                writeln!(text, "    (local.set $result {})", self.alloc(ty)).unwrap();
                arguments.push(format!(
                    "(i32.or (local.get $result) (call $astray (i32.const {})))",
                    Fault::ReturnArea as u32
                ));
                writeln!(text, "    {}\n{})", call(&arguments), self.give_back(ty, None))
            }
        }
        .unwrap();
        text
    }

    /// A function that answers with what is at the address `source`.
    fn answer(&self, index: usize, service: &str, signature: &Signature, seen: Option<Seen>, source: &str) -> String {
        let (function, defs) = (&self.case.functions[index], &self.case.defs);
        let mut text = self.header(function, service, signature);
        if signature.by_pointer {
            text += "    (local.set $params (local.get 0))\n";
        } else if !function.params.is_empty() {
            writeln!(text, "    (local.set $params {})", self.alloc(&signature.record)).unwrap();
            text += &spill(&signature.record, defs, &signature.flat);
        }
        if let Some(Seen { at, size }) = seen {
            writeln!(text, "    (memory.copy (i32.const {at}) (local.get $params) (i32.const {size}))").unwrap();
        }
        let Some(ty) = &function.result else { return text + "    (call $leave))\n" };
        let bytes = size(ty, defs);
        writeln!(text, "    (local.set $result {})", self.alloc(ty)).unwrap();
        writeln!(text, "    (memory.copy (local.get $result) {source} (i32.const {bytes}))").unwrap();
        text + &self.give_back(ty, signature.returns) + ")\n"
    }

    /// Room for the parameters that a function was last called with.
    fn keep(&self, signature: &Signature, image: &mut Image<'_>) -> Seen {
        let size = size(&signature.record, &self.case.defs);
        let at = image.reserve(size, align(&signature.record, &self.case.defs));
        image.slice(at, size).fill(0);
        Seen { at, size }
    }

    /// The address of what a function answers.
    fn source(
        &self,
        index: usize,
        signature: &Signature,
        seen: &[Option<Seen>],
        image: &mut Image<'_>,
        random: &mut Random,
    ) -> String {
        let function = &self.case.functions[index];
        match (&function.kind, &function.result) {
            (Kind::Echo(which), _) => {
                let Ty::Tuple(params) = &signature.record else { panic!("{:?}", signature.record) };
                let offsets = offsets(&params.iter().collect::<Vec<_>>(), &self.case.defs).0;
                format!("(i32.add (local.get $params) (i32.const {}))", which.map_or(0, |which| offsets[which]))
            }
            (Kind::Seen(of), _) => format!("(i32.const {})", seen[*of].unwrap().at),
            (Kind::Canned(_), None) => String::new(),
            (Kind::Canned(values), Some(ty)) => {
                let places: Vec<usize> = values.iter().map(|value| image.place(ty, value, random)).collect();
                let bytes: Vec<u8> = places.iter().flat_map(|at| u32::try_from(*at).unwrap().to_le_bytes()).collect();
                let table = image.reserve(bytes.len(), 4);
                image.slice(table, bytes.len()).copy_from_slice(&bytes);
                let picked = format!("(i32.rem_u (global.get $pick) (i32.const {}))", places.len());
                format!("(i32.load offset={table} (i32.mul (i32.const 4) {picked}))")
            }
        }
    }

    /// Returns what `$result` points to.
    fn give_back(&self, ty: &Ty, returns: Option<Core>) -> String {
        let bytes = size(ty, &self.case.defs);
        let wrong = Fault::Result as u32;
        let leave = format!(
            "    (call $corrupt (i32.const {wrong}) (local.get $result) (i32.const {bytes}))\n    (call $leave)\n"
        );
        let value = match returns {
            Some(_) => format!("({} (local.get $result))", load(ty, &self.case.defs)),
            None => changed(Core::I32, "(local.get $result)", Fault::ResultPointer as u32, 0, 1),
        };
        format!("{leave}    {value}")
    }

    fn post_return(&self, function: &Function, service: &str, signature: &Signature) -> String {
        let fault = Fault::PostReturn as u32;
        let params = match (signature.returns, &function.result) {
            (Some(core), _) => list("param", &[core]),
            (None, Some(_)) => list("param", &[Core::I32]),
            (None, None) => String::new(),
        };
        // What is seen again must stay.
        let clean = match &function.kind {
            Kind::Canned(_) if !function.params.is_empty() => "",
            _ => "(call $clear (i32.const 0xEE))",
        };
        format!(
            "  (func (export \"cabi_post_{service}#{}\"){params}\n    \
             (if (i32.eq (global.get $fault) (i32.const {fault})) (then unreachable)) {clean})\n",
            function.name
        )
    }

    fn alloc(&self, ty: &Ty) -> String {
        let (size, align) = (size(ty, &self.case.defs), align(ty, &self.case.defs));
        format!("(call $alloc (i32.const {size}) (i32.const {align}))")
    }
}

fn list(what: &str, cores: &[Core]) -> String {
    if cores.is_empty() {
        return String::new();
    }
    format!(" ({what} {})", cores.iter().map(|core| core.wat()).collect::<Vec<_>>().join(" "))
}

/// A value of which some bits change where that goes wrong.
fn changed(core: Core, value: &str, fault: u32, index: usize, count: usize) -> String {
    let bits = format!("(call $change (i32.const {fault}) (i32.const {index}) (i32.const {count}))");
    match core {
        Core::I32 => format!("(i32.xor {value} {bits})"),
        Core::I64 => format!("(i64.xor {value} (i64.extend_i32_u {bits}))"),
        Core::F32 => format!("(f32.reinterpret_i32 (i32.xor (i32.reinterpret_f32 {value}) {bits}))"),
        Core::F64 => {
            format!("(f64.reinterpret_i64 (i64.xor (i64.reinterpret_f64 {value}) (i64.extend_i32_u {bits})))")
        }
    }
}
