(component (import "url=<https://example.org/a.wasm>" (func)))
