//! The plugins of a case, as text. What they do comes from random numbers of their own, so that both
//! twins do the same.
//!
//! A plugin keeps `own` handles in slots, one stack for each resource that it knows. Borrows that it was
//! given are in a list, which is emptied before it returns. What it lends is taken out of the slots for
//! as long as the call takes.

use std::fmt::Write;

use super::case::{Case, Function, Import, Kind};
use super::types::{Res, Ty};

/// What `state` tells, and behind it the log of destructors.
const STATE: usize = 0x100;
/// How many words `state` has before the log.
pub const HEADER: usize = 20;
/// Where in it the number of own resources alive is, for each of two.
pub const LIVE: usize = 3;
/// Where in it the number of handles is that own resources hold.
pub const HELD: usize = 5;
/// Where in it the numbers of handles in slots are.
pub const KEPT: usize = 6;
const LENGTH: usize = HEADER - 1;
const MOST_LOGGED: usize = 8000;
const CELLS: usize = 0x10000;
const MOST_CELLS: usize = 8000;
const SLOTS: usize = 0x30000;
const MOST_SLOTS: usize = 200;
const BORROWED: usize = 0x34000;
const LENT: usize = 0x36000;
const HEAP: usize = 0x40000;
/// A handle that nobody has.
const BOGUS: usize = 0x7ff0;

/// A function with how the component model sees it.
pub struct Shape {
    /// All parameters, with `self` and the seed, as a tuple.
    pub args: Ty,
    /// Where the seed is in them.
    seed: usize,
    pub result: Option<Ty>,
    /// Its name in the interface.
    pub name: String,
}

impl Shape {
    /// The shape of a function.
    pub fn of(function: &Function, node: usize, index: usize) -> Self {
        let mut args = vec![Ty::U32];
        let resource = |index| Res { node, index };
        let mut seed = 0;
        let name = match function.kind {
            Kind::Free => format!("f{index}"),
            Kind::Constructor(own) => format!("[constructor]{}", resource(own).name()),
            Kind::Static(own) => format!("[static]{}.f{index}", resource(own).name()),
            Kind::Method(own) => {
                args.insert(0, Ty::Borrow(resource(own)));
                seed = 4;
                format!("[method]{}.f{index}", resource(own).name())
            }
        };
        args.extend(function.params.iter().cloned());
        Self { args: Ty::Tuple(args), seed, result: function.result.clone(), name }
    }

    fn by_pointer(&self) -> bool {
        self.args.flat() > 16
    }

    fn params(&self) -> String {
        "i32 ".repeat(if self.by_pointer() { 1 } else { self.args.flat() })
    }

    /// Whether the result is in memory, not a value.
    fn returns_pointer(&self) -> bool {
        self.result.as_ref().is_some_and(|ty| ty.flat() > 1)
    }
}

/// The core module of a plugin.
pub fn core_module(case: &Case, node: usize) -> String {
    let imports = &case.nodes[node].imports;
    let mut known: Vec<Res> = (0..case.nodes[node].resources).map(|index| Res { node, index }).collect();
    for import in imports {
        known.extend((0..case.nodes[import.node].resources).map(|index| Res { node: import.node, index }));
    }
    let mut writer = Writer { case, node, imports, known, outside: String::new(), inside: String::new(), count: 0 };
    writer.module()
}

struct Writer<'a> {
    case: &'a Case,
    node: usize,
    imports: &'a [Import],
    /// The resources that it knows, its own first.
    known: Vec<Res>,
    outside: String,
    inside: String,
    count: usize,
}

impl Writer<'_> {
    fn module(&mut self) -> String {
        self.handles();
        let calls = self.calls();
        self.operations(&calls);
        for (index, function) in self.case.nodes[self.node].functions.iter().enumerate() {
            self.export(&Shape::of(function, self.node, index), function.kind);
        }
        self.state();
        let (seed, fixed) = (self.node + 7, fixed());
        format!(
            "(module $n{}\n{}  (memory (export \"memory\") 32 32)\n  (global $random (mut i32) (i32.const {seed}))\n{fixed}{})\n",
            self.node, self.outside, self.inside
        )
    }

    fn slot(&self, resource: Res) -> usize {
        self.known.iter().position(|known| *known == resource).unwrap()
    }

    fn own(&self, resource: Res) -> bool {
        resource.node == self.node
    }

    /// Whether a handle can be had whenever one is needed.
    fn can_make(&self, resource: Res) -> bool {
        self.own(resource) || self.imports.iter().any(|import| import.node == resource.node && import.functions)
    }

    /// Something that happens rarely, and only where rules are broken.
    fn rarely(&self, one_in: usize) -> String {
        if self.case.faulty {
            format!("(i32.eqz (call $below (i32.const {one_in})))")
        } else {
            "(i32.const 0)".to_owned()
        }
    }

    /// What can be done with handles of each resource.
    fn handles(&mut self) {
        for (slot, resource) in self.known.clone().into_iter().enumerate() {
            let (name, node) = (resource.name(), resource.node);
            if self.own(resource) {
                self.own_resource(slot, resource);
                continue;
            }
            writeln!(
                self.outside,
                "  (import \"t:t/s{node}@1.0.0\" \"[resource-drop]{name}\" (func $drop{slot} (param i32)))"
            )
            .unwrap();
            if self.can_make(resource) {
                writeln!(self.outside, "  (import \"t:t/s{node}@1.0.0\" \"[method]{name}.get\" (func $get{slot} (param i32) (result i32)))\n  \
                    (import \"t:t/s{node}@1.0.0\" \"[constructor]{name}\" (func $construct{slot} (param i32) (result i32)))").unwrap();
                writeln!(self.inside, "  (func $fresh{slot} (result i32) (call $construct{slot} (call $next)))\n  \
                    (func $look{slot} (param i32) (if (call $below (i32.const 2)) (then (call $mix (call $get{slot} (local.get 0))))))").unwrap();
            } else {
                writeln!(
                    self.inside,
                    "  (func $fresh{slot} (result i32) unreachable)\n  (func $look{slot} (param i32))"
                )
                .unwrap();
            }
        }
        for what in ["drop", "look"] {
            let all: String = (0..self.known.len())
                .map(|slot| {
                    format!(
                        "    (if (i32.eq (local.get 0) (i32.const {slot})) (then (call ${what}{slot} (local.get 1))))\n"
                    )
                })
                .collect();
            writeln!(self.inside, "  (func ${what} (param i32 i32)\n{all}  )").unwrap();
        }
        let clear: String = (0..self.known.len())
            .map(|slot| {
                format!(
                    "    (block $done (loop $more\n      (br_if $done (i32.eqz (call $kept (i32.const {slot}))))\n      \
                       (call $drop{slot} (call $pop (i32.const {slot})))\n      (br $more)))\n"
                )
            })
            .collect();
        writeln!(
            self.inside,
            "  (func (export \"t:t/control@1.0.0#clear\") (result i32)\n{clear}    (i32.load (i32.const {STATE})))"
        )
        .unwrap();
    }

    fn own_resource(&mut self, slot: usize, resource: Res) {
        let (name, node, live) = (resource.name(), self.node, STATE + 4 * (LIVE + resource.index));
        let held = STATE + 4 * HELD;
        for (what, result) in [("new", " (result i32)"), ("rep", " (result i32)"), ("drop", "")] {
            writeln!(
                self.outside,
                "  (import \"[export]t:t/s{node}@1.0.0\" \"[resource-{what}]{name}\" (func ${what}{slot} (param i32){result}))"
            )
            .unwrap();
        }
        // A new one takes a handle of another with it, which its destructor uses and drops. Where handles
        // may be wrong it does not, so that destructors never fail.
        let others = if self.case.faulty { 0..0 } else { self.case.nodes[node].resources..self.known.len() };
        let hold: String = others
            .map(|other| {
                format!(
                    "    (if (i32.and (i32.eqz (call $below (i32.const 5))) (i32.eqz (i32.load offset=4 (local.get 0)))) (then\n      \
                       (if (call $kept (i32.const {other})) (then\n        \
                         (i32.store offset=4 (local.get 0) (i32.const {}))\n        \
                         (i32.store offset=8 (local.get 0) (call $pop (i32.const {other})))\n        \
                         (call $count (i32.const {held}) (i32.const 1))))))\n",
                    other + 1
                )
            })
            .collect();
        writeln!(
            self.inside,
            r#"  (func $fresh{slot} (result i32)
    (local $at i32)
    (local.set $at (call $cell))
    (i32.store (local.get $at) (call $next))
    (call $count (i32.const {live}) (i32.const 1))
    (call $hold{slot} (local.get $at))
    (call $new{slot} (local.get $at)))
  (func $hold{slot} (param i32)
{hold}  )
  (func $touch{slot} (param i32)
    (if (i32.load offset=12 (local.get 0)) (then unreachable))
    (call $mix (i32.load (local.get 0)))
    (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (call $below (i32.const 9)))))
  (func $look{slot} (param i32) (call $touch{slot} (call $rep{slot} (local.get 0))))
  (func (export "t:t/s{node}@1.0.0#[method]{name}.get") (param i32) (result i32)
    (call $touch{slot} (local.get 0))
    (i32.load (local.get 0)))
  (func (export "t:t/s{node}@1.0.0#[dtor]{name}") (param $at i32)
    (if (i32.load offset=12 (local.get $at)) (then unreachable))
    (i32.store offset=12 (local.get $at) (i32.const 1))
    (call $log (i32.load (local.get $at)))
    (call $count (i32.const {live}) (i32.const -1))
    (if (i32.load offset=4 (local.get $at)) (then
      (call $count (i32.const {held}) (i32.const -1))
      (call $look (i32.sub (i32.load offset=4 (local.get $at)) (i32.const 1)) (i32.load offset=8 (local.get $at)))
      (call $drop (i32.sub (i32.load offset=4 (local.get $at)) (i32.const 1)) (i32.load offset=8 (local.get $at))))))"#
        )
        .unwrap();
    }

    /// A function for each imported function that calls it with random arguments.
    fn calls(&mut self) -> Vec<String> {
        let mut calls = Vec::new();
        for import in self.imports.iter().filter(|import| import.functions) {
            for (index, function) in self.case.nodes[import.node].functions.iter().enumerate() {
                if matches!(function.kind, Kind::Constructor(_)) {
                    continue;
                }
                let shape = Shape::of(function, import.node, index);
                let name = format!("n{}f{index}", import.node);
                self.call(&shape, import.node, &name);
                calls.push(format!("(call $call-{name})"));
            }
        }
        calls
    }

    fn call(&mut self, shape: &Shape, node: usize, name: &str) {
        let returns = if shape.result.is_some() && !shape.returns_pointer() { " (result i32)" } else { "" };
        let area = if shape.returns_pointer() { "i32" } else { "" };
        writeln!(
            self.outside,
            "  (import \"t:t/s{node}@1.0.0\" \"{}\" (func $import-{name} (param {}{area}){returns}))",
            shape.name,
            shape.params()
        )
        .unwrap();
        let make = self.make(&shape.args);
        // What it cannot make, it must have.
        let mut enough = String::new();
        let needed = shape.args.resources();
        for resource in self.known.clone().into_iter().filter(|resource| !self.can_make(*resource)) {
            let count = needed.iter().filter(|needed| **needed == resource).count();
            if count > 0 {
                let slot = self.slot(resource);
                writeln!(
                    enough,
                    "    (if (i32.lt_u (call $kept (i32.const {slot})) (i32.const {count})) (then return))"
                )
                .unwrap();
            }
        }
        let passed = if shape.by_pointer() {
            "(local.get $at)".to_owned()
        } else {
            format!("(call {} (local.get $at))", self.flatten(&shape.args))
        };
        let call = format!(
            "{passed} {} (call $import-{name})",
            if shape.returns_pointer() { "(local.get $back)" } else { "" }
        );
        let (before, after) = match &shape.result {
            None => (String::new(), call),
            Some(ty) => {
                let take = self.take(ty);
                let taken = format!("(call $give-back) (call {take} (local.get $back))");
                let area = format!("(local.set $back (call $alloc (i32.const {})))", ty.size());
                if shape.returns_pointer() {
                    (area, format!("{call} {taken}"))
                } else {
                    let spill = self.spill(ty);
                    (
                        area,
                        format!(
                            "{call} (local.set $value) (call {spill} (local.get $back) (local.get $value)) {taken}"
                        ),
                    )
                }
            }
        };
        writeln!(
            self.inside,
            "  (func $call-{name}\n    (local $at i32) (local $back i32) (local $value i32)\n{enough}    (call $count (i32.const {}) (i32.const 1))\n    \
             (local.set $at (call $alloc (i32.const {})))\n    (call {make} (local.get $at))\n    {before}\n    {after}\n    (call $give-back))",
            STATE + 4,
            shape.args.size()
        )
        .unwrap();
    }

    /// One random thing that a plugin does of itself.
    fn operations(&mut self, calls: &[String]) {
        let mut all: Vec<String> = calls.iter().chain(calls).cloned().collect();
        for slot in 0..self.known.len() {
            let with = |what: &str| format!("(if (call $kept (i32.const {slot})) (then {what}))");
            all.push(with(&format!("(call $drop{slot} (call $pop (i32.const {slot})))")));
            all.push(with(&format!("(call $look{slot} (call $pick (i32.const {slot})))")));
            if self.can_make(self.known[slot]) {
                all.push(format!("(call $keep (i32.const {slot}) (call $fresh{slot}))"));
            }
            if self.case.faulty {
                let other = (slot + 1) % self.known.len();
                all.push(format!(
                    "(if (i32.eqz (call $below (i32.const 30))) (then
        (if (i32.eqz (call $below (i32.const 3))) (then (call $drop{slot} (i32.const {BOGUS}))))
        (if (i32.eqz (call $kept (i32.const {slot}))) (then unreachable))
        (i32.store (i32.const 24) (call $pick (i32.const {slot})))
        (if (call $below (i32.const 2)) (then (call $drop{other} (i32.load (i32.const 24)))))
        (call $drop{slot} (i32.load (i32.const 24)))
        (if (call $below (i32.const 2)) (then (call $drop{slot} (i32.load (i32.const 24)))))))"
                ));
            }
        }
        all.push("(call $mix (call $next))".to_owned());
        let last = all.len() - 1;
        let table: String = all
            .iter()
            .enumerate()
            .map(|(index, act)| {
                let then = if index == last { act.clone() } else { format!("{act} (return)") };
                format!("    (if (i32.eq (local.get $which) (i32.const {index})) (then {then}))\n")
            })
            .collect();
        writeln!(
            self.inside,
            "  (func $operate (local $which i32)\n    (local.set $which (call $below (i32.const {})))\n    \
             (call $mix (local.get $which))\n    (call $count (i32.const {}) (i32.const 1))\n{table}  )",
            all.len(),
            STATE + 8
        )
        .unwrap();
        let forget = self.rarely(15);
        writeln!(
            self.inside,
            r#"  (func $leave
    (if (i32.and (i32.ne (global.get $borrowed) (i32.const 0)) {forget}) (then (return)))
    (block $done (loop $more
      (br_if $done (i32.eqz (global.get $borrowed)))
      (global.set $borrowed (i32.sub (global.get $borrowed) (i32.const 8)))
      (call $drop (i32.load offset={BORROWED} (global.get $borrowed)) (i32.load offset={} (global.get $borrowed)))
      (br $more))))
  (func (export "t:t/control@1.0.0#run") (param $seed i32) (param $count i32) (result i32)
    (call $reseed (local.get $seed))
    (call $several (local.get $count))
    (call $mix (call $next))
    (call $leave)
    (i32.load (i32.const {STATE})))"#,
            BORROWED + 4
        )
        .unwrap();
    }

    fn export(&mut self, shape: &Shape, kind: Kind) {
        let node = self.node;
        let name = &shape.name;
        if let Kind::Constructor(resource) = kind {
            let slot = self.slot(Res { node, index: resource });
            writeln!(self.inside, "  (func (export \"t:t/s{node}@1.0.0#{name}\") (param i32) (result i32) (call $reseed (local.get 0)) (call $fresh{slot}))").unwrap();
            return;
        }
        let returns = if shape.result.is_some() { " (result i32)" } else { "" };
        let (arrive, flat) = if shape.by_pointer() {
            ("(local.set $at (local.get 0))".to_owned(), 1)
        } else {
            let flat = shape.args.flat();
            let values: String = (0..flat).map(|index| format!(" (local.get {index})")).collect();
            let spill = self.spill(&shape.args);
            let size = shape.args.size();
            (
                format!("(local.set $at (call $alloc (i32.const {size})))\n    (call {spill} (local.get $at){values})"),
                flat,
            )
        };
        let take = self.take(&shape.args);
        let (answer, back) = match &shape.result {
            None => (String::new(), String::new()),
            Some(ty) => {
                let make = self.make(ty);
                let answer = format!(
                    "(local.set $back (call $alloc (i32.const {})))\n    (call {make} (local.get $back))",
                    ty.size()
                );
                let back = if shape.returns_pointer() {
                    "(local.get $back)".to_owned()
                } else {
                    format!("(call {} (local.get $back))", self.flatten(ty))
                };
                (answer, back)
            }
        };
        writeln!(
            self.inside,
            "  (func (export \"t:t/s{node}@1.0.0#{name}\") (param {}){returns}\n    (local $at i32) (local $back i32)\n    {arrive}\n    \
             (call $reseed (i32.load offset={} (local.get $at)))\n    (call {take} (local.get $at))\n    \
             (call $several (call $below (i32.const 3)))\n    {answer}\n    (call $leave)\n    {back})",
            "i32 ".repeat(flat),
            shape.seed
        )
        .unwrap();
    }

    fn state(&mut self) {
        let kept: String = (0..self.known.len())
            .map(|slot| {
                format!("    (i32.store (i32.const {}) (call $kept (i32.const {slot})))\n", STATE + 4 * (KEPT + slot))
            })
            .collect();
        writeln!(
            self.inside,
            "  (func (export \"t:t/control@1.0.0#state\") (result i32)\n{kept}    (i32.store (i32.const 16) (i32.const {STATE}))\n    \
             (i32.store (i32.const 20) (i32.add (i32.const {HEADER}) (i32.load (i32.const {}))))\n    (i32.const 16))",
            STATE + 4 * LENGTH
        )
        .unwrap();
    }

    fn define(&mut self, signature: &str, body: &str) -> String {
        let name = format!("$t{}", self.count);
        self.count += 1;
        writeln!(self.inside, "  (func {name} {signature}\n{body}  )").unwrap();
        name
    }

    /// A function that makes a value at an address.
    fn make(&mut self, ty: &Ty) -> String {
        let body = match ty {
            Ty::U32 => "    (i32.store (local.get 0) (call $next))\n".to_owned(),
            Ty::Own(resource) => {
                let slot = self.slot(*resource);
                let (alias, bogus) = (self.rarely(40), self.rarely(250));
                let fresh = if self.can_make(*resource) {
                    format!("(i32.or (i32.eqz (call $kept (i32.const {slot}))) (i32.eqz (call $below (i32.const 3))))")
                } else {
                    "(i32.const 0)".to_owned()
                };
                let other = (slot + 1) % self.known.len();
                format!(
                    "    (i32.store (local.get 0) (if (result i32) {fresh}\n      (then (call $fresh{slot}))\n      \
                     (else (if (result i32) {alias} (then (call $pick (i32.const {slot}))) (else (call $pop (i32.const {slot})))))))\n    \
                     (if {bogus} (then (i32.store (local.get 0) (i32.const {BOGUS}))))\n    \
                     (if {bogus} (then (if (call $kept (i32.const {other})) (then (i32.store (local.get 0) (call $pick (i32.const {other})))))))\n    \
                     (if {bogus} (then (call $borrow (i32.const {slot}) (local.get 0))))\n    \
                     (if {bogus} (then (call $lend-again (i32.const {slot}) (local.get 0))))\n"
                )
            }
            Ty::Borrow(resource) => {
                let slot = self.slot(*resource);
                let keep = if self.can_make(*resource) {
                    format!(
                        "    (if (i32.eqz (call $kept (i32.const {slot}))) (then (call $keep (i32.const {slot}) (call $fresh{slot}))))\n"
                    )
                } else {
                    String::new()
                };
                // Again one that is lent already, one that was itself lent, or one of the slots.
                format!(
                    "    (i32.store (local.get 0) (i32.const 0))\n    \
                     (if (call $below (i32.const 2)) (then (call $borrow (i32.const {slot}) (local.get 0)) (if (i32.load (local.get 0)) (then (return)))))\n    \
                     (if (i32.eqz (call $below (i32.const 3))) (then (call $lend-again (i32.const {slot}) (local.get 0)) (if (i32.load (local.get 0)) (then (return)))))\n\
                     {keep}    (i32.store (local.get 0) (call $lend (i32.const {slot}) (call $pop (i32.const {slot}))))\n"
                )
            }
            Ty::List(element) => {
                let make = self.make(element);
                let most = if element.resources().iter().all(|resource| self.can_make(*resource)) { 4 } else { 2 };
                format!(
                    "    (local $count i32) (local $at i32)\n    (local.set $count (call $below (i32.const {most})))\n    \
                     (local.set $at (call $alloc (i32.mul (local.get $count) (i32.const {}))))\n    \
                     (i32.store (local.get 0) (local.get $at))\n    (i32.store offset=4 (local.get 0) (local.get $count))\n{}",
                    element.size(),
                    each(&make, element.size())
                )
            }
            Ty::Tuple(parts) | Ty::Record(parts) => {
                let calls: Vec<String> = parts.iter().map(|part| self.make(part)).collect();
                in_turn(parts, &calls)
            }
            _ => {
                let cases = ty.cases().unwrap();
                let mut body =
                    format!("    (local $case i32)\n    (local.set $case (call $below (i32.const {})))\n", cases.len());
                // What it cannot make, it gives back where it has one.
                if let Ty::Option(inner) = ty
                    && let Ty::Own(resource) | Ty::Borrow(resource) = **inner
                    && !self.can_make(resource)
                {
                    writeln!(
                        body,
                        "    (if (i32.eqz (call $kept (i32.const {}))) (then (local.set $case (i32.const 0))))",
                        self.slot(resource)
                    )
                    .unwrap();
                }
                body += "    (i32.store (local.get 0) (local.get $case))\n";
                body + &self.in_case(&cases, Self::make)
            }
        };
        self.define("(param i32)", &body)
    }

    /// A function that takes the value at an address.
    fn take(&mut self, ty: &Ty) -> String {
        let body = match ty {
            Ty::U32 => "    (call $mix (i32.load (local.get 0)))\n".to_owned(),
            Ty::Own(resource) => {
                let slot = self.slot(*resource);
                format!(
                    "    (call $look{slot} (i32.load (local.get 0)))\n    (if (call $below (i32.const 3))\n      \
                     (then (call $keep (i32.const {slot}) (i32.load (local.get 0))))\n      \
                     (else (call $drop{slot} (i32.load (local.get 0)))))\n"
                )
            }
            Ty::Borrow(resource) if self.own(*resource) => {
                format!("    (call $touch{} (i32.load (local.get 0)))\n", self.slot(*resource))
            }
            Ty::Borrow(resource) => {
                let slot = self.slot(*resource);
                format!(
                    "    (call $look{slot} (i32.load (local.get 0)))\n    (if (call $below (i32.const 3))\n      \
                     (then (call $was-lent (i32.const {slot}) (i32.load (local.get 0))))\n      \
                     (else (call $drop{slot} (i32.load (local.get 0)))))\n"
                )
            }
            Ty::List(element) => {
                let take = self.take(element);
                format!(
                    "    (local $count i32) (local $at i32)\n    (local.set $at (i32.load (local.get 0)))\n    \
                     (local.set $count (i32.load offset=4 (local.get 0)))\n    (call $mix (local.get $count))\n{}",
                    each(&take, element.size())
                )
            }
            Ty::Tuple(parts) | Ty::Record(parts) => {
                let calls: Vec<String> = parts.iter().map(|part| self.take(part)).collect();
                in_turn(parts, &calls)
            }
            _ => {
                let body = "    (local $case i32)\n    (local.set $case (i32.load8_u (local.get 0)))\n    (call $mix (local.get $case))\n";
                body.to_owned() + &self.in_case(&ty.cases().unwrap(), Self::take)
            }
        };
        self.define("(param i32)", &body)
    }

    fn in_case(&mut self, cases: &[Option<&Ty>], what: fn(&mut Self, &Ty) -> String) -> String {
        let mut body = String::new();
        for (index, case) in cases.iter().enumerate() {
            if let Some(ty) = case {
                let call = what(self, ty);
                writeln!(body, "    (if (i32.eq (local.get $case) (i32.const {index})) (then (call {call} (i32.add (local.get 0) (i32.const 4)))))").unwrap();
            }
        }
        body
    }

    /// A function that returns the flat values of the value at an address.
    fn flatten(&mut self, ty: &Ty) -> String {
        let body = match ty {
            Ty::U32 | Ty::Own(_) | Ty::Borrow(_) => "    (i32.load (local.get 0))\n".to_owned(),
            Ty::List(_) => "    (i32.load (local.get 0)) (i32.load offset=4 (local.get 0))\n".to_owned(),
            Ty::Tuple(parts) | Ty::Record(parts) => {
                let calls: Vec<String> = parts.iter().map(|part| self.flatten(part)).collect();
                in_turn(parts, &calls)
            }
            _ => {
                let results = " (result i32)".repeat(ty.flat() - 1);
                let mut body = "(unreachable)".to_owned();
                for (index, case) in ty.cases().unwrap().into_iter().enumerate().rev() {
                    let flat = case.map_or(0, Ty::flat);
                    let call =
                        case.map(|ty| format!("(call {} (i32.add (local.get 0) (i32.const 4)))", self.flatten(ty)));
                    let rest = " (i32.const 0)".repeat(ty.flat() - 1 - flat);
                    body = format!(
                        "(if{results} (i32.eq (i32.load8_u (local.get 0)) (i32.const {index})) (then {}{rest})\n      (else {body}))",
                        call.unwrap_or_default()
                    );
                }
                format!("    (i32.load8_u (local.get 0))\n    {body}\n")
            }
        };
        self.define(&format!("(param i32){}", " (result i32)".repeat(ty.flat())), &body)
    }

    /// A function that writes flat values to an address.
    fn spill(&mut self, ty: &Ty) -> String {
        let body = match ty {
            Ty::U32 | Ty::Own(_) | Ty::Borrow(_) => "    (i32.store (local.get 0) (local.get 1))\n".to_owned(),
            Ty::List(_) => {
                "    (i32.store (local.get 0) (local.get 1)) (i32.store offset=4 (local.get 0) (local.get 2))\n"
                    .to_owned()
            }
            Ty::Tuple(parts) | Ty::Record(parts) => {
                let (mut body, mut offset, mut flat) = (String::new(), 0, 1);
                for part in parts {
                    let call = self.spill(part);
                    writeln!(
                        body,
                        "    (call {call} (i32.add (local.get 0) (i32.const {offset})){})",
                        locals(flat, part)
                    )
                    .unwrap();
                    offset += part.size();
                    flat += part.flat();
                }
                body
            }
            _ => {
                let mut body = "    (i32.store (local.get 0) (local.get 1))\n".to_owned();
                for (index, case) in ty.cases().unwrap().into_iter().enumerate() {
                    if let Some(ty) = case {
                        let call = self.spill(ty);
                        writeln!(
                            body,
                            "    (if (i32.eq (local.get 1) (i32.const {index})) (then (call {call} (i32.add (local.get 0) (i32.const 4)){})))",
                            locals(2, ty)
                        )
                        .unwrap();
                    }
                }
                body
            }
        };
        self.define(&format!("(param i32){}", " (param i32)".repeat(ty.flat())), &body)
    }
}

/// As many locals as a value has flat.
fn locals(first: usize, ty: &Ty) -> String {
    (first..first + ty.flat()).map(|local| format!(" (local.get {local})")).collect()
}

/// Calls a function for each part of what is at an address.
fn in_turn(parts: &[Ty], calls: &[String]) -> String {
    let mut offset = 0;
    let mut body = String::new();
    for (part, call) in parts.iter().zip(calls) {
        writeln!(body, "    (call {call} (i32.add (local.get 0) (i32.const {offset})))").unwrap();
        offset += part.size();
    }
    body
}

/// Calls a function for each of `$count` elements at `$at`.
fn each(call: &str, size: usize) -> String {
    format!(
        "    (block $done (loop $more\n      (br_if $done (i32.eqz (local.get $count)))\n      (call {call} (local.get $at))\n      \
         (local.set $at (i32.add (local.get $at) (i32.const {size})))\n      \
         (local.set $count (i32.sub (local.get $count) (i32.const 1)))\n      (br $more)))\n"
    )
}

/// What is the same in all plugins.
fn fixed() -> String {
    let length = STATE + 4 * LENGTH;
    let log = STATE + 4 * HEADER;
    let (lent_handle, borrowed_handle) = (LENT + 4, BORROWED + 4);
    let slot =
        "(i32.add (i32.const SLOTS) (i32.mul (local.get $slot) (i32.const 1024)))".replace("SLOTS", &SLOTS.to_string());
    format!(
        r#"  (global $heap (mut i32) (i32.const {HEAP}))
  (global $cells (mut i32) (i32.const {CELLS}))
  (global $borrowed (mut i32) (i32.const 0))
  (global $lent (mut i32) (i32.const 0))
  (func $alloc (param $size i32) (result i32)
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (if (i32.gt_u (global.get $heap) (i32.const 0x200000)) (then unreachable)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
  (func $mix (param i32)
    (i32.store (i32.const {STATE})
      (i32.mul (i32.xor (i32.rotl (i32.load (i32.const {STATE})) (i32.const 5)) (local.get 0)) (i32.const 0x9E3779B1))))
  (func $next (result i32)
    (global.set $random (i32.add (i32.mul (global.get $random) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.shr_u (global.get $random) (i32.const 7)))
  (func $below (param i32) (result i32) (i32.rem_u (i32.shr_u (call $next) (i32.const 4)) (local.get 0)))
  (func $reseed (param i32)
    (call $mix (local.get 0))
    (global.set $random (i32.xor (i32.mul (global.get $random) (i32.const 31)) (local.get 0))))
  (func $count (param $at i32) (param $by i32) (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $by))))
  (func $several (param i32)
    (block $done (loop $more
      (br_if $done (i32.eqz (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (call $operate)
      (br $more))))
  (func $log (param i32)
    (if (i32.ge_u (i32.load (i32.const {length})) (i32.const {MOST_LOGGED})) (then unreachable))
    (i32.store offset={log} (i32.mul (i32.const 4) (i32.load (i32.const {length}))) (local.get 0))
    (call $count (i32.const {length}) (i32.const 1)))
  (func $cell (result i32)
    (global.get $cells)
    (global.set $cells (i32.add (global.get $cells) (i32.const 16)))
    (if (i32.gt_u (global.get $cells) (i32.const {})) (then unreachable)))
  ;; Slots: how many handles, and then the handles.
  (func $kept (param $slot i32) (result i32) (i32.load {slot}))
  (func $keep (param $slot i32) (param $handle i32)
    (local $at i32)
    (local.set $at {slot})
    (if (i32.ge_u (i32.load (local.get $at)) (i32.const {MOST_SLOTS})) (then unreachable))
    (call $count (local.get $at) (i32.const 1))
    (i32.store (i32.add (local.get $at) (i32.mul (i32.const 4) (i32.load (local.get $at)))) (local.get $handle)))
  (func $place (param $slot i32) (result i32)
    (local $at i32)
    (local.set $at {slot})
    (if (i32.eqz (i32.load (local.get $at))) (then unreachable))
    (i32.add (local.get $at) (i32.mul (i32.const 4) (i32.add (i32.const 1) (call $below (i32.load (local.get $at)))))))
  (func $pick (param $slot i32) (result i32) (i32.load (call $place (local.get $slot))))
  (func $pop (param $slot i32) (result i32)
    (local $at i32) (local $place i32)
    (local.set $at {slot})
    (local.set $place (call $place (local.get $slot)))
    (i32.load (local.get $place))
    (i32.store (local.get $place) (i32.load (i32.add (local.get $at) (i32.mul (i32.const 4) (i32.load (local.get $at))))))
    (call $count (local.get $at) (i32.const -1)))
  ;; What is lent for a call, and given back to the slots after it.
  (func $lend (param $slot i32) (param $handle i32) (result i32)
    (i32.store offset={LENT} (global.get $lent) (local.get $slot))
    (i32.store offset={lent_handle} (global.get $lent) (local.get $handle))
    (global.set $lent (i32.add (global.get $lent) (i32.const 8)))
    (local.get $handle))
  (func $lend-again (param $slot i32) (param $to i32)
    (call $find (i32.const {LENT}) (global.get $lent) (local.get $slot) (local.get $to)))
  (func $give-back
    (block $done (loop $more
      (br_if $done (i32.eqz (global.get $lent)))
      (global.set $lent (i32.sub (global.get $lent) (i32.const 8)))
      (call $keep (i32.load offset={LENT} (global.get $lent)) (i32.load offset={lent_handle} (global.get $lent)))
      (br $more))))
  ;; Borrows of others' resources, which must be dropped before it returns.
  (func $was-lent (param $slot i32) (param $handle i32)
    (i32.store offset={BORROWED} (global.get $borrowed) (local.get $slot))
    (i32.store offset={borrowed_handle} (global.get $borrowed) (local.get $handle))
    (global.set $borrowed (i32.add (global.get $borrowed) (i32.const 8))))
  (func $borrow (param $slot i32) (param $to i32)
    (call $find (i32.const {BORROWED}) (global.get $borrowed) (local.get $slot) (local.get $to)))
  (func $find (param $at i32) (param $size i32) (param $slot i32) (param $to i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (block $done (loop $more
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (if (i32.eq (i32.load (local.get $at)) (local.get $slot))
        (then (i32.store (local.get $to) (i32.load offset=4 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $more))))
"#,
        CELLS + 16 * MOST_CELLS
    )
}
