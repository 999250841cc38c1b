#!/usr/bin/env bash
# Rebuilds the components that tests run for real: probe.wasm.
#
# With the target wasm32-wasip2 installed (`rustup target add wasm32-wasip2`),
# plain cargo does it. Else this builds for wasm32-unknown-unknown with Debian's
# rustc-web and the standard library's sources beside it, driven by the cargo at
# hand; rustup's toolchain already carries the linker that makes components.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
repository=$(cd ../.. && pwd)
# No path of the building machine ends up in a component.
cargo fetch --locked
remap="--remap-path-prefix=$repository=/plugweave"
for registry in "$cargo_home"/registry/src/*; do remap+=" --remap-path-prefix=$registry=/crates"; done
build=(cargo build --release --locked --workspace)

build_plainly() {
    local target=$1
    echo "building for $target with $(rustc --version), $(cargo --version)"
    RUSTFLAGS="$remap" "${build[@]}" --target "$target"
}

debian_toolchain() {
    if [ -x /usr/bin/rustc ] && [ -e /usr/lib/rustlib/src/rust/library/Cargo.lock ]; then return; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: run \`rustup target add wasm32-wasip2\`, or install Debian's rustc-web and rust-web-src" >&2
        exit 1
    fi
    apt-get update
    apt-get install -y --no-install-recommends rustc-web rust-web-src
}

build_with_own_std() {
    local target=$1 linkers sources
    debian_toolchain
    linkers="$(env -u RUSTC rustc --print sysroot)/lib/rustlib/$(env -u RUSTC rustc --print host-tuple)/bin"
    sources=$(readlink -f /usr/lib/rustlib/src/rust)
    echo "building for $target with $(/usr/bin/rustc --version), $(cargo --version), $("$linkers/wasm-component-ld" --version)"
    env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 PATH="$linkers/gcc-ld:$linkers:$PATH" \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linkers/wasm-component-ld" \
        RUSTFLAGS="$remap --remap-path-prefix=$sources=/rust --remap-path-prefix=/usr/lib/rustlib/src/rust=/rust" \
        "${build[@]}" -Zbuild-std=std,panic_abort --target "$target"
}

if [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2" ]; then
    target=wasm32-wasip2
    build_plainly "$target"
else
    target=wasm32-unknown-unknown
    build_with_own_std "$target"
fi

for guest in probe; do
    cp "$CARGO_TARGET_DIR/$target/release/$guest.wasm" "$guest.wasm"
    printf '%8d  %s.wasm\n' "$(wc -c < "$guest.wasm")" "$guest"
done
