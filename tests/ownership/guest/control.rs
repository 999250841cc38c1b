//! What the host can tell a plugin to do.

use std::fmt::Write;

use crate::graph::{Graph, Link, Plugin, Sight, View};
use crate::layout::interface;

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

/// What the host can tell the plugin to do with a view.
pub fn control(graph: &Graph, number: usize, index: usize, view: View) -> String {
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
