(component (import "wasi:io/stream@0.2.0" (instance (export "read" (func (result u32))))))
