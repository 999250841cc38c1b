//! Which `wasi:*` interfaces the runtime itself offers, with which functions.

use semver::Version;

use crate::model::ExternName;

/// The interfaces of WASI 0.2 that wasmtime-wasi 48 offers, each with its functions; a test of the
/// running half holds this list against the real linker.
const PREVIEW_2: &[(&str, &str)] = &[
    ("wasi:cli/environment", "get-environment get-arguments initial-cwd"),
    ("wasi:cli/exit", "exit exit-with-code"),
    ("wasi:cli/stderr", "get-stderr"),
    ("wasi:cli/stdin", "get-stdin"),
    ("wasi:cli/stdout", "get-stdout"),
    ("wasi:cli/terminal-input", ""),
    ("wasi:cli/terminal-output", ""),
    ("wasi:cli/terminal-stderr", "get-terminal-stderr"),
    ("wasi:cli/terminal-stdin", "get-terminal-stdin"),
    ("wasi:cli/terminal-stdout", "get-terminal-stdout"),
    ("wasi:clocks/monotonic-clock", "now resolution subscribe-instant subscribe-duration"),
    ("wasi:clocks/wall-clock", "now resolution"),
    ("wasi:filesystem/preopens", "get-directories"),
    (
        "wasi:filesystem/types",
        "[method]descriptor.read-via-stream [method]descriptor.write-via-stream \
         [method]descriptor.append-via-stream [method]descriptor.advise [method]descriptor.sync-data \
         [method]descriptor.get-flags [method]descriptor.get-type [method]descriptor.set-size \
         [method]descriptor.set-times [method]descriptor.read [method]descriptor.write \
         [method]descriptor.read-directory [method]descriptor.sync [method]descriptor.create-directory-at \
         [method]descriptor.stat [method]descriptor.stat-at [method]descriptor.set-times-at \
         [method]descriptor.link-at [method]descriptor.open-at [method]descriptor.readlink-at \
         [method]descriptor.remove-directory-at [method]descriptor.rename-at [method]descriptor.symlink-at \
         [method]descriptor.unlink-file-at [method]descriptor.is-same-object [method]descriptor.metadata-hash \
         [method]descriptor.metadata-hash-at [method]directory-entry-stream.read-directory-entry \
         filesystem-error-code",
    ),
    ("wasi:io/error", "[method]error.to-debug-string"),
    ("wasi:io/poll", "[method]pollable.ready [method]pollable.block poll"),
    (
        "wasi:io/streams",
        "[method]input-stream.read [method]input-stream.blocking-read [method]input-stream.skip \
         [method]input-stream.blocking-skip [method]input-stream.subscribe [method]output-stream.check-write \
         [method]output-stream.write [method]output-stream.blocking-write-and-flush \
         [method]output-stream.flush [method]output-stream.blocking-flush [method]output-stream.subscribe \
         [method]output-stream.write-zeroes [method]output-stream.blocking-write-zeroes-and-flush \
         [method]output-stream.splice [method]output-stream.blocking-splice",
    ),
    ("wasi:random/insecure", "get-insecure-random-bytes get-insecure-random-u64"),
    ("wasi:random/insecure-seed", "insecure-seed"),
    ("wasi:random/random", "get-random-bytes get-random-u64"),
    ("wasi:sockets/instance-network", "instance-network"),
    (
        "wasi:sockets/ip-name-lookup",
        "[method]resolve-address-stream.resolve-next-address [method]resolve-address-stream.subscribe \
         resolve-addresses",
    ),
    ("wasi:sockets/network", ""),
    (
        "wasi:sockets/tcp",
        "[method]tcp-socket.start-bind [method]tcp-socket.finish-bind [method]tcp-socket.start-connect \
         [method]tcp-socket.finish-connect [method]tcp-socket.start-listen [method]tcp-socket.finish-listen \
         [method]tcp-socket.accept [method]tcp-socket.local-address [method]tcp-socket.remote-address \
         [method]tcp-socket.is-listening [method]tcp-socket.address-family \
         [method]tcp-socket.set-listen-backlog-size [method]tcp-socket.keep-alive-enabled \
         [method]tcp-socket.set-keep-alive-enabled [method]tcp-socket.keep-alive-idle-time \
         [method]tcp-socket.set-keep-alive-idle-time [method]tcp-socket.keep-alive-interval \
         [method]tcp-socket.set-keep-alive-interval [method]tcp-socket.keep-alive-count \
         [method]tcp-socket.set-keep-alive-count [method]tcp-socket.hop-limit \
         [method]tcp-socket.set-hop-limit [method]tcp-socket.receive-buffer-size \
         [method]tcp-socket.set-receive-buffer-size [method]tcp-socket.send-buffer-size \
         [method]tcp-socket.set-send-buffer-size [method]tcp-socket.subscribe [method]tcp-socket.shutdown",
    ),
    ("wasi:sockets/tcp-create-socket", "create-tcp-socket"),
    (
        "wasi:sockets/udp",
        "[method]udp-socket.start-bind [method]udp-socket.finish-bind [method]udp-socket.stream \
         [method]udp-socket.local-address [method]udp-socket.remote-address [method]udp-socket.address-family \
         [method]udp-socket.unicast-hop-limit [method]udp-socket.set-unicast-hop-limit \
         [method]udp-socket.receive-buffer-size [method]udp-socket.set-receive-buffer-size \
         [method]udp-socket.send-buffer-size [method]udp-socket.set-send-buffer-size \
         [method]udp-socket.subscribe [method]incoming-datagram-stream.receive \
         [method]incoming-datagram-stream.subscribe [method]outgoing-datagram-stream.check-send \
         [method]outgoing-datagram-stream.send [method]outgoing-datagram-stream.subscribe",
    ),
    ("wasi:sockets/udp-create-socket", "create-udp-socket"),
];

/// Offered by wasmtime-wasi-config 48.
const CONFIG: (&str, &str) = ("wasi:config/store@0.2.0-rc.1", "get get-all");

/// Whether the runtime offers this interface in this version.
pub fn offers(name: &ExternName) -> bool {
    functions(name).is_some()
}

/// The functions of an interface that the runtime offers, in the names that components have for them.
pub fn functions(name: &ExternName) -> Option<impl Iterator<Item = &'static str> + use<>> {
    let preview_2 = |version: &Version| (version.major, version.minor) == (0, 2) && version.pre.is_empty();
    let functions = match name.version() {
        Some(version) if preview_2(version) => PREVIEW_2.iter().find(|(base, _)| *base == name.base())?.1,
        _ if name.to_string() == CONFIG.0 => CONFIG.1,
        _ => return None,
    };
    Some(functions.split_whitespace())
}

/// What the runtime offers, as names for people, each with the version series it has.
pub fn offered() -> impl Iterator<Item = String> {
    PREVIEW_2.iter().map(|(base, _)| format!("{base}@0.2")).chain([CONFIG.0.to_owned()])
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
        assert_eq!(of("wasi:cli/terminal-input@0.2.0"), Some(vec![]));
        assert!(of("wasi:io/streams@0.2.0").unwrap().contains(&"[method]output-stream.write"));
        assert_eq!(of("wasi:cli/run@0.2.0"), None);
    }
}
