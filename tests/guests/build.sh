#!/usr/bin/env bash
# Rebuilds the plugins that tests run for real. They are committed, so this is needed only when a
# source changes.
#
#   build.sh                  over the committed ones, with the tools that are there
#   build.sh --install        installs what is missing, by rustup or apt
#   build.sh --out FOLDER     elsewhere; `PLUGWEAVE_GUESTS=FOLDER cargo test` then tests those
#
# C is compiled by the WASI SDK that WASI_SDK_PATH names, else by Debian's clang. ../../scripts/guests.sh
# tells where Rust gets its standard library. Status 3 says that tools are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ../../scripts/guests.sh
read_options . "$@"

build_c() {
    local name=$1 cc
    shift
    if [ -n "${WASI_SDK_PATH:-}" ]; then
        cc=("$WASI_SDK_PATH/bin/clang" --target=wasm32-wasip1)
    else
        debian_packages "set WASI_SDK_PATH" clang lld wasi-libc libclang-rt-dev-wasm32
        cc=(clang --target=wasm32-wasi --sysroot=/usr)
    fi
    echo "building c-$name with $("${cc[0]}" --version | head -n 1)"
    # Names of functions stay: traps are told by them.
    "${cc[@]}" -std=c11 -Oz -Wall -Wextra -Wl,--strip-debug "$@" -o "$CARGO_TARGET_DIR/c-$name.wasm"
    take "$CARGO_TARGET_DIR/c-$name.wasm" "c-$name.wasm"
}

build_rust wasm32-unknown-unknown -p probe
take_rust wasm32-unknown-unknown probe.wasm probe.wasm
crt1=command build_rust wasm32-wasip1 -p teller
take_rust wasm32-wasip1 teller.wasm rust-teller.wasm
crt1=reactor build_rust wasm32-wasip1 -p desk
take_rust wasm32-wasip1 desk.wasm rust-desk.wasm

build_c teller c/teller.c
bindings=$CARGO_TARGET_DIR/bindings
cargo run --quiet --locked -p bindings -- wit desk-plugin "$bindings"
build_c desk -mexec-model=reactor -I "$bindings" c/desk.c "$bindings/desk_plugin.c" \
    "$bindings/desk_plugin_component_type.o"
