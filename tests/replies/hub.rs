//! The app that covers the table for one `R`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use plugweave::App;

use crate::support::{Folder, core_module};
use crate::table::*;

/// One import of the consumer.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    pub cardinality: Cardinality,
    pub providers: usize,
    pub policy: Option<&'static str>,
}

impl Import {
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for cardinality in CARDINALITIES {
            for providers in (0..GROUPS.len()).filter(|&providers| cardinality.allows(providers)) {
                let policies = [None, Some("trap"), Some("skip")];
                let policies =
                    policies.into_iter().filter(|policy| cardinality != ExactlyOne || *policy != Some("skip"));
                all.extend(policies.map(|policy| Self { cardinality, providers, policy }));
            }
        }
        all
    }

    pub fn skips(self) -> bool {
        self.policy == Some("skip")
    }

    pub fn name(self) -> String {
        format!("{}-n{}-{}", self.cardinality.name(), self.providers, self.policy.unwrap_or("default"))
    }

    /// The line of the manifest.
    pub fn entry(self) -> String {
        let policy = self.policy.map(|policy| format!(", on-failure = '{policy}'")).unwrap_or_default();
        let from = format!("t:t/p-n{}@1.0.0", self.providers);
        let cardinality = self.cardinality.name();
        format!("'t:t/{}' = {{ cardinality = '{cardinality}', from = '{from}'{policy} }}\n", self.name())
    }

    pub fn replies(self, r: R) -> Vec<Reply> {
        r.row(self.cardinality).into_iter().filter(|reply| !self.skips() || !reply.tells()).collect()
    }

    pub fn order(self) -> &'static [usize] {
        GROUPS[self.providers].1
    }

    /// Every way in which some of the providers fail.
    pub fn arguments(self, r: R) -> Vec<u32> {
        let mask =
            self.order().iter().fold(if r == R::Result { ERR } else { 0 }, |mask, provider| mask | 1 << provider);
        (0..16).filter(|x| x & !mask == 0).collect()
    }
}

pub const TYPES: &str = "
interface types {
  record pair { a: u32, b: string }
  record dispatch-error { code: string, provider: string, message: string }
}
interface count { calls: func() -> u32; }
";
pub const USE: &str = "use types.{pair, dispatch-error};";

pub fn arrow(ty: Option<&str>) -> String {
    ty.map(|ty| format!(" -> {ty}")).unwrap_or_default()
}

pub fn wit(r: R) -> String {
    let mut text = TYPES.to_owned();
    let names: BTreeSet<String> = CARDINALITIES.iter().flat_map(|it| r.row(*it)).map(Reply::name).collect();
    let result = arrow(r.wit());
    let functions: String = names.iter().map(|name| format!("  {name}: func(x: u32){result};\n")).collect();
    for group in 0..GROUPS.len() {
        writeln!(text, "interface p-n{group} {{\n  {USE}\n{functions}}}").unwrap();
    }
    let mut hub = String::new();
    for import in Import::all() {
        let name = import.name();
        let function = |reply: Reply| format!("  {}: func(x: u32){};\n", reply.name(), arrow(reply.wit(r).as_deref()));
        let functions: String = import.replies(r).into_iter().map(function).collect();
        writeln!(text, "interface {name} {{\n  {USE}\n{functions}}}").unwrap();
        writeln!(hub, "  import {name};\n  export {name};").unwrap();
    }
    writeln!(text, "world hub {{\n{hub}  export count;\n}}").unwrap();
    for (provider, id) in PROVIDERS.iter().enumerate() {
        let exports: String = groups_of(provider).map(|(group, _)| format!("  export p-n{group};\n")).collect();
        writeln!(text, "world {id} {{\n{exports}  export count;\n}}").unwrap();
    }
    text
}

/// The groups to which a provider belongs, and its priority in each.
pub fn groups_of(provider: usize) -> impl Iterator<Item = (usize, i32)> {
    GROUPS.iter().enumerate().filter_map(move |(group, (priorities, _))| Some((group, priorities[provider]?)))
}

pub const COUNT: &str = r#"(func (export "t:t/count@1.0.0#calls") (result i32) (global.get $calls))"#;

/// A provider: one function under many names.
pub fn provider_core(r: R, provider: usize) -> String {
    let result = if r == R::Nothing { "" } else { "(result i32)" };
    let mut functions = format!(
        r#"  (data (i32.const 64) "{}")
  {COUNT}
  (func $answer (param $x i32) {result}
    (if (i32.and (local.get $x) (i32.const {})) (then unreachable))
    (call $count)
    {})
"#,
        text(provider),
        1 << provider,
        r.code(provider)
    );
    let names: BTreeSet<String> = CARDINALITIES.iter().flat_map(|it| r.row(*it)).map(Reply::name).collect();
    for (group, _) in groups_of(provider) {
        for name in &names {
            writeln!(functions, r#"  (export "t:t/p-n{group}@1.0.0#{name}" (func $answer))"#).unwrap();
        }
    }
    core_module("", 1, &functions)
}

/// How a result is passed in a core module: not at all, as one number, or by pointer.
pub fn is_pointer(ty: Option<&str>) -> Option<bool> {
    // All others are more than one flat value.
    ty.map(|ty| !matches!(ty, "u32" | "result"))
}

pub fn core_import(interface: &str, function: &str, label: &str, ty: Option<&str>) -> String {
    let signature = match is_pointer(ty) {
        None => "(param i32)",
        Some(false) => "(param i32) (result i32)",
        Some(true) => "(param i32 i32)",
    };
    format!("  (import \"t:t/{interface}@1.0.0\" \"{function}\" (func ${label} {signature}))\n")
}

/// Exports a function that passes the call on to the import with that label.
pub fn core_relay(interface: &str, function: &str, label: &str, ty: Option<&str>) -> String {
    let (result, call) = match is_pointer(ty) {
        None => ("", format!("(call ${label} (local.get 0))")),
        Some(false) => ("(result i32)", format!("(call ${label} (local.get 0))")),
        Some(true) => (
            "(result i32)",
            format!(
                "(memory.fill (i32.const 16) (i32.const 0xAA) (i32.const 256)) (call ${label} (local.get 0) (i32.const 16)) (i32.const 16)"
            ),
        ),
    };
    format!("  (func (export \"t:t/{interface}@1.0.0#{function}\") (param i32) {result} (call $count) {call})\n")
}

pub fn hub_core(r: R) -> String {
    let (mut imports, mut functions) = (String::new(), COUNT.to_owned());
    for import in Import::all() {
        for reply in import.replies(r) {
            let (interface, function, ty) = (import.name(), reply.name(), reply.wit(r));
            let label = format!("{interface}-{function}");
            imports.push_str(&core_import(&interface, &function, &label, ty.as_deref()));
            functions.push_str(&core_relay(&interface, &function, &label, ty.as_deref()));
        }
    }
    core_module(&imports, 1, &functions)
}

/// Failing does not use up the restarts of these tests.
pub const RESTARTS: &str = "[limits]\nrestart = { max = 1_000_000, within = '1s' }\n";

pub fn app(r: R) -> App {
    let imports: String = Import::all().into_iter().map(Import::entry).collect();
    let exports: String = Import::all().iter().map(|import| format!("'t:t/{}' = {{}}\n", import.name())).collect();
    let tables = format!("{RESTARTS}[imports]\n{imports}[exports]\n't:t/count' = {{}}\n{exports}");
    let mut folder = Folder::new(&wit(r)).plugin("hub", &tables, &hub_core(r));
    for (provider, id) in PROVIDERS.iter().enumerate() {
        let entry = |(group, priority)| format!("'t:t/p-n{group}' = {{ priority = {priority} }}\n");
        let exports: String = groups_of(provider).map(entry).collect();
        let tables = format!("{RESTARTS}[exports]\n't:t/count' = {{}}\n{exports}");
        folder = folder.plugin(id, &tables, &provider_core(r, provider));
    }
    folder.start()
}
