//! Which `wasi:*` interfaces the runtime itself offers, with the types of their functions.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::model::ExternName;
use crate::world::{Extern, WitSource, read_interfaces};

/// What the runtime offers, as `plugweave inspect` prints a component that imports all of it. It is generated: a test
/// of the running half makes that component, holds this text against it, and links it with the real runtime.
const OFFERED: &str = include_str!("wasi.wit");

/// An interface that the runtime offers in every version that serves a given one, with its functions.
pub fn interface(name: &ExternName) -> Option<&'static Extern> {
    interfaces().get(name.base()).filter(|offered| offered.name.serves(name))
}

/// Whether the runtime offers this interface in this version.
pub fn offers(name: &ExternName) -> bool {
    interface(name).is_some()
}

/// The functions of an interface that the runtime offers, in the names that components have for them.
pub fn functions(name: &ExternName) -> Option<impl Iterator<Item = &'static str> + use<>> {
    Some(interface(name)?.functions.iter().map(|function| function.name.as_str()))
}

/// What the runtime offers, as names for people: by name, releases of 0.2 first and as one series.
pub fn offered() -> impl Iterator<Item = String> {
    let (series, others): (Vec<&Extern>, Vec<&Extern>) =
        interfaces().values().partition(|offered| offered.name.is_wasi_0_2());
    let series = series.into_iter().map(|offered| format!("{}@0.2", offered.name.base()));
    series.chain(others.into_iter().map(|offered| offered.name.to_string()))
}

/// What the runtime offers, by name without version.
fn interfaces() -> &'static BTreeMap<String, Extern> {
    static INTERFACES: OnceLock<BTreeMap<String, Extern>> = OnceLock::new();
    INTERFACES.get_or_init(|| {
        // The text is part of the program; a test sees to it that it can be read.
        let read = read_interfaces(&WitSource::from(OFFERED)).unwrap_or_default();
        read.into_iter().map(|offered| (offered.name.base().to_owned(), offered)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_patch_of_preview_2_and_one_config() {
        let offered = |name: &str| offers(&ExternName::parse(name).unwrap());
        assert!(offered("wasi:cli/stdout@0.2.0") && offered("wasi:cli/stdout@0.2.12"));
        assert!(offered("wasi:config/store@0.2.0-rc.1"));
        for name in ["wasi:cli/stdout", "wasi:cli/stdout@0.3.0", "wasi:http/types@0.2.0", "wasi:config/store@0.2.0"] {
            assert!(!offered(name), "{name}");
        }
    }

    #[test]
    fn functions_by_their_names_in_a_component() {
        let of = |name: &str| functions(&ExternName::parse(name).unwrap()).map(Iterator::collect::<Vec<_>>);
        assert_eq!(of("wasi:cli/exit@0.2.3"), Some(vec!["exit", "exit-with-code"]));
        assert_eq!(of("wasi:config/store@0.2.0-rc.1"), Some(vec!["get", "get-all"]));
        assert_eq!(offered().count(), 28);
        assert_eq!(of("wasi:cli/terminal-input@0.2.0"), Some(vec![]));
        assert!(of("wasi:io/streams@0.2.0").unwrap().contains(&"[method]output-stream.write"));
        assert_eq!(of("wasi:cli/run@0.2.0"), None);
    }
}
