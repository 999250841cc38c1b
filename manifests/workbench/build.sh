#!/usr/bin/env bash
# Rebuilds every component of this app into wasm/. They are committed, so this is needed only when a
# source changes.
#
#   build.sh                  with the tools that are there
#   build.sh --install        installs what is missing, by rustup or apt
#   build.sh --out FOLDER     elsewhere
#
# ../../scripts/guests.sh tells where Rust gets its standard library. Status 3 says that tools are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/guests"
. ../../../scripts/guests.sh
read_options ../wasm "$@"

build_rust wasm32-unknown-unknown --workspace
for manifest in ../*.toml; do
    plugin=$(basename "$manifest" .toml)
    [ "$plugin" != app ] || continue
    take_rust wasm32-unknown-unknown "${plugin//-/_}.wasm" "$plugin.wasm"
done
