# What the scripts that build plugins out of Rust and C have in common; they source this file.
#
# Rust needs a standard library for WebAssembly. The toolchain at hand has it, or it is built from the
# sources that go with Debian's rustc-web. With `--install` rustup is asked for the former, and if it
# cannot be had, apt for the latter.

# Missing tools end a script with this status; failures of a build have others.
readonly MISSING_TOOLS=3

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$repository/target/guests}"
install=
out=

# Reads the options of a script; the first argument is the folder that it writes to by default. What
# its caller names is relative to where the caller is, and the script has gone to its own folder by now.
read_options() {
    out=$PWD/$1
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            --install) install=yes ;;
            --out) out=${2:?a folder must follow --out} && shift ;;
            *) echo "usage: $0 [--install] [--out FOLDER]" >&2 && exit 2 ;;
        esac
        shift
    done
    case $out in /*) ;; *) out=$OLDPWD/$out ;; esac
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
}

lack() {
    echo "missing tools: $*" >&2
    exit "$MISSING_TOOLS"
}

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Sees to it that Debian packages are there. The first argument says what else would do.
debian_packages() {
    local instead=$1 package missing=() log sudo=()
    shift
    command -v dpkg-query >/dev/null || lack "this is no Debian machine; $instead"
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ -n "$install" ] || lack "install the Debian packages ${missing[*]} (\`--install\` does it), or $instead"
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    [ ${#sudo[@]} = 0 ] || command -v sudo >/dev/null || lack "only root can install ${missing[*]}; or $instead"
    echo "installing ${missing[*]}"
    log=$(mktemp)
    if ! { "${sudo[@]}" apt-get update && "${sudo[@]}" apt-get install -y --no-install-recommends "${missing[@]}"; } \
        >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        lack "apt cannot install ${missing[*]}; $instead"
    fi
    rm "$log"
}

has_std() { [ -d "$(rustc --print target-libdir --target "$1")" ]; }

# Whether the toolchain at hand has, or now gets, the standard library of a target.
rustup_std() {
    has_std "$1" && return
    # Who has Debian's sources has been here before.
    [ -n "$install" ] && ! is_installed rust-web-src && command -v rustup >/dev/null || return
    timeout 60 rustup target add "$1" && has_std "$1"
}

# Flags as cargo takes them when a path in them may have spaces.
encoded() {
    local IFS=$'\x1f'
    echo "$*"
}

# Builds Rust packages: TARGET, then what `cargo build` or, for one package, `cargo rustc` is told.
# wasm32-unknown-unknown gives components, wasm32-wasip1 core modules; for these `crt1` must be set
# to `command` or `reactor`, which is what Debian's C library begins them with.
build_rust() {
    local target=$1 bin registry flags=() linker=wasm-component-ld
    shift
    bin="$(rustc --print sysroot)/lib/rustlib/$(rustc --print host-tuple)/bin"
    [ -x "$bin/wasm-component-ld" ] || lack "this Rust has no wasm-component-ld; install Rust by rustup"
    [ "$target" != wasm32-wasip1 ] || linker=rust-lld
    export "CARGO_TARGET_$(tr a-z- A-Z_ <<<"$target")_LINKER=$bin/$linker"
    # No path of the building machine ends up in a plugin.
    cargo fetch --quiet --locked
    flags+=("--remap-path-prefix=$repository=/plugweave")
    for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
        flags+=("--remap-path-prefix=$registry=/crates")
    done
    if rustup_std "$target"; then
        echo "building for $target with $(rustc --version)"
        PATH="$bin/gcc-ld:$bin:$PATH" CARGO_ENCODED_RUSTFLAGS=$(encoded "${flags[@]}") \
            cargo build --release --locked --target "$target" "$@"
    else
        build_with_debian "$target" "$@"
    fi
}

build_with_debian() {
    local target=$1 instead="run \`rustup target add $1\`" sources command=build last=() libc=/usr/lib/wasm32-wasi
    shift
    debian_packages "$instead" rustc-web rust-web-src
    sources=$(readlink -f /usr/lib/rustlib/src/rust)
    flags+=("--remap-path-prefix=$sources=/rust" --remap-path-prefix=/usr/lib/rustlib/src/rust=/rust)
    if [ "$target" = wasm32-wasip1 ]; then
        debian_packages "$instead" wasi-libc
        flags+=(-Clink-self-contained=no "-Clink-arg=-L$libc" "-Clink-arg=$libc/libc.a")
        command=rustc
        last=(-- "-Clink-arg=$libc/crt1-$crt1.o")
    fi
    echo "building for $target with Debian's $(/usr/bin/rustc --version), its own standard library"
    env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 PATH="$bin/gcc-ld:$bin:$PATH" \
        CARGO_ENCODED_RUSTFLAGS="$(encoded "${flags[@]}")" \
        cargo "$command" --release --locked -Zbuild-std=std,panic_abort --target "$target" "$@" "${last[@]}"
}

# Copies a built module to where the script writes, and tells its size: TARGET, file, new name.
take_rust() {
    take "$CARGO_TARGET_DIR/$1/release/$2" "$3"
}

take() {
    cp "$1" "$out/$2"
    chmod 644 "$out/$2"
    printf '%8d  %s\n' "$(wc -c <"$out/$2")" "$2"
}
