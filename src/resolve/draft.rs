//! A manifest for a binary that has none yet.

use std::fmt::{self, Write as _};

use crate::manifest::write::string;
use crate::model::Type;
use crate::world::{Extern, ExternKind, World};

use super::runtime;

/// What a drafted manifest says about its binary.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// Path of the binary, relative to the manifest's folder.
    pub component: &'a str,
    /// The WIT of a core module that has none embedded, relative to the manifest's folder.
    pub wit: Option<&'a str>,
    /// The world in that WIT.
    pub world: Option<&'a str>,
}

/// What a plugin that imports an interface of WASI may need to be granted: the interface, and the
/// line of `[wasi]`.
const GRANTS: &[(&str, &str)] = &[
    ("wasi:cli/environment", "args = [\"--flag\"]"),
    ("wasi:cli/environment", "env = { NAME = \"value\" }"),
    ("wasi:cli/stdin", "stdin = \"inherit\""),
    ("wasi:cli/stdout", "stdout = \"inherit\""),
    ("wasi:cli/stderr", "stderr = \"inherit\""),
    ("wasi:filesystem/preopens", "dirs = [{ host = \"data\", guest = \"/data\", access = \"read\" }]"),
];

/// The same for the entries of `network`.
const NETWORK: &[(&str, &str)] = &[
    ("wasi:sockets/tcp", "\"tcp:127.0.0.1:8080\""),
    ("wasi:sockets/udp", "\"udp:127.0.0.1:53\""),
    ("wasi:sockets/ip-name-lookup", "\"dns\""),
];

/// The interface that `[config]` is for.
const CONFIG: &str = "wasi:config/store";

/// A manifest in TOML that lists all exports of a binary, and all imports that a manifest has to
/// list. Ends with a line break.
pub fn draft_manifest(world: &World, draft: Draft<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_draft(&mut text, world, draft);
    text
}

fn write_draft(out: &mut String, world: &World, draft: Draft<'_>) -> fmt::Result {
    out.push_str("[plugin]\n");
    for (key, value) in [("component", Some(draft.component)), ("wit", draft.wit), ("world", draft.world)] {
        if let Some(value) = value {
            writeln!(out, "{key} = {}", string(value))?;
        }
    }
    let exports = world.exports.iter().filter(|export| export.kind != ExternKind::Type);
    let mut header = "\n[exports]\n";
    for export in exports {
        writeln!(out, "{header}{} = {{}}", string(&export_key(world, export)))?;
        header = "";
    }
    let listed = |import: &&Extern| !import.functions.is_empty() && !runtime::serves(import);
    let mut header =
        "\n# Each may also be \"at-most-one\", \"at-least-one\" or \"any\", if its functions reply so.\n[imports]\n";
    for import in world.imports.iter().filter(listed) {
        out.push_str(header);
        if let Some(hint) = hint(import) {
            writeln!(out, "# {hint}")?;
        }
        writeln!(out, "{} = \"exactly-one\"", string(&import.name.to_string()))?;
        header = "";
    }
    write_grants(out, world)
}

/// What the export of a program is called for, whatever its version.
const RUN: &str = "wasi:cli/run";

/// What a manifest calls an export. That of a program stands without its version, where that is clear: it is the
/// one of the tool chain, or of the adapter that has made the program a component, and changes with them.
fn export_key(world: &World, export: &Extern) -> String {
    let same = world.exports.iter().filter(|other| other.name.base() == export.name.base());
    if export.name.base() == RUN && same.count() == 1 { RUN.to_owned() } else { export.name.to_string() }
}

/// What the replies of an import's functions suggest.
fn hint(import: &Extern) -> Option<&'static str> {
    if matches!(import.name.namespace(), Some("wasi" | "plugweave")) {
        return Some("The runtime does not offer all of it: another plugin must.");
    }
    // Methods and constructors reply the same way whatever the cardinality.
    let plain = import.functions.iter().filter(|function| !function.name.starts_with('['));
    let results: Vec<Option<&Type>> = plain.map(|function| function.ty.result.as_deref()).collect();
    let all = |wanted: fn(&Type) -> bool| {
        results.iter().any(Option::is_some) && results.iter().flatten().all(|ty| wanted(ty))
    };
    if results.is_empty() {
        None
    } else if results.iter().all(Option::is_none) {
        Some("No function returns anything, so \"any\" would fit.")
    } else if all(|ty| matches!(ty, Type::List(_) | Type::Map(..))) {
        Some("The functions return lists or maps: is this \"any\", with `from` naming what providers export?")
    } else if all(|ty| matches!(ty, Type::Option(_))) {
        Some("The functions return options: is this \"at-most-one\", with `from` naming what providers export?")
    } else {
        None
    }
}

/// What may have to be granted, as comments.
fn write_grants(out: &mut String, world: &World) -> fmt::Result {
    let imports = |base: &str| world.imports.iter().any(|import| import.name.base() == base && runtime::serves(import));
    let needed = |grants: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        grants.iter().copied().filter(|(interface, _)| imports(interface)).collect()
    };
    let (lines, network) = (needed(GRANTS), needed(NETWORK));
    if !lines.is_empty() || !network.is_empty() {
        out.push_str("\n# The binary can use what follows; nothing is granted unless it is written.\n# [wasi]\n");
    }
    for (interface, line) in lines {
        writeln!(out, "# {line}  # {interface}")?;
    }
    if !network.is_empty() {
        let (interfaces, entries): (Vec<&str>, Vec<&str>) = network.into_iter().unzip();
        writeln!(out, "# network = [{}]  # {}", entries.join(", "), interfaces.join(", "))?;
    }
    if imports(CONFIG) {
        writeln!(out, "\n# {CONFIG} tells it what stands here.\n# [config]\n# name = \"value\"")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Sources;
    use crate::manifest::parse_manifest;
    use crate::model::{ExternName, FuncType};
    use crate::world::Function;

    fn interface(name: &str, result: Option<Type>) -> Extern {
        let name = ExternName::parse(name).unwrap();
        let ty = FuncType { is_async: false, params: Vec::new(), result: result.map(Arc::new) };
        let offered = crate::resolve::wasi::interface(&name).and_then(|offered| offered.functions.first().cloned());
        let function = offered.unwrap_or_else(|| Function { name: "f".to_owned(), ty });
        Extern {
            name,
            kind: ExternKind::Interface,
            functions: vec![function],
            resources: Vec::new(),
            gated: Vec::new(),
        }
    }

    fn draft(imports: &[Extern]) -> String {
        let exports = vec![interface("a:b/out@1.0.0", None)];
        let world = World { imports: imports.to_vec(), exports, ..World::default() };
        let text = draft_manifest(&world, Draft { component: "odd \"name\".wasm", wit: None, world: None });
        // What is offered as a comment is right as well.
        let uncomment = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || rest.contains(" = ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        let uncommented: String = text.lines().map(uncomment).collect();
        for text in [&text, &uncommented] {
            let file = Sources::default().add("a.toml", text.clone());
            let (manifest, diagnostics) = parse_manifest(file, text, "a");
            assert!(manifest.is_some() && diagnostics.is_empty(), "{text}\n{diagnostics:?}");
        }
        text
    }

    #[test]
    fn only_what_must_be_listed_is() {
        let text = draft(&[
            interface("wasi:cli/stdout@0.2.0", None),
            interface("wasi:cli/environment@0.2.0", None),
            interface("wasi:filesystem/preopens@0.2.0", None),
            interface("wasi:sockets/tcp@0.2.0", None),
            interface("wasi:sockets/ip-name-lookup@0.2.0", None),
            interface("wasi:config/store@0.2.0-rc.1", None),
            interface("wasi:http/types@0.2.0", Some(Type::U8)),
            interface("a:b/in@1.0.0", Some(Type::U8)),
        ]);
        assert!(!text.contains("\"wasi:cli") && text.contains("# stdout = \"inherit\"  # wasi:cli/stdout"), "{text}");
        assert!(text.contains("# network = [\"tcp:127.0.0.1:8080\", \"dns\"]  # wasi:sockets/tcp, "), "{text}");
        assert!(text.contains("another plugin must.\n\"wasi:http/types@0.2.0\" = \"exactly-one\"\n"), "{text}");
        assert!(text.contains("\"a:b/out@1.0.0\" = {}\n"), "{text}");
    }

    #[test]
    fn replies_hint_at_the_cardinality() {
        let list = Type::List(Arc::new(Type::U8));
        assert!(draft(&[interface("a:b/in", Some(list))]).contains("is this \"any\""));
        assert!(
            draft(&[interface("a:b/in", Some(Type::Option(Arc::new(Type::U8))))]).contains("\"at-most-one\", with")
        );
        assert!(draft(&[interface("a:b/in", None)]).contains("\"any\" would fit"));
    }

    #[test]
    fn a_program_is_listed_without_the_version_of_its_adapter() {
        let of = |exports: &[&str]| {
            let exports = exports.iter().map(|name| interface(name, None)).collect();
            let world = World { exports, ..World::default() };
            draft_manifest(&world, Draft { component: "a.wasm", wit: None, world: None })
        };
        assert!(of(&["wasi:cli/run@0.2.12", "a:b/c@1.0.0"]).ends_with("\"wasi:cli/run\" = {}\n\"a:b/c@1.0.0\" = {}\n"));
        let two = of(&["wasi:cli/run@0.2.0", "wasi:cli/run@0.3.0"]);
        assert!(two.ends_with("\"wasi:cli/run@0.2.0\" = {}\n\"wasi:cli/run@0.3.0\" = {}\n"), "{two}");
    }

    #[test]
    fn an_empty_world_has_only_the_plugin() {
        let text =
            draft_manifest(&World::default(), Draft { component: "a.wasm", wit: Some("../wit"), world: Some("w") });
        assert_eq!(text, "[plugin]\ncomponent = \"a.wasm\"\nwit = \"../wit\"\nworld = \"w\"\n");
    }
}
