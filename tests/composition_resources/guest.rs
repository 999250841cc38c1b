//! The plugins of a case, as text. What they do comes from random numbers of their own, so that both
//! twins do the same.
//!
//! A plugin keeps `own` handles in slots, one stack for each resource that it knows. Borrows that it was
//! given are in a list, which is emptied before it returns. What it lends is taken out of the slots for
//! as long as the call takes.

use std::fmt::Write;

use super::case::{Case, Import, Kind};
use super::memory::{BOGUS, BORROWED, HEADER, KEPT, LENGTH, STATE, fixed};
use super::shape::Shape;
use super::types::Res;

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

/// Writes one plugin.
pub struct Writer<'a> {
    pub case: &'a Case,
    pub node: usize,
    imports: &'a [Import],
    /// The resources that it knows, its own first.
    pub known: Vec<Res>,
    /// Its imports.
    pub outside: String,
    /// Its functions.
    pub inside: String,
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
            "(module $n{}\n{}  (memory (export \"memory\") 32 32)\n  (global $random (mut i32) (i32.const \
                {seed}))\n{fixed}{})\n",
            self.node, self.outside, self.inside
        )
    }

    pub fn slot(&self, resource: Res) -> usize {
        self.known.iter().position(|known| *known == resource).unwrap()
    }

    pub fn own(&self, resource: Res) -> bool {
        resource.node == self.node
    }

    /// Whether a handle can be had whenever one is needed.
    pub fn can_make(&self, resource: Res) -> bool {
        self.own(resource) || self.imports.iter().any(|import| import.node == resource.node && import.functions)
    }

    /// Something that happens rarely, and only where rules are broken.
    pub fn rarely(&self, one_in: usize) -> String {
        if self.case.faulty {
            format!("(i32.eqz (call $below (i32.const {one_in})))")
        } else {
            "(i32.const 0)".to_owned()
        }
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
            r#"  (func $call-{name}
    (local $at i32) (local $back i32) (local $value i32)
{enough}    (call $count (i32.const {}) (i32.const 1))
    (local.set $at (call $alloc (i32.const {})))
    (call {make} (local.get $at))
    {before}
    {after}
    (call $give-back))"#,
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
            writeln!(
                self.inside,
                r#"  (func (export "t:t/s{node}@1.0.0#{name}") (param i32) (result i32)
    (call $reseed (local.get 0))
    (call $fresh{slot}))"#
            )
            .unwrap();
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
                format!(
                    "(local.set $at (call $alloc (i32.const {size})))\n    \
                     (call {spill} (local.get $at){values})"
                ),
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
            r#"  (func (export "t:t/s{node}@1.0.0#{name}") (param {}){returns}
    (local $at i32) (local $back i32)
    {arrive}
    (call $reseed (i32.load offset={} (local.get $at)))
    (call {take} (local.get $at))
    (call $several (call $below (i32.const 3)))
    {answer}
    (call $leave)
    {back})"#,
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
            r#"  (func (export "t:t/control@1.0.0#state") (result i32)
{kept}    (i32.store (i32.const 16) (i32.const {STATE}))
    (i32.store (i32.const 20) (i32.add (i32.const {HEADER}) (i32.load (i32.const {}))))
    (i32.const 16))"#,
            STATE + 4 * LENGTH
        )
        .unwrap();
    }

    /// Adds a function, and returns its name.
    pub fn define(&mut self, signature: &str, body: &str) -> String {
        let name = format!("$t{}", self.count);
        self.count += 1;
        writeln!(self.inside, "  (func {name} {signature}\n{body}  )").unwrap();
        name
    }
}
