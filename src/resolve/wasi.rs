//! Which `wasi:*` interfaces the runtime itself offers.

use semver::Version;

use crate::model::ExternName;

/// The interfaces of WASI 0.2 that wasmtime-wasi 48 offers; a test of the running half holds this
/// list against the real linker.
const PREVIEW_2: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// Offered by wasmtime-wasi-config 48.
const CONFIG: &str = "wasi:config/store@0.2.0-rc.1";

/// Whether the runtime offers this interface in this version.
pub fn offers(name: &ExternName) -> bool {
    let preview_2 = |version: &Version| (version.major, version.minor) == (0, 2) && version.pre.is_empty();
    (name.version().is_some_and(preview_2) && PREVIEW_2.contains(&name.base())) || name.to_string() == CONFIG
}

/// What the runtime offers, as names for people, each with the version series it has.
pub fn offered() -> impl Iterator<Item = String> {
    PREVIEW_2.iter().map(|base| format!("{base}@0.2")).chain([CONFIG.to_owned()])
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
}
