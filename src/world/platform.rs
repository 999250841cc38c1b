//! Core modules that are made for another platform than this one: what they are, and why no WIT helps.
//!
//! They are looked at only when they cannot be made a component, so that a module whose WIT does serve such imports
//! stays one.

use wasmparser::{FuncType, Parser, Payload, TypeRef, ValType};

use super::WorldError;

/// What a platform is told by: an import of a module.
struct Platform {
    /// What such a module is, as it follows "it is".
    what: &'static str,
    /// Whether it has this import.
    has: fn(&Imported<'_>) -> bool,
    /// Who serves its imports, and why no plugin can.
    why: &'static str,
    /// What to build instead.
    instead: &'static str,
}

/// An import of a core module.
struct Imported<'a> {
    module: &'a str,
    name: &'a str,
    ty: TypeRef,
    /// What a function takes and returns.
    signature: Option<FuncType>,
}

/// A memory that threads share, which the validator refuses before it knows what it is for.
fn shares_memory(import: &Imported<'_>) -> bool {
    matches!(import.ty, TypeRef::Memory(memory) if memory.shared)
}

fn in_env(import: &Imported<'_>, prefixes: &[&str]) -> bool {
    import.module == "env" && prefixes.iter().any(|prefix| import.name.starts_with(prefix))
}

/// Of several that fit, the first is meant: those of the most telling names come first.
const PLATFORMS: &[Platform] = &[
    Platform {
        what: "a module for JavaScript, made by wasm-bindgen",
        has: |import| {
            import.module.starts_with("__wbindgen")
                || import.module == "wbg"
                || (import.module.starts_with("./") && import.module.ends_with(".js"))
                || import.name.starts_with("__wbindgen_")
                || import.name.starts_with("__wbg_")
        },
        why: "JavaScript beside it serves that, and there is none here",
        instead: "build it for `wasm32-wasip2` without wasm-bindgen, and without crates that are for browsers; \
                  `wit-bindgen` makes its imports and exports",
    },
    Platform {
        what: "a plug-in for Extism",
        has: |import| import.module.starts_with("extism:") || in_env(import, &["extism_"]),
        why: "the Extism host serves that, with values in a memory of its own",
        instead: "say in WIT what it imports and exports, and build it with `wit-bindgen` in place of Extism's PDK",
    },
    Platform {
        what: "a filter for proxies, made for proxy-wasm",
        has: |import| in_env(import, &["proxy_"]),
        why: "a proxy such as Envoy serves that, and calls it back",
        instead: "say in WIT what it does for others, and build it with `wit-bindgen` in place of proxy-wasm's SDK",
    },
    Platform {
        what: "a program for WASIX",
        has: |import| import.module.starts_with("wasix_"),
        why: "Wasmer serves that: threads, processes and sockets, which a plugin does not have",
        instead: "build it for WASI preview 1 (`wasm32-wasip1`) or 0.2 (`wasm32-wasip2`)",
    },
    Platform {
        what: "a program with threads, made for wasi-threads",
        has: |import| import.module == "wasi" && import.name == "thread-spawn",
        why: "a plugin runs one thread at a time, and shares its memory with no other",
        instead: "build it without threads, for `wasm32-wasip1` or `wasm32-wasip2`",
    },
    Platform {
        what: "a module for JavaScript, made by Emscripten",
        has: |import| {
            in_env(import, &["emscripten_", "_emscripten_", "__syscall_", "invoke_", "__cxa_", "_embind_", "asyncify_"])
        },
        why: "JavaScript beside it serves that, and there is none here",
        instead: "build it with the WASI SDK (`clang --target=wasm32-wasip1`), or with Emscripten's \
                  `-sSTANDALONE_WASM` and without what needs JavaScript",
    },
    Platform {
        what: "a module for JavaScript, made by Go",
        has: |import| matches!(import.module, "gojs" | "go") && import.name.contains('.'),
        why: "the `wasm_exec.js` of Go serves that, and there is no JavaScript here",
        instead: "build it with `GOOS=wasip1`, or with TinyGo's `-target=wasip2`",
    },
    Platform {
        what: "a module for JavaScript, made by AssemblyScript",
        has: |import| import.module == "env" && is_of_assemblyscript(import),
        why: "JavaScript beside it serves that, and AssemblyScript knows no WIT",
        instead: "write it in a language for which `wit-bindgen` makes imports and exports",
    },
    Platform {
        what: "a library for dynamic linking",
        has: |import| {
            in_env(import, &["__memory_base", "__table_base", "__indirect_function_table"])
                || matches!(import.module, "GOT.mem" | "GOT.func")
        },
        why: "the program that loads it lends it its memory and table, and a plugin has its own",
        instead: "link it statically, without `-shared`, or into one component by `wasm-tools component link`",
    },
    Platform {
        what: "a component for Spin before its version 2",
        has: |import| {
            import.module.starts_with("spin-")
                || matches!(import.module, "wasi-outbound-http" | "outbound-redis" | "outbound-pg" | "outbound-mysql")
        },
        why: "its interfaces are older than the component model",
        instead: "build it with a later SDK of Spin, or say in WIT what it imports and exports",
    },
    Platform {
        what: "a module for waPC",
        has: |import| import.module == "wapc",
        why: "the waPC host serves that",
        instead: "say in WIT what it imports and exports, and build it with `wit-bindgen` in place of waPC's SDK",
    },
    Platform {
        what: "a process for Lunatic",
        has: |import| import.module.starts_with("lunatic::"),
        why: "Lunatic serves that: processes and messages, which a plugin does not have",
        instead: "build it for WASI preview 1 (`wasm32-wasip1`) or 0.2 (`wasm32-wasip2`)",
    },
    Platform {
        what: "a program for Fastly Compute",
        has: |import| import.module.starts_with("fastly_"),
        why: "Fastly's servers serve that",
        instead: "say in WIT what it does for others, and build it with `wit-bindgen` in place of Fastly's SDK",
    },
    Platform {
        what: "a canister of the Internet Computer",
        has: |import| import.module == "ic0",
        why: "its replicas serve that",
        instead: "say in WIT what it does for others, and build it with `wit-bindgen` in place of its SDK",
    },
    Platform {
        what: "a smart contract for CosmWasm",
        has: |import| matches!((import.module, import.name), ("env", "db_read" | "db_write" | "addr_validate")),
        why: "a blockchain serves that",
        instead: "say in WIT what it does for others, and build it with `wit-bindgen` in place of CosmWasm's SDK",
    },
    Platform {
        what: "a program with a neural network, made for wasi-nn",
        has: |import| import.module.starts_with("wasi_ephemeral_nn"),
        why: "the runtime has no such network, and a core module can ask no plugin for it in this form",
        instead: "build it as a component for `wasm32-wasip2`, with an interface that a plugin exports",
    },
    Platform {
        what: "a program with the sockets of WasmEdge",
        has: |import| import.module == super::preview1::MODULE && is_socket_of_wasmedge(import.name),
        why: "WasmEdge adds that to WASI preview 1, which has no way to open a socket",
        instead: "build it for `wasm32-wasip2`, where `wasi:sockets` opens them",
    },
];

/// C knows an `abort` too, and any host may have a `trace`: those of AssemblyScript are told by what they take.
fn is_of_assemblyscript(import: &Imported<'_>) -> bool {
    let Some(signature) = &import.signature else { return false };
    match import.name {
        "abort" => signature.params() == [ValType::I32; 4] && signature.results().is_empty(),
        "seed" => signature.params().is_empty() && signature.results() == [ValType::F64],
        "trace" => signature.params() == TRACE && signature.results().is_empty(),
        _ => false,
    }
}

/// A message, how many numbers belong to it, and five of them.
const TRACE: [ValType; 7] =
    [ValType::I32, ValType::I32, ValType::F64, ValType::F64, ValType::F64, ValType::F64, ValType::F64];

fn is_socket_of_wasmedge(name: &str) -> bool {
    matches!(name, "sock_open" | "sock_bind" | "sock_listen" | "sock_connect" | "sock_getaddrinfo" | "sock_setsockopt")
}

/// Says of a module that cannot be made a component what it is, where that explains why.
pub(super) fn explain(module: &[u8], error: WorldError) -> WorldError {
    let imports = imports(module);
    let shared = imports.iter().any(shares_memory);
    match error {
        WorldError::CoreWithoutWorld | WorldError::Import { .. } | WorldError::NoMemory => {}
        // The validator says nothing of imports; that it refuses the memory is what is to be explained.
        WorldError::Invalid(_) if shared => {}
        other => return other,
    }
    let found =
        PLATFORMS.iter().find_map(|platform| Some((platform, imports.iter().find(|import| (platform.has)(import))?)));
    let (what, why, instead, import) = match found {
        Some((platform, import)) => (platform.what, platform.why, platform.instead, import),
        None => match minified(&imports) {
            Some(import) => (
                "a module for JavaScript, with names that were made short, as Emscripten does",
                "JavaScript beside it serves that, and there is none here",
                "build it with the WASI SDK (`clang --target=wasm32-wasip1`), or with Emscripten's \
                 `-sSTANDALONE_WASM` and without what needs JavaScript",
                import,
            ),
            None => return error,
        },
    };
    WorldError::Platform { what, module: import.module.to_owned(), name: import.name.to_owned(), why, instead }
}

/// An import, where all are `a.a`, `a.b` and so on.
fn minified<'a, 'b>(imports: &'a [Imported<'b>]) -> Option<&'a Imported<'b>> {
    let is_short = |import: &Imported<'_>| import.module == "a" && import.name.len() <= 2;
    imports.iter().all(is_short).then(|| imports.first()).flatten()
}

/// What a module imports, as far as it can be read.
fn imports(module: &[u8]) -> Vec<Imported<'_>> {
    let (mut types, mut found) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload {
            Ok(Payload::TypeSection(section)) => {
                types.extend(section.into_iter_err_on_gc_types().map_while(Result::ok));
            }
            Ok(Payload::ImportSection(section)) => {
                found.extend(section.into_imports().map_while(Result::ok).map(|import| {
                    let signature = match import.ty {
                        TypeRef::Func(index) => types.get(index as usize).cloned(),
                        _ => None,
                    };
                    Imported { module: import.module, name: import.name, ty: import.ty, signature }
                }));
            }
            // They come before all code.
            Ok(Payload::FunctionSection(_) | Payload::CodeSectionStart { .. }) | Err(_) => break,
            Ok(_) => {}
        }
    }
    found
}
