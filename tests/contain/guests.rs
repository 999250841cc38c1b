//! Plugins that burn native stack and then call on, as text.

use plugweave::manifest::{ImportTerms, ManifestBuilder};
use plugweave::model::Cardinality;
use plugweave::{App, AppBuilder, CallError, Val};

pub const WIT: &str = "
package t:t@1.0.0;

/// Burns so many frames, and then asks the next one, if there is one. Answers how many are behind it.
interface step { go: func(frames: u32) -> u32; }

/// The same, with room for failures.
interface asks { go: func(frames: u32) -> result<u32, string>; }

interface store {
    resource counter { constructor(n: u32); get: func() -> u32; }
    live: func() -> u32;
}

/// Steps to which a handle is lent, or given.
interface pass {
    use store.{counter};
    lend: func(frames: u32, it: borrow<counter>) -> u32;
    give: func(frames: u32, it: counter) -> u32;
}

world link { import step; export step; }
world catcher { import asks; export step; }
world last { export step; }
world owner { export store; }
world passer { import store; import pass; export pass; }
world taker { import store; export pass; }
";

/// How many values a frame of `$burn` keeps: what makes it large.
const KEPT: usize = 62;

/// A function `$burn` of the parameters `$n`, how many frames, and others: in the last frame it does
/// what is given, and returns that.
pub fn burn(others: &str, pass_on: &str, then: &str) -> String {
    // All are read before the call and added up behind it, so that they must be kept in between.
    let locals: String = (0..KEPT).map(|local| format!("(local $k{local} i64)")).collect();
    let read: String =
        (0..KEPT).map(|local| format!("(local.set $k{local} (i64.load (i32.const {})))", 32768 + 8 * local)).collect();
    let sum: String = (0..KEPT).map(|local| format!("(local.get $k{local}) i64.add ")).collect();
    format!(
        "(func $burn (param $n i32) {others} (result i32) {locals}
            (if (i32.eqz (local.get $n)) (then (return {then})))
            {read}
            (call $burn (i32.sub (local.get $n) (i32.const 1)) {pass_on})
            i64.const 0 {sum} i32.wrap_i64 i32.add)"
    )
}

/// A core module whose first page is its own to use.
pub fn module(imports: &str, functions: &str) -> String {
    crate::support::core_module(imports, 1, functions)
}

/// A step that burns, and then does what is given, with `$all`, the frames that it was asked for.
pub fn step(imports: &str, then: &str) -> String {
    let burn = burn("(param $all i32)", "(local.get $all)", then);
    let go = r#"(func (export "t:t/step@1.0.0#go") (param i32) (result i32)
        (call $burn (local.get 0) (local.get 0)))"#;
    module(imports, &(burn + go))
}

/// Asks the next one, which is to burn as much.
pub fn link() -> String {
    let next = r#"(import "t:t/step@1.0.0" "go" (func $next (param i32) (result i32)))"#;
    step(next, "(i32.add (i32.const 1) (call $next (local.get $all)))")
}

/// Asks the next one, and answers 1000 if that fails.
pub fn catcher() -> String {
    let next = r#"(import "t:t/asks@1.0.0" "go" (func $next (param i32 i32)))"#;
    let ask = "(block (result i32)
        (call $next (local.get $all) (i32.const 512))
        (if (result i32) (i32.load8_u (i32.const 512))
            (then (i32.const 1000))
            (else (i32.add (i32.const 1) (i32.load (i32.const 516))))))";
    step(next, ask)
}

pub fn last() -> String {
    step("", "(i32.const 0)")
}

pub fn builder() -> AppBuilder {
    App::builder().file("t.wit", WIT)
}

pub fn manifest(id: &str, world: &str) -> ManifestBuilder {
    ManifestBuilder::new(id).wit("t.wit").world(world)
}

/// The id of a plugin in a line.
pub fn id(place: usize) -> String {
    format!("p{place:02}")
}

/// A line of plugins, each of which asks the next one. The one at `catches`, if any, catches what fails
/// behind it.
pub fn line(length: usize, catches: Option<usize>, limit: impl Fn(ManifestBuilder) -> ManifestBuilder) -> App {
    let (plugins, bindings) = plugins(length, catches);
    let plugins = plugins.into_iter().map(|(plugin, core)| (limit(plugin), core));
    let with_plugin = |builder: AppBuilder, (plugin, core): (_, String)| builder.plugin(&plugin, core);
    build(plugins.fold(builder().file("app.toml", bindings), with_plugin))
}

/// The plugins of a line, and the `app.toml` that makes it one.
pub fn plugins(length: usize, catches: Option<usize>) -> (Vec<(ManifestBuilder, String)>, String) {
    const STEP: &str = "t:t/step@1.0.0";
    let mut plugins = Vec::new();
    let mut bindings = String::new();
    for place in 0..length {
        let is_last = place + 1 == length;
        let (world, core, import) = match (is_last, catches == Some(place)) {
            (true, _) => ("last", last(), None),
            (_, true) => {
                ("catcher", catcher(), Some(("t:t/asks@1.0.0", ImportTerms::new(Cardinality::ExactlyOne).from(STEP))))
            }
            _ => ("link", link(), Some((STEP, Cardinality::ExactlyOne.into()))),
        };
        let mut plugin = manifest(&id(place), world).export(STEP);
        if let Some((name, terms)) = import {
            bindings += &format!("bind.{} = {{ '{name}' = ['{}'] }}\n", id(place), id(place + 1));
            plugin = plugin.import(name, terms);
        }
        plugins.push((plugin, core));
    }
    (plugins, bindings)
}

/// Hands on what it was lent or given.
fn passer() -> String {
    let imports = r#"(import "t:t/pass@1.0.0" "lend" (func $lend (param i32 i32) (result i32)))
        (import "t:t/pass@1.0.0" "give" (func $give (param i32 i32) (result i32)))
        (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#;
    let then = "(i32.add (i32.const 1) (if (result i32) (local.get $gives)
        (then (call $give (local.get $all) (local.get $it))) (else (call $lend (local.get $all) (local.get $it)))))";
    passing(imports, then, "(call $drop (local.get 1))")
}

/// Asks what it was lent or given for its number.
fn taker() -> String {
    let imports = r#"(import "t:t/store@1.0.0" "[method]counter.get" (func $get (param i32) (result i32)))
        (import "t:t/store@1.0.0" "[resource-drop]counter" (func $drop (param i32)))"#;
    let then = "(i32.sub (call $get (local.get $it)) (i32.const 7))";
    passing(imports, then, "(call $drop (local.get 1))").replace(";; given", "(call $drop (local.get 1))")
}

/// A plugin that burns and then does what is given, with `$it`; `drop` ends a borrow.
fn passing(imports: &str, then: &str, drop: &str) -> String {
    let others = "(param $all i32) (param $it i32) (param $gives i32)";
    let burn = burn(others, "(local.get $all) (local.get $it) (local.get $gives)", then);
    let function = |name: &str, gives: u32, end: &str| {
        format!(
            r#"(func (export "t:t/pass@1.0.0#{name}") (param i32 i32) (result i32)
                (call $burn (local.get 0) (local.get 0) (local.get 1) (i32.const {gives})) {end})"#
        )
    };
    module(imports, &(burn + &function("lend", 0, drop) + &function("give", 1, ";; given\n")))
}

/// Owns counters; what a method answers is the number it was made with.
pub fn owner() -> String {
    let imports = r#"
        (import "[export]t:t/store@1.0.0" "[resource-new]counter" (func $new (param i32) (result i32)))"#;
    let functions = r#"(global $live (mut i32) (i32.const 0))
        (func (export "t:t/store@1.0.0#[constructor]counter") (param i32) (result i32)
            (global.set $live (i32.add (global.get $live) (i32.const 1)))
            (call $new (local.get 0)))
        (func (export "t:t/store@1.0.0#[dtor]counter") (param i32)
            (global.set $live (i32.sub (global.get $live) (i32.const 1))))
        (func (export "t:t/store@1.0.0#[method]counter.get") (param i32) (result i32) (local.get 0))
        (func (export "t:t/store@1.0.0#live") (result i32) (global.get $live))"#;
    module(imports, functions)
}

/// A line of plugins, each of which hands on what it was lent or given, and an `owner` of such things.
pub fn passing_line(length: usize) -> App {
    const PASS: &str = "t:t/pass@1.0.0";
    const STORE: &str = "t:t/store@1.0.0";
    let one = Cardinality::ExactlyOne;
    let mut builder = builder().plugin(&manifest("owner", "owner").export(STORE), owner());
    let mut bindings = String::new();
    for place in 0..length {
        let is_last = place + 1 == length;
        let mut plugin = manifest(&id(place), if is_last { "taker" } else { "passer" }).export(PASS).import(STORE, one);
        if !is_last {
            bindings += &format!("bind.{} = {{ '{PASS}' = ['{}'] }}\n", id(place), id(place + 1));
            plugin = plugin.import(PASS, one);
        }
        builder = builder.plugin(&plugin, if is_last { taker() } else { passer() });
    }
    build(builder.file("app.toml", bindings))
}

/// Builds an app; every plugin must start.
pub fn build(builder: AppBuilder) -> App {
    let app = builder.build().unwrap_or_else(|error| panic!("{error}"));
    assert!(app.failures().is_empty(), "{:?}", app.failures());
    app
}

/// Goes the way from the first plugin of a line.
pub fn go(app: &App, frames: u32) -> Result<u32, CallError> {
    app.call_plugin(&id(0), "t:t/step#go", &[Val::U32(frames)]).map(number)
}

pub fn number(value: Option<Val>) -> u32 {
    match value {
        Some(Val::U32(number)) => number,
        other => panic!("{other:?}"),
    }
}

/// The largest number of frames that a plugin can burn and still call on.
pub fn most_frames() -> u32 {
    let app = line(2, None, |plugin| plugin.restart(1000, std::time::Duration::from_secs(1)));
    // Only the first one burns: what is behind it has the same stack again.
    let (mut good, mut bad) = (0, 4096);
    while bad - good > 1 {
        let middle = u32::midpoint(good, bad);
        match go(&app, middle) {
            Ok(_) => good = middle,
            Err(_) => bad = middle,
        }
    }
    good
}
