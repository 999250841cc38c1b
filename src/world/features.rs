use wasmparser::WasmFeatures;

/// The WebAssembly features that a component may use: exactly those of the engine that will run it.
///
/// This repeats `Config::features` of wasmtime 48 for the engine of the running half (no `gc`, `threads`,
/// `component-model-async` or `stack-switching` in its Cargo features; concurrency support off; maps and
/// fixed-length lists on), so that what passes here is not refused there, nor the other way round.
pub(super) fn features() -> WasmFeatures {
    // wasmtime starts from WebAssembly 3.0 and takes away what it was built without.
    let mut features = WasmFeatures::WASM3;
    // Without the Cargo feature `gc` there is no collector: no `externref`, no structs and arrays, and no
    // exceptions either. The proposal's own bit, GC, stays set there too: it allows the new encodings of types.
    features.remove(WasmFeatures::GC_TYPES | WasmFeatures::EXCEPTIONS);
    // Without the Cargo feature `threads`: no shared memories, no atomics.
    features.remove(WasmFeatures::THREADS);
    // CM_ASYNC (`async func`, streams, futures) follows the engine's concurrency support, which is off. Off by
    // default, and never turned on by us, is all the rest of the component model's proposals: `value` imports,
    // nested names, `implements`, canonical names, error contexts, threading, GC and 64-bit canonical ABIs.
    features.insert(WasmFeatures::COMPONENT_MODEL);
    // `Config::wasm_component_model_map` and `Config::wasm_component_model_fixed_length_lists`.
    features.insert(WasmFeatures::CM_MAP | WasmFeatures::CM_FIXED_LENGTH_LISTS);
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_lacks_is_off() {
        let off = WasmFeatures::GC_TYPES
            | WasmFeatures::EXCEPTIONS
            | WasmFeatures::THREADS
            | WasmFeatures::STACK_SWITCHING
            | WasmFeatures::CM_ASYNC
            | WasmFeatures::CM_VALUES
            | WasmFeatures::CM_ERROR_CONTEXT
            | WasmFeatures::CM_NESTED_NAMES
            | WasmFeatures::CM_IMPLEMENTS;
        assert!(!features().intersects(off));
        let on = WasmFeatures::SIMD | WasmFeatures::FLOATS | WasmFeatures::MULTI_MEMORY | WasmFeatures::MEMORY64;
        assert!(features().contains(on | WasmFeatures::CM_MAP | WasmFeatures::CM_FIXED_LENGTH_LISTS));
    }
}
