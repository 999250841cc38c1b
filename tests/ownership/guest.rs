//! The core module of a plugin.
//!
//! Memory: a slot of 8 bytes for each handle that it keeps (the number of its view plus one, the handle);
//! from 1024 a heap that begins again when it is full; from 65536 the things (the value, and the slot plus
//! one that ends with it).

use std::fmt::Write;

use super::graph::{Failing, Fan, Graph, Link, Plugin, SLOTS, Sight, View};
use super::layout::interface;

/// What is returned for a failure that has become a value: this, plus the length of its code.
pub const FAILED: u32 = 0xE000_0000;

/// What is seen of a thing by one who knows nothing of it.
pub const UNSEEN: u32 = 0xB000_0000;

/// The step of a path that ends with a trap.
pub const TRAP: u32 = 15;

/// The interface through which several are asked at once.
pub fn fan_kind(fan: &Fan) -> char {
    if fan.failing == Failing::Told { 'x' } else { 'y' }
}

/// The functions that the host controls a plugin with, and how many numbers they take.
pub fn controls(plugin: &Plugin) -> Vec<(String, usize)> {
    let mut controls =
        vec![("drop".to_owned(), 1), ("trap".to_owned(), 0), ("live".to_owned(), 0), ("peek".to_owned(), 1)];
    for (index, view) in plugin.views.iter().enumerate() {
        let mut add = |name: &str, parameters| controls.push((format!("{name}-v{index}"), parameters));
        if Plugin::can_ask(*view) {
            for (name, parameters) in
                [("make", 2), ("value", 1), ("bump", 1), ("same", 2), ("sum", 2), ("finish", 1), ("many", 3)]
            {
                add(name, parameters);
            }
        }
        if view.sight == Sight::Native {
            add("attach", 2);
        } else {
            for (name, parameters) in
                [("lend", 2), ("give", 3), ("fetch", 3), ("give-many", 4), ("fetch-many", 4), ("swap", 3)]
            {
                add(name, parameters);
            }
        }
        if plugin.fans[index].is_some() {
            add("show", 1);
            add("gather", 2);
        }
    }
    controls
}

pub fn module(graph: &Graph, number: usize) -> String {
    let plugin = &graph.plugins[number];
    let mut imports = String::new();
    let mut functions = COMMON.replace("SLOTS", &SLOTS.to_string());
    let mut clears = String::new();
    for (index, view) in plugin.views.iter().enumerate() {
        imports += &import_things(index, *view);
        functions += &match view.sight {
            Sight::Native => native(index, view.ty),
            Sight::Alien(_) | Sight::Opaque => alien(graph, number, index, *view),
        };
        for link in graph.links(number, *view) {
            let (more_imports, wrappers) = linked(index, view.ty, link);
            imports += &more_imports;
            functions += &wrappers;
        }
        functions += &control(graph, number, index, *view);
        if let Some(fan) = &plugin.fans[index] {
            let (more_imports, asking) = fanned(number, index, view.ty, fan);
            imports += &more_imports;
            functions += &asking;
        }
        let _ = write!(
            clears,
            "(if (i32.eq (local.get $tag) (i32.const {})) (then (call $drop-{index} (local.get $handle))))",
            index + 1
        );
    }
    for (index, view) in graph.kept(number) {
        functions += &kept(number, index, view);
    }
    let control = interface('c', number);
    let linger = graph.linger;
    format!(
        r#"(module
{imports}
(memory (export "memory") 2)
(global $heap (mut i32) (i32.const 1024))
(global $live (mut i32) (i32.const 0))
(global $failed (mut i32) (i32.const 0))
(global $next (mut i32) (i32.const 65536))
(global $free (mut i32) (i32.const 0))
{functions}
;; Empties a slot, first in the table, then for real: what comes of that may look at it.
(func $clear (param $slot i32)
  (local $tag i32) (local $handle i32)
  (local.set $tag (i32.load (i32.mul (local.get $slot) (i32.const 8))))
  (local.set $handle (i32.load offset=4 (i32.mul (local.get $slot) (i32.const 8))))
  (i32.store (i32.mul (local.get $slot) (i32.const 8)) (i32.const 0))
  {clears})
(func (export "{control}#drop") (param i32) (result i32) (call $clear (local.get 0)) (i32.const 1))
(func $linger
  (local $left i32)
  (local.set $left (i32.const {linger}))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $left)))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br $more))))
(func (export "{control}#peek") (param i32) (result i32) (i32.load (i32.mul (local.get 0) (i32.const 8))))
(func (export "{control}#trap") (result i32) unreachable)
(func (export "{control}#live") (result i32) (global.get $live)))
"#
    )
}

const COMMON: &str = r#"
(func $alloc (param $size i32) (result i32)
  (local $at i32)
  (local.set $size (i32.and (i32.add (local.get $size) (i32.const 7)) (i32.const -8)))
  (if (i32.gt_u (i32.add (global.get $heap) (local.get $size)) (i32.const 65536))
    (then (global.set $heap (i32.const 1024))))
  (local.set $at (global.get $heap))
  (global.set $heap (i32.add (local.get $at) (local.get $size)))
  (local.get $at))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $alloc (local.get 3)))
(func $set (param $slot i32) (param $tag i32) (param $handle i32)
  (if (i32.ge_u (local.get $slot) (i32.const SLOTS)) (then unreachable))
  (call $clear (local.get $slot))
  (i32.store (i32.mul (local.get $slot) (i32.const 8)) (local.get $tag))
  (i32.store offset=4 (i32.mul (local.get $slot) (i32.const 8)) (local.get $handle)))
(func $need (param $slot i32) (param $tag i32) (result i32)
  (if (i32.ge_u (local.get $slot) (i32.const SLOTS)) (then unreachable))
  (if (i32.ne (i32.load (i32.mul (local.get $slot) (i32.const 8))) (local.get $tag)) (then unreachable))
  (i32.load offset=4 (i32.mul (local.get $slot) (i32.const 8))))
(func $take (param $slot i32) (param $tag i32) (result i32)
  (local $handle i32)
  (local.set $handle (call $need (local.get $slot) (local.get $tag)))
  (i32.store (i32.mul (local.get $slot) (i32.const 8)) (i32.const 0))
  (local.get $handle))
;; Handles of slots as a list; `$take` empties them.
(func $list (param $slot i32) (param $count i32) (param $tag i32) (param $take i32) (result i32)
  (local $list i32) (local $at i32)
  (local.set $list (call $alloc (i32.mul (local.get $count) (i32.const 4))))
  (local.set $at (local.get $list))
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    (i32.store (local.get $at)
      (if (result i32) (local.get $take)
        (then (call $take (local.get $slot) (local.get $tag)))
        (else (call $need (local.get $slot) (local.get $tag)))))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more)))
  (local.get $list))
(func $set-all (param $slot i32) (param $tag i32) (param $at i32) (param $count i32)
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    (call $set (local.get $slot) (local.get $tag) (i32.load (local.get $at)))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more))))
(func $pair (param $a i32) (param $b i32) (result i32)
  (local $at i32)
  (local.set $at (call $alloc (i32.const 8)))
  (i32.store (local.get $at) (local.get $a))
  (i32.store offset=4 (local.get $at) (local.get $b))
  (local.get $at))
"#;

/// The imports of a view. All functions of things are `$NAME-VIEW`.
fn import_things(index: usize, view: View) -> String {
    let (name, thing) = (interface('t', view.ty), format!("thing{}", view.ty));
    match view.sight {
        Sight::Native => format!(
            r#"(import "[export]{name}" "[resource-new]{thing}" (func $new (param i32) (result i32)))
(import "[export]{name}" "[resource-rep]{thing}" (func $rep (param i32) (result i32)))
(import "[export]{name}" "[resource-drop]{thing}" (func $drop-{index} (param i32)))
"#
        ),
        Sight::Opaque => {
            format!("(import \"{name}\" \"[resource-drop]{thing}\" (func $drop-{index} (param i32)))\n")
        }
        Sight::Alien(_) => format!(
            r#"(import "{name}" "[resource-drop]{thing}" (func $drop-{index} (param i32)))
(import "{name}" "[constructor]{thing}" (func $make-{index} (param i32) (result i32)))
(import "{name}" "[method]{thing}.value" (func $value-{index} (param i32) (result i32)))
(import "{name}" "[method]{thing}.bump" (func $bump-{index} (param i32) (result i32)))
(import "{name}" "many" (func $many-import-{index} (param i32 i32 i32)))
(import "{name}" "same" (func $same-{index} (param i32 i32) (result i32)))
(import "{name}" "sum" (func $sum-{index} (param i32 i32) (result i32)))
(import "{name}" "finish" (func $finish-{index} (param i32) (result i32)))
"#
        ),
    }
}

/// Things of one's own, and the interface that offers them.
fn native(index: usize, ty: usize) -> String {
    let (name, thing) = (interface('t', ty), format!("thing{ty}"));
    let value = |handle: &str| format!("(i32.load (call $rep {handle}))");
    let sum_of = |name: &str, element: &str| {
        format!(
            r#"(func {name} (param $at i32) (param $count i32) (result i32)
  (local $sum i32)
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $count)))
    (local.set $sum (i32.add (local.get $sum) (i32.load {element})))
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $more)))
  (local.get $sum))
"#
        )
    };
    let sums = sum_of("$sum-reps", "(i32.load (local.get $at))")
        + &sum_of(&format!("$sum-{index}"), "(call $rep (i32.load (local.get $at)))");
    let (a, b) = (value("(local.get 0)"), value("(local.get 1)"));
    format!(
        r#"{sums}
(func $make-{index} (param $n i32) (result i32)
  (local $at i32)
  (local.set $at (global.get $free))
  (if (local.get $at)
    (then (global.set $free (i32.load offset=4 (local.get $at))))
    (else
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (i32.const 8)))
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))))
  (i32.store (local.get $at) (local.get $n))
  (i32.store offset=4 (local.get $at) (i32.const 0))
  (global.set $live (i32.add (global.get $live) (i32.const 1)))
  (call $new (local.get $at)))
(func (export "{name}#[dtor]{thing}") (param $at i32)
  (local $slot i32)
  (local.set $slot (i32.load offset=4 (local.get $at)))
  (global.set $live (i32.sub (global.get $live) (i32.const 1)))
  (i32.store (local.get $at) (i32.const 0xDEAD))
  (i32.store offset=4 (local.get $at) (global.get $free))
  (global.set $free (local.get $at))
  (if (local.get $slot) (then (call $clear (i32.sub (local.get $slot) (i32.const 1))))))
(func $bump-rep (param i32) (result i32)
  (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
  (i32.load (local.get 0)))
(func $value-{index} (param i32) (result i32) {a})
(func $bump-{index} (param i32) (result i32) (call $bump-rep (call $rep (local.get 0))))
(func $same-{index} (param i32 i32) (result i32) (i32.add {a} (i32.mul {b} (i32.const 3))))
(func $finish-{index} (param i32) (result i32)
  {a}
  (call $drop-{index} (local.get 0)))
(func $many-{index} (param $first i32) (param $count i32) (result i32)
  (local $list i32) (local $n i32)
  (local.set $list (call $alloc (i32.mul (local.get $count) (i32.const 4))))
  (block $done (loop $more
    (br_if $done (i32.eq (local.get $n) (local.get $count)))
    (i32.store (i32.add (local.get $list) (i32.mul (local.get $n) (i32.const 4)))
      (call $make-{index} (i32.add (local.get $first) (i32.mul (local.get $n) (i32.const 256)))))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br $more)))
  (call $pair (local.get $list) (local.get $count)))
(func (export "{name}#[constructor]{thing}") (param i32) (result i32) (call $make-{index} (local.get 0)))
(func (export "{name}#[method]{thing}.value") (param i32) (result i32) (i32.load (local.get 0)))
(func (export "{name}#[method]{thing}.bump") (param i32) (result i32) (call $bump-rep (local.get 0)))
(func (export "{name}#many") (param i32 i32) (result i32) (call $many-{index} (local.get 0) (local.get 1)))
(func (export "{name}#same") (param i32 i32) (result i32)
  (i32.add (i32.load (local.get 0)) (i32.mul (i32.load (local.get 1)) (i32.const 3))))
(func (export "{name}#sum") (param i32 i32) (result i32) (call $sum-reps (local.get 0) (local.get 1)))
(func (export "{name}#finish") (param i32) (result i32) (call $finish-{index} (local.get 0)))
"#
    )
}

/// Looking at a thing of others along a path: each step is a plugin that it is lent to.
fn alien(graph: &Graph, number: usize, index: usize, view: View) -> String {
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
fn linked(index: usize, ty: usize, Link { to, soft }: Link) -> (String, String) {
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
fn fanned(number: usize, index: usize, ty: usize, fan: &Fan) -> (String, String) {
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
fn kept(number: usize, index: usize, view: View) -> String {
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

/// What the host can tell the plugin to do with a view.
fn control(graph: &Graph, number: usize, index: usize, view: View) -> String {
    let (name, tag) = (interface('c', number), index + 1);
    let need = |local: usize| format!("(call $need (local.get {local}) (i32.const {tag}))");
    let list = |take: usize| format!("(call $list (local.get 0) (local.get 1) (i32.const {tag}) (i32.const {take}))");
    let mut text = String::new();
    let mut export = |function: &str, parameters: usize, body: &str| {
        let params = "i32 ".repeat(parameters);
        let _ = writeln!(
            text,
            r#"(func (export "{name}#{function}-v{index}") (param {params}) (result i32) (local $x i32) (local $y i32) (call $linger) {body})"#
        );
    };
    let (one, two) = (need(0), need(1));
    if Plugin::can_ask(view) {
        let set =
            format!("(call $set (local.get 0) (i32.const {tag}) (call $make-{index} (local.get 1))) (i32.const 1)");
        export("make", 2, &set);
        export("value", 1, &format!("(call $value-{index} {one})"));
        export("bump", 1, &format!("(call $bump-{index} {one})"));
        export("same", 2, &format!("(call $same-{index} {one} {two})"));
        export("sum", 2, &format!("(call $sum-{index} {} (local.get 1))", list(0)));
        export("finish", 1, &format!("(call $finish-{index} (call $take (local.get 0) (i32.const {tag})))"));
        let many = format!("(local.set $x (call $many-{index} (local.get 1) (local.get 2)))");
        let all = format!(
            "(call $set-all (local.get 0) (i32.const {tag}) (i32.load (local.get $x)) (i32.load offset=4 (local.get $x)))"
        );
        export("many", 3, &format!("{many} {all} (i32.const 1)"));
    }
    if view.sight == Sight::Native {
        let attach =
            format!("(i32.store offset=4 (call $rep {one}) (i32.add (local.get 1) (i32.const 1))) (i32.const 1)");
        export("attach", 2, &attach);
        return text;
    }
    // Which of the linked plugins: those functions have the number of it in their names.
    let choose = |who: usize, call: &dyn Fn(usize) -> String| {
        let mut chosen = String::new();
        for Link { to, .. } in graph.links(number, view) {
            let _ = write!(chosen, "(if (i32.eq (local.get {who}) (i32.const {to})) (then {}))", call(to));
        }
        chosen + " unreachable"
    };
    let fail = "(if (global.get $failed) (then (return (global.get $failed))))";
    let set = |slot: usize, handle: &str| format!("(call $set (local.get {slot}) (i32.const {tag}) {handle})");
    export("lend", 2, &format!("(call $look-{index} {one} (local.get 1))"));
    let taken = format!("(call $take (local.get 0) (i32.const {tag}))");
    export("give", 3, &choose(1, &|to| format!("(return (call $put-{index}-{to} (local.get 2) {taken}))")));
    let fetched = |to: usize| {
        let set = set(2, "(local.get $x)");
        format!("(local.set $x (call $take-{index}-{to} (local.get 1))) {fail} {set} (return (i32.const 1))")
    };
    export("fetch", 3, &choose(0, &fetched));
    let put = |to: usize| format!("(return (call $put-many-{index}-{to} (local.get 3) {} (local.get 1)))", list(1));
    export("give-many", 4, &choose(2, &put));
    let fetched = |to: usize| {
        format!(
            "(local.set $x (call $take-many-{index}-{to} (local.get 1) (local.get 2))) {fail}
  (call $set-all (local.get 3) (i32.const {tag}) (i32.load (local.get $x)) (i32.load offset=4 (local.get $x)))
  (return (i32.const 1))"
        )
    };
    export("fetch-many", 4, &choose(0, &fetched));
    let swapped = |to: usize| {
        let set = set(0, "(i32.load offset=4 (local.get $x))");
        format!(
            "(local.set $y (i32.ne (i32.load (i32.mul (local.get 0) (i32.const 8))) (i32.const 0)))
  (if (local.get $y) (then (local.set $x {taken})))
  (local.set $x (call $swap-{index}-{to} (local.get 2) (local.get $y) (local.get $x))) {fail}
  (if (i32.load8_u (local.get $x)) (then {set}))
  (return (i32.const 1))"
        )
    };
    export("swap", 3, &choose(1, &swapped));
    text
}
