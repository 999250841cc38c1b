//! Values in the memory of plugins: functions that make, take, flatten and spill them.

use std::fmt::Write;

use super::guest::Writer;
use super::memory::BOGUS;
use super::types::Ty;

impl Writer<'_> {
    /// A function that makes a value at an address.
    pub fn make(&mut self, ty: &Ty) -> String {
        let body = match ty {
            Ty::U32 => "    (i32.store (local.get 0) (call $next))\n".to_owned(),
            Ty::Own(resource) => {
                let slot = self.slot(*resource);
                let (alias, bogus) = (self.rarely(40), self.rarely(250));
                let fresh = if self.can_make(*resource) {
                    let none = format!("(i32.eqz (call $kept (i32.const {slot})))");
                    format!("(i32.or {none} (i32.eqz (call $below (i32.const 3))))")
                } else {
                    "(i32.const 0)".to_owned()
                };
                let other = (slot + 1) % self.known.len();
                format!(
                    r#"    (i32.store (local.get 0) (if (result i32) {fresh}
      (then (call $fresh{slot}))
      (else (if (result i32) {alias} (then (call $pick (i32.const {slot}))) (else (call $pop (i32.const {slot})))))))
    (if {bogus} (then (i32.store (local.get 0) (i32.const {BOGUS}))))
    (if {bogus} (then
      (if (call $kept (i32.const {other})) (then (i32.store (local.get 0) (call $pick (i32.const {other})))))))
    (if {bogus} (then (call $borrow (i32.const {slot}) (local.get 0))))
    (if {bogus} (then (call $lend-again (i32.const {slot}) (local.get 0))))
"#
                )
            }
            Ty::Borrow(resource) => {
                let slot = self.slot(*resource);
                let keep = if self.can_make(*resource) {
                    format!(
                        "    (if (i32.eqz (call $kept (i32.const {slot})))\n      \
                           (then (call $keep (i32.const {slot}) (call $fresh{slot}))))\n"
                    )
                } else {
                    String::new()
                };
                // Again one that is lent already, one that was itself lent, or one of the slots.
                format!(
                    r#"    (i32.store (local.get 0) (i32.const 0))
    (if (call $below (i32.const 2)) (then
      (call $borrow (i32.const {slot}) (local.get 0))
      (if (i32.load (local.get 0)) (then (return)))))
    (if (i32.eqz (call $below (i32.const 3))) (then
      (call $lend-again (i32.const {slot}) (local.get 0))
      (if (i32.load (local.get 0)) (then (return)))))
{keep}    (i32.store (local.get 0) (call $lend (i32.const {slot}) (call $pop (i32.const {slot}))))
"#
                )
            }
            Ty::List(element) => {
                let make = self.make(element);
                let most = if element.resources().iter().all(|resource| self.can_make(*resource)) { 4 } else { 2 };
                format!(
                    r#"    (local $count i32) (local $at i32)
    (local.set $count (call $below (i32.const {most})))
    (local.set $at (call $alloc (i32.mul (local.get $count) (i32.const {}))))
    (i32.store (local.get 0) (local.get $at))
    (i32.store offset=4 (local.get 0) (local.get $count))
{}"#,
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
    pub fn take(&mut self, ty: &Ty) -> String {
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
                let body = "    (local $case i32)\n    (local.set $case (i32.load8_u (local.get 0)))\n    (call \
                    $mix (local.get $case))\n";
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
                writeln!(
                    body,
                    "    (if (i32.eq (local.get $case) (i32.const {index})) (then (call {call} \
                    (i32.add (local.get 0) (i32.const 4)))))"
                )
                .unwrap();
            }
        }
        body
    }

    /// A function that returns the flat values of the value at an address.
    pub fn flatten(&mut self, ty: &Ty) -> String {
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
                        "(if{results} (i32.eq (i32.load8_u (local.get 0)) (i32.const {index})) (then \
                            {}{rest})\n      (else {body}))",
                        call.unwrap_or_default()
                    );
                }
                format!("    (i32.load8_u (local.get 0))\n    {body}\n")
            }
        };
        self.define(&format!("(param i32){}", " (result i32)".repeat(ty.flat())), &body)
    }

    /// A function that writes flat values to an address.
    pub fn spill(&mut self, ty: &Ty) -> String {
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
                            "    (if (i32.eq (local.get 1) (i32.const {index})) (then (call {call} (i32.add \
                                (local.get 0) (i32.const 4)){})))",
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
        "    (block $done (loop $more\n      (br_if $done (i32.eqz (local.get $count)))\n      (call {call} \
            (local.get $at))\n      \
         (local.set $at (i32.add (local.get $at) (i32.const {size})))\n      \
         (local.set $count (i32.sub (local.get $count) (i32.const 1)))\n      (br $more)))\n"
    )
}
