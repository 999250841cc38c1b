//! Plans and components for tests, written by hand.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Dispatch, span};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use super::engine::EngineSettings;
use super::engines::Settings;
use super::{Assembly, EngineOptions, HostInterfaces, LinkError, Optimisation};
use crate::model::{
    Cardinality, EngineNeeds, ExternName, FuncType, Limits, OnFailure, Param, PluginId, Type, WasiGrants,
};
use crate::plan::{
    Binding, ImportSource, Plan, PlannedExport, PlannedFunction, PlannedImport, PlannedPlugin, PluginIndex, Provider,
    Reply,
};

/// A component of a world of the package `t:t` and a core module.
pub(crate) fn component(wit: &str, wat: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("test.wit", &format!("package t:t;\n{wit}")).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let mut module = wat::parse_str(wat).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// Memory and an allocator that never frees, from 64 KiB on.
pub(crate) const HEAP: &str = r#"
    (memory (export "memory") 2)
    (global $heap (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
        (local.set $at (global.get $heap))
        (global.set $heap (i32.add (global.get $heap) (local.get 3)))
        (block $fits
            (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
            (br_if $fits (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))
            unreachable)
        (local.get $at))
"#;

/// A plan being made, with the binaries of its plugins.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    pub(crate) binaries: Vec<Vec<u8>>,
}

impl Bench {
    /// Links it with an engine of their own for some plugins, whose code is not optimised.
    pub(crate) fn link_apart(&self, is_apart: impl Fn(PluginIndex) -> bool) -> Result<Assembly, LinkError> {
        let (plan, options) = (self.plan.clone(), EngineOptions::new());
        let settings = |(index, plugin): (usize, &PlannedPlugin)| {
            let options = if is_apart(PluginIndex(index)) {
                options.clone().optimisation(Optimisation::None)
            } else {
                options.clone()
            };
            EngineSettings::of(&self.plan, &options, plugin.needs)
        };
        let settings = Settings::new(self.plan.plugins.iter().enumerate().map(settings), EngineSettings::plain());
        Assembly::link_in(plan, &self.binaries, HostInterfaces::default(), &options, &settings)
    }

    /// Adds a plugin that imports and exports nothing yet.
    pub(crate) fn add(&mut self, id: &str, binary: Vec<u8>) -> &mut PlannedPlugin {
        self.binaries.push(binary);
        self.plan.plugins.push(PlannedPlugin {
            id: PluginId::parse(id).unwrap(),
            version: None,
            description: None,
            component: format!("{id}.wasm"),
            weight: 0,
            needs: EngineNeeds::default(),
            limits: Limits::default(),
            wasi: WasiGrants::default(),
            config: BTreeMap::new(),
            exports: Vec::new(),
            imports: Vec::new(),
        });
        self.plan.plugins.last_mut().unwrap()
    }

    /// Adds a plugin of [`PROVIDER_WIT`]: `add` adds `k` and traps when it is given `trap_on`.
    pub(crate) fn provider(&mut self, id: &str, k: u32, trap_on: u32) -> &mut PlannedPlugin {
        let plugin = self.add(id, component(PROVIDER_WIT, &provider_wat(k, trap_on)));
        let u32_ = Type::U32;
        plugin.exports.push(export(
            "t:t/p",
            &[
                ("add", func(&[("x", u32_.clone())], Some(u32_.clone()))),
                ("hit", func(&[("x", u32_.clone())], None)),
                ("count", func(&[], Some(u32_.clone()))),
                ("spin", func(&[], None)),
                ("grow", func(&[("pages", u32_)], Some(Type::S32))),
                ("echo", func(&[("s", Type::String)], Some(Type::String))),
            ],
        ));
        plugin
    }

    /// Adds a plugin whose `t:t/api#go` answers what its import `t:t/p` answers to `function`, which
    /// returns a type that is not passed in a register.
    pub(crate) fn asker(&mut self, id: &str, function: &str, ty: &str, ask: Ask) -> &mut PlannedPlugin {
        let plugin = self.add(id, component(&asker_wit(function, ty), &asker_wat(function, ty)));
        let result = (!ty.is_empty()).then_some(Type::Bool);
        let signature = func(&[("x", Type::U32)], result);
        plugin.exports.push(export("t:t/api", &[("go", signature.clone()), ("count", func(&[], Some(Type::U32)))]));
        plugin.imports.push(ask.import("t:t/p", false, function, signature));
        plugin
    }

    /// Adds a plugin whose function `go` of the world calls its import `ask`, from the plugin at
    /// `provider`, after `before`: a sequence of instructions.
    pub(crate) fn relay(&mut self, id: &str, provider: usize, late: bool, before: &str) -> &mut PlannedPlugin {
        let wit = "world w { import ask: func(x: u32) -> u32; export go: func(x: u32) -> u32; }";
        let wat = format!(
            r#"(module
                (import "$root" "ask" (func $ask (param i32) (result i32)))
                (func $burn (param i32 i32) (result i32)
                    (if (result i32) (local.get 0)
                        (then (i32.add (call $burn (i32.sub (local.get 0) (i32.const 1)) (local.get 1)) (local.get 0)))
                        (else (call $ask (local.get 1)))))
                (func (export "go") (param i32) (result i32)
                    {before} (i32.add (call $ask (local.get 0)) (i32.const 1))))"#
        );
        let plugin = self.add(id, component(wit, &wat));
        let signature = func(&[("x", Type::U32)], Some(Type::U32));
        plugin.exports.push(PlannedExport { bare: true, ..export("go", &[("go", signature.clone())]) });
        let mut ask = Ask::one(provider);
        ask.export = "go";
        ask.late = late;
        plugin.imports.push(ask.import("ask", true, "ask", signature));
        plugin
    }

    /// Adds a plugin whose function `go` of the world adds one: where a line of relays ends.
    pub(crate) fn end(&mut self, id: &str) -> &mut PlannedPlugin {
        let wat = r#"(module (func (export "go") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;
        let plugin = self.add(id, component("world w { export go: func(x: u32) -> u32; }", wat));
        let signature = func(&[("x", Type::U32)], Some(Type::U32));
        plugin.exports.push(PlannedExport { bare: true, ..export("go", &[("go", signature)]) });
        plugin
    }
}

/// How an import is bound.
pub(crate) struct Ask {
    pub(crate) cardinality: Cardinality,
    pub(crate) on_failure: OnFailure,
    pub(crate) late: bool,
    pub(crate) reply: Reply,
    pub(crate) providers: Vec<usize>,
    pub(crate) export: &'static str,
}

impl Ask {
    pub(crate) fn one(provider: usize) -> Self {
        use crate::plan::{Answer, Fallible};
        Self {
            cardinality: Cardinality::ExactlyOne,
            on_failure: OnFailure::Trap,
            late: false,
            reply: Reply::One(Answer::Value(Fallible::Plain)),
            providers: vec![provider],
            export: "t:t/p",
        }
    }

    fn import(self, name: &str, at_root: bool, function: &str, ty: FuncType) -> PlannedImport {
        let export = name_of(self.export);
        let provider = |plugin: usize| Provider { plugin: PluginIndex(plugin), export: export.clone() };
        PlannedImport {
            name: name_of(name),
            at_root,
            source: ImportSource::Plugins(Binding {
                cardinality: self.cardinality,
                on_failure: self.on_failure,
                late: self.late,
                providers: self.providers.into_iter().map(provider).collect(),
                owners: Vec::new(),
                functions: vec![PlannedFunction { name: function.into(), ty, reply: self.reply }],
            }),
            resources: Vec::new(),
        }
    }
}

/// An import of the runtime.
pub(crate) fn runtime_import(name: &str) -> PlannedImport {
    PlannedImport { name: name_of(name), at_root: false, source: ImportSource::Runtime, resources: Vec::new() }
}

pub(crate) fn name_of(name: &str) -> ExternName {
    ExternName::parse(name).unwrap()
}

pub(crate) fn func(params: &[(&str, Type)], result: Option<Type>) -> FuncType {
    let param = |(name, ty): &(&str, Type)| Param { name: (*name).to_owned(), ty: Arc::new(ty.clone()) };
    FuncType { is_async: false, params: params.iter().map(param).collect(), result: result.map(Arc::new) }
}

pub(crate) fn export(name: &str, functions: &[(&str, FuncType)]) -> PlannedExport {
    let functions = functions.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
    PlannedExport { name: name_of(name), bare: false, priority: 0, functions }
}

const PROVIDER_WIT: &str = "
    interface p {
        add: func(x: u32) -> u32;
        hit: func(x: u32);
        count: func() -> u32;
        spin: func();
        grow: func(pages: u32) -> s32;
        echo: func(s: string) -> string;
    }
    world w { export p; }";

fn provider_wat(k: u32, trap_on: u32) -> String {
    format!(
        r#"(module {HEAP}
        (global $count (mut i32) (i32.const 0))
        (func $hit (export "t:t/p#hit") (param i32)
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (if (i32.eq (local.get 0) (i32.const {trap_on})) (then unreachable)))
        (func $add (export "t:t/p#add") (param i32) (result i32)
            (call $hit (local.get 0))
            (i32.add (local.get 0) (i32.const {k})))
        (func (export "t:t/p#count") (result i32) (global.get $count))
        (func (export "t:t/p#spin") (loop $again (br $again)))
        (func (export "t:t/p#grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "t:t/p#echo") (param i32 i32) (result i32)
            (i32.store (i32.const 16) (local.get 0))
            (i32.store (i32.const 20) (local.get 1))
            (i32.const 16)))"#
    )
}

fn asker_wit(function: &str, ty: &str) -> String {
    let result = if ty.is_empty() { String::new() } else { format!(" -> {ty}") };
    format!(
        "interface p {{
            record dispatch-error {{ code: string, provider: string, message: string }}
            {function}: func(x: u32){result};
        }}
        interface api {{ use p.{{dispatch-error}}; go: func(x: u32){result}; count: func() -> u32; }}
        world w {{ import p; export api; }}"
    )
}

fn asker_wat(function: &str, ty: &str) -> String {
    let (params, go) = match ty {
        "" => ("(param i32)", "(func (export \"t:t/api#go\") (param i32) (call $count) (call $ask (local.get 0)))"),
        "u32" => (
            "(param i32) (result i32)",
            "(func (export \"t:t/api#go\") (param i32) (result i32) (call $count) (call $ask (local.get 0)))",
        ),
        _ => (
            "(param i32 i32)",
            "(func (export \"t:t/api#go\") (param i32) (result i32)
                (call $count) (call $ask (local.get 0) (i32.const 1024)) (i32.const 1024))",
        ),
    };
    format!(
        r#"(module
        (import "t:t/p" "{function}" (func $ask {params}))
        {HEAP}
        (global $calls (mut i32) (i32.const 0))
        (func $count (global.set $calls (i32.add (global.get $calls) (i32.const 1))))
        (func (export "t:t/api#count") (result i32) (global.get $calls))
        {go})"#
    )
}

/// A place for a folder of compiled code, which goes away with it.
pub(crate) struct CodeFolder(PathBuf);

impl CodeFolder {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("plugweave-test-{name}-{}", std::process::id())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// How many files are there.
    pub(crate) fn files(&self) -> usize {
        fn count(folder: &Path) -> usize {
            let Ok(entries) = folder.read_dir() else { return 0 };
            entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
        }
        count(&self.0)
    }
}

impl Drop for CodeFolder {
    fn drop(&mut self) {
        // wasmtime's own thread may still count a use of the code there.
        for _ in 0..50 {
            if !self.0.exists() || std::fs::remove_dir_all(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

/// Collects what is logged on this thread while it lives.
pub(crate) struct Logged {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

/// Collects what is logged under targets that begin like this.
struct Collector(&'static str, Arc<Mutex<Vec<String>>>);

impl Logged {
    pub(crate) fn start() -> Self {
        Self::under("plugweave")
    }

    /// Collects only what is logged under a target, as a user may want it.
    pub(crate) fn under(target: &'static str) -> Self {
        // While there is one subscriber alone, tracing asks the thread that first comes to a place whether it listens
        // there, and remembers the answer for all threads. So there are always two.
        static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Collector("plugweave", Arc::default())));
        LazyLock::force(&OTHER);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let guard = tracing::subscriber::set_default(Collector(target, lines.clone()));
        Self { lines, _guard: guard }
    }

    /// `plugin stream line` for what guests write, `warning: …` for warnings.
    pub(crate) fn lines(&self) -> Vec<String> {
        crate::call::flush_log();
        self.lines.lock().unwrap().clone()
    }
}

#[derive(Default)]
struct Fields {
    named: String,
    message: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            _ => write!(self.named, "{value:?} ").unwrap(),
        }
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        write!(self.named, "{value} ").unwrap();
    }
}

impl tracing::Subscriber for Collector {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with(self.0)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let named = fields.named.replace('"', "");
        self.1.lock().unwrap().push(match event.metadata().target() {
            "plugweave::guest" => format!("{named}{}", fields.message),
            _ => format!("warning: {}", fields.message),
        });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
