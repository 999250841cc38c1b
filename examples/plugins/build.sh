#!/usr/bin/env bash
# Rebuilds the plugins of the examples. They are committed, so this is needed only when a source or the
# WIT changes.
#
#   build.sh                  over the committed ones, with the tools that are there
#   build.sh --install        installs what is missing, by rustup or apt
#   build.sh --out FOLDER     elsewhere
#
# ../../scripts/guests.sh tells where Rust gets its standard library. Status 3 says that tools are
# missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/guests"
. ../../../scripts/guests.sh
read_options .. "$@"

target=wasm32-unknown-unknown
build_rust "$target" --workspace
for app in shell editor; do
    mkdir -p "$out/$app/wasm"
    for manifest in ../"$app"/*.toml; do
        plugin=$(basename "$manifest" .toml)
        [ "$plugin" = app ] || take_rust "$target" "${plugin//-/_}.wasm" "$app/wasm/$plugin.wasm"
    done
done
