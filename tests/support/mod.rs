//! What the dispatch tests share: apps built in memory out of core modules, and the text of those.

use plugweave::check::{Checked, check};
use plugweave::files::Memory;
use plugweave::{App, StartOptions};

/// An app in memory. All its plugins are core modules with worlds of one WIT package, `t:t`.
pub struct Folder(Memory);

impl Folder {
    /// An app without plugins. The text is that of the package, after its name.
    pub fn new(wit: &str) -> Self {
        Self(Memory::default().with("wit/t.wit", format!("package t:t@1.0.0;\n{wit}")))
    }

    /// Adds a plugin: its id, which is the name of its world too, the tables of its manifest but the
    /// first, and the text of its core module.
    pub fn plugin(self, id: &str, tables: &str, core: &str) -> Self {
        self.plugin_of("wit", id, tables, core)
    }

    /// Adds a plugin with a world of the WIT at another path.
    pub fn plugin_of(self, wit: &str, id: &str, tables: &str, core: &str) -> Self {
        let plugin = format!("[plugin]\ncomponent = '{id}.wat'\nwit = '{wit}'\nworld = '{id}'");
        self.file(&format!("{id}.toml"), &format!("{plugin}\n\n{tables}")).file(&format!("{id}.wat"), core)
    }

    /// Adds any other file.
    pub fn file(self, path: &str, text: &str) -> Self {
        Self(self.0.with(path, text))
    }

    /// What checking the app gives.
    pub fn check(&self) -> Checked {
        check(&self.0).unwrap()
    }

    /// The live app. It must have no problems, and every plugin must start.
    pub fn start(&self) -> App {
        let app = App::of_checked(self.check(), StartOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        assert!(app.failures().is_empty(), "{:?}", app.failures());
        app
    }
}

/// The text of a core module with `$calls`, a counter that starts at 0, and with a memory whose first
/// `reserved` pages are its own. The rest is a heap: `cabi_realloc` never frees, and what it gives is
/// filled with a byte that is neither a 0 nor a case, so that what nobody writes is not taken for a value.
pub fn core_module(imports: &str, reserved: u32, functions: &str) -> String {
    let heap = reserved * 65536;
    let pages = reserved + 1;
    format!(
        r#"(module
{imports}
  (memory (export "memory") {pages})
  (global $heap (mut i32) (i32.const {heap}))
  (global $calls (mut i32) (i32.const 0))
  (func $count (global.set $calls (i32.add (global.get $calls) (i32.const 1))))
  (func (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local $missing i32)
    ;; Nothing here is ever enlarged.
    (if (local.get $old) (then unreachable))
    (local.set $at (i32.and
      (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.set $missing (i32.sub (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
    (if (i32.gt_s (local.get $missing) (i32.const 0)) (then
      (if (i32.eq (i32.const -1)
            (memory.grow (i32.add (i32.div_u (local.get $missing) (i32.const 65536)) (i32.const 1))))
        (then unreachable))))
    (memory.fill (local.get $at) (i32.const 0xAA) (local.get $size))
    (local.get $at))
{functions})
"#
    )
}
