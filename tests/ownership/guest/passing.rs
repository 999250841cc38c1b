//! Handles that plugins pass to each other.

use std::fmt::Write;

use super::{FAILED, TRAP, UNSEEN, fan_kind};
use crate::graph::{Failing, Fan, Graph, Link, SLOTS, Sight, View};
use crate::layout::interface;

/// Looking at a thing of others along a path: each step is a plugin that it is lent to.
pub fn alien(graph: &Graph, number: usize, index: usize, view: View) -> String {
    let mut steps = String::new();
    for Link { to, .. } in graph.links(number, view) {
        let _ = write!(
            steps,
            "(if (i32.eq (i32.and (local.get $path) (i32.const 15)) (i32.const {}))
  (then (return (call $look-{index}-{to} (local.get $handle) (i32.shr_u (local.get $path) (i32.const 4))))))\n",
            to + 1
        );
    }
    let many = format!(
        "(func $many-{index} (param $first i32) (param $count i32) (result i32)
  (local $at i32)
  (local.set $at (call $pair (i32.const 0) (i32.const 0)))
  (call $many-import-{index} (local.get $first) (local.get $count) (local.get $at))
  (local.get $at))\n"
    );
    let (seen, many) = match view.sight {
        Sight::Opaque => (format!("(i32.const {UNSEEN})"), ""),
        Sight::Native | Sight::Alien(_) => (format!("(call $value-{index} (local.get $handle))"), many.as_str()),
    };
    format!(
        "{many}(func $look-{index} (param $handle i32) (param $path i32) (result i32)
  (call $linger)
  (if (i32.eq (local.get $path) (i32.const {TRAP})) (then unreachable))
  {steps} {seen})\n"
    )
}

/// Functions of another plugin that keeps handles. Each leaves in `$failed` what has failed, or zero.
pub fn linked(index: usize, ty: usize, Link { to, soft }: Link) -> (String, String) {
    let name = interface(if soft { 's' } else { 'k' }, to);
    let (mut imports, mut functions) = (String::new(), String::new());
    // The parameters, and whether the reply is in memory even where it cannot be a failure.
    let shapes = [
        ("put", 2, false),
        ("look", 2, false),
        ("take", 1, false),
        ("put-many", 3, false),
        ("take-many", 2, true),
        ("swap", 3, true),
    ];
    for (function, parameters, in_memory) in shapes {
        let memory = soft || in_memory;
        let params = "i32 ".repeat(parameters + usize::from(memory));
        let result = if memory { "" } else { "(result i32)" };
        let _ = writeln!(
            imports,
            r#"(import "{name}" "{function}-t{ty}" (func $import-{function}-{index}-{to} (param {params}) {result}))"#
        );
        let get: String = (0..parameters).map(|local| format!("(local.get {local})")).collect();
        let params = "i32 ".repeat(parameters);
        let call = format!("(call $import-{function}-{index}-{to} {get}");
        // Where a reply in memory begins: after the case.
        let begin = if soft { "(i32.add (local.get $at) (i32.const 4))" } else { "(local.get $at)" };
        let answer = if in_memory { begin.to_owned() } else { format!("(i32.load {begin})") };
        let failure = if soft {
            format!(
                "(if (i32.load8_u (local.get $at)) (then
    (global.set $failed (i32.add (i32.const {FAILED}) (i32.load offset=8 (local.get $at))))
    (return (global.get $failed))))"
            )
        } else {
            String::new()
        };
        let body = if memory {
            format!("(local.set $at (call $alloc (i32.const 64))) {call} (local.get $at)) {failure} {answer}")
        } else {
            format!("{call})")
        };
        let _ = writeln!(
            functions,
            "(func ${function}-{index}-{to} (param {params}) (result i32)
  (local $at i32)
  (global.set $failed (i32.const 0))
  {body})"
        );
    }
    (imports, functions)
}

/// Asking several plugins at once: one answer of each that has one.
pub fn fanned(number: usize, index: usize, ty: usize, fan: &Fan) -> (String, String) {
    let (name, control, tag) = (interface(fan_kind(fan), ty), interface('c', number), index + 1);
    let imports = format!(
        r#"(import "{name}" "show" (func $show-{index} (param i32 i32)))
(import "{name}" "offer" (func $offer-{index} (param i32 i32)))
"#
    );
    let told = fan.failing == Failing::Told;
    let size = if told { 8 } else { 4 };
    let offset = if told { "offset=4 " } else { "" };
    let each = |call: &str, answer: &str, failure: &str| {
        let answer = answer.replace("ANSWER", &format!("(i32.load {offset}(local.get $at))"));
        let answer =
            if told { format!("(if (i32.load8_u (local.get $at)) (then {failure}) (else {answer}))") } else { answer };
        format!(
            "(local.set $at (call $alloc (i32.const 8)))
  {call}
  (local.set $count (i32.load offset=4 (local.get $at)))
  (local.set $at (i32.load (local.get $at)))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    {answer}
    (local.set $at (i32.add (local.get $at) (i32.const {size})))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more)))
  (local.get $sum)"
        )
    };
    let add = |what: &str| format!("(local.set $sum (i32.add (local.get $sum) {what}))");
    let show = each(
        &format!("(call $show-{index} (call $need (local.get 0) (i32.const {tag})) (local.get $at))"),
        &add("ANSWER"),
        &add(&format!("(i32.const {FAILED})")),
    );
    let kept = format!(
        "(call $set (local.get 0) (i32.const {tag}) ANSWER)
    (local.set 0 (i32.add (local.get 0) (i32.const 1))) {}",
        add("(i32.const 1)")
    );
    let gather = each(&format!("(call $offer-{index} (local.get 1) (local.get $at))"), &kept, &add("(i32.const 256)"));
    let locals = "(local $at i32) (local $count i32) (local $sum i32)";
    let functions = format!(
        r#"(func (export "{control}#show-v{index}") (param i32) (result i32) {locals} {show})
(func (export "{control}#gather-v{index}") (param i32 i32) (result i32) {locals} {gather})
"#
    );
    (imports, functions)
}

/// The interface in which a plugin keeps handles for others.
pub fn kept(number: usize, index: usize, view: View) -> String {
    let (name, ty, tag) = (interface('k', number), view.ty, index + 1);
    // A borrow of one's own thing is its representation, and nothing to drop.
    let look = if view.sight == Sight::Native {
        format!("(if (i32.eq (local.get 1) (i32.const {TRAP})) (then unreachable)) (i32.load (local.get 0))")
    } else {
        format!("(call $look-{index} (local.get 0) (local.get 1)) (call $drop-{index} (local.get 0))")
    };
    let shown = interface('w', ty);
    let show = look.replace("(local.get 1)", "(i32.const 0)");
    format!(
        r#"(func (export "{shown}#show") (param i32) (result i32) {show})
(func (export "{shown}#offer") (param i32) (result i32) (call $take (local.get 0) (i32.const {tag})))
(func (export "{name}#put-t{ty}") (param i32 i32) (result i32)
  (call $set (local.get 0) (i32.const {tag}) (local.get 1)) (i32.const 1))
(func (export "{name}#look-t{ty}") (param i32 i32) (result i32) {look})
(func (export "{name}#take-t{ty}") (param i32) (result i32) (call $take (local.get 0) (i32.const {tag})))
(func (export "{name}#put-many-t{ty}") (param i32 i32 i32) (result i32)
  (call $set-all (local.get 0) (i32.const {tag}) (local.get 1) (local.get 2)) (i32.const 1))
(func (export "{name}#take-many-t{ty}") (param i32 i32) (result i32)
  (call $pair (call $list (local.get 0) (local.get 1) (i32.const {tag}) (i32.const 1)) (local.get 1)))
(func (export "{name}#swap-t{ty}") (param $slot i32) (param $some i32) (param $handle i32) (result i32)
  (local $reply i32)
  (if (i32.ge_u (local.get $slot) (i32.const {SLOTS})) (then unreachable))
  (local.set $reply (call $pair (i32.const 0) (i32.const 0)))
  (if (i32.load (i32.mul (local.get $slot) (i32.const 8))) (then
    (i32.store offset=4 (local.get $reply) (call $take (local.get $slot) (i32.const {tag})))
    (i32.store (local.get $reply) (i32.const 1))))
  (if (local.get $some) (then (call $set (local.get $slot) (i32.const {tag}) (local.get $handle))))
  (local.get $reply))
"#
    )
}
