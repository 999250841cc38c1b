(component (import "wasi:config/store@0.2.0-draft" (instance (export "get-all" (func (result u32))))))
