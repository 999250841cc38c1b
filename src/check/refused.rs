//! Binaries that cannot be plugins: PW003, with the place to correct and what to do.

use crate::diagnostic::{Code, Diagnostic, Spanned};
use crate::files::ReadError;
use crate::manifest::Manifest;
use crate::resolve::Plugin;
use crate::world::WorldError;

use super::problem::BinaryProblem;
use super::{BinaryError, advice};

/// What to do about a binary of which the validator says this.
fn invalid_help(told: &str) -> &'static str {
    let says = |any: &[&str]| any.iter().any(|words| told.contains(words));
    if says(&["cm-implements"]) {
        "import the interface once, under its own name: the same interface under several names, by `implements`, \
         cannot be served"
    } else if says(&["kebab case", "conflicts with previous", "extern name"]) {
        "correct the name where the binary is made: words of lowercase letters and digits with `-` between them, of \
         which a function or type may also have words all in capitals (`get-url`, `get-URL`, not `getURL`), and no \
         two names that differ in capitals alone"
    } else if says(&["interface version"]) {
        "write the version with all its numbers, as in `@1.0.0`"
    } else if says(&["must be enabled", "not enabled", "not active", "not supported", "require the", "requires the"]) {
        "build it anew; threads, exceptions, garbage collection and `async` cannot be used"
    } else {
        "build it anew, with another release of its tools if it stays invalid"
    }
}

/// PW003
pub(super) fn diagnostic(plugin: &Plugin, problem: &BinaryProblem) -> Diagnostic {
    let manifest = &plugin.manifest;
    match problem {
        BinaryProblem::Refused(told @ BinaryError::Unreadable { reason, .. }) => unreadable(manifest, told, reason),
        BinaryProblem::Refused(told @ BinaryError::UnreadableWit { .. }) => unreadable_wit(manifest, told),
        BinaryProblem::Refused(told @ BinaryError::Unusable { error, .. }) => unusable(manifest, told, error),
        BinaryProblem::OtherHash(found) => other_hash(manifest, found.as_ref()),
    }
}

/// PW003 at a place of the `[plugin]` table.
fn at<T>(manifest: &Manifest, place: &Spanned<T>, message: String, label: &str) -> Diagnostic {
    Diagnostic::error(Code::Pw003, message).label(manifest.file, place.span.clone(), label)
}

fn unreadable(manifest: &Manifest, told: &BinaryError, reason: &ReadError) -> Diagnostic {
    let place = &manifest.component;
    at(manifest, place, told.to_string(), "this file").help(advice::unreadable_binary(&place.value, reason))
}

fn unreadable_wit(manifest: &Manifest, told: &BinaryError) -> Diagnostic {
    let place = manifest.wit.as_ref().unwrap_or(&manifest.component);
    at(manifest, place, told.to_string(), "this file or folder").help(advice::unreadable_wit(&place.value))
}

fn other_hash(manifest: &Manifest, found: Option<&[u8; 32]>) -> Diagnostic {
    let message = format!("the component of `{}` is not the one that its manifest expects", manifest.id.value);
    let place = manifest.sha256.as_ref().map_or(&manifest.component.span, |hash| &hash.span);
    let told = match found {
        Some(found) => {
            format!("its SHA-256 is {}", found.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        None => "its SHA-256 is not told, because it lies outside the app's folder".to_owned(),
    };
    Diagnostic::error(Code::Pw003, message)
        .label(manifest.file, place.clone(), "expected this hash")
        .note(told)
        .help("restore the expected binary, or, if the new one is to be trusted, write its hash here")
}

fn unusable(manifest: &Manifest, told: &BinaryError, error: &WorldError) -> Diagnostic {
    let (place, label, help) = match (error, &manifest.wit) {
        (WorldError::NoWorld { found, .. }, Some(wit)) if found.is_empty() => {
            (wit, "this WIT", "declare a world in it, which says what the plugin imports and exports")
        }
        (WorldError::NoWorld { .. }, Some(wit)) => {
            (manifest.world.as_ref().unwrap_or(wit), "this world", "name one of the worlds by `world`")
        }
        (WorldError::Wit(_) | WorldError::NoInterface { .. }, Some(wit)) => {
            (wit, "this WIT", "correct the WIT, or name its world by `world`")
        }
        (WorldError::CoreWithoutWorld, _) => (
            &manifest.component,
            "a core module",
            "make it a component, embed its WIT, or say `wit = \"…\"` and `world = \"…\"` in `[plugin]`; \
             only a program, which exports `_start`, needs none",
        ),
        (WorldError::BadText(_), _) => {
            (&manifest.component, "this text", "correct the text, or name the binary that it was to become")
        }
        (WorldError::OtherFile { remedy, .. }, _) => (&manifest.component, "this file", remedy.as_str()),
        (WorldError::NotWasm(_), _) => {
            (&manifest.component, "this file", "name a WebAssembly component or core module, as `.wasm` or `.wat`")
        }
        (WorldError::LargeText { .. }, _) => (
            &manifest.component,
            "this file",
            "name the binary that this is the text of, as `wasm-tools parse` makes it",
        ),
        (WorldError::Componentize(_), _) => (
            &manifest.component,
            "this core module",
            "build it for the world that its WIT describes, or correct `wit` and `world`",
        ),
        (WorldError::Import { .. }, _) => (
            &manifest.component,
            "this core module",
            "build it without that import, or for WASI preview 1 and a WIT that have it",
        ),
        (WorldError::Platform { instead, .. }, _) => (&manifest.component, "this core module", *instead),
        (WorldError::NoMemory, _) => {
            (&manifest.component, "this core module", "export its memory, as linkers do unless told otherwise")
        }
        (WorldError::Inexpressible { .. } | WorldError::Unsayable(_) | WorldError::TooLarge, _) => (
            &manifest.component,
            "this component",
            "build it so that it imports and exports interfaces, functions and types only, each under a name of its kind",
        ),
        (WorldError::TooManyWorlds, _) => {
            (&manifest.component, "this component", "build it so that it imports and exports less, or divide the app")
        }
        (WorldError::Invalid(told), _) => (&manifest.component, "this binary", invalid_help(told)),
        (WorldError::HugeValue(_), _) => {
            (&manifest.component, "this component", "pass large values as a `list` without a fixed length")
        }
        (WorldError::Intricate(_), _) => {
            (&manifest.component, "this component", "build it of fewer parts, or link them into one core module")
        }
        (WorldError::Costly(_), _) => (
            &manifest.component,
            &*format!("of the plugin `{}`", manifest.id.value),
            "divide it into smaller functions or several plugins; what tool chains make is far below the limit",
        ),
        (WorldError::Reexport(_), _) => (
            &manifest.component,
            "this component",
            "let it export a function of its own that calls the imported one, or leave the export out",
        ),
        (WorldError::Wit(_) | WorldError::NoInterface { .. } | WorldError::NoWorld { .. }, _) => {
            (&manifest.component, "this binary", "correct the WIT that is embedded in it")
        }
    };
    at(manifest, place, told.to_string(), label).help(help)
}
