(component (import "wasi:http/types@0.2.0" (instance (export "limit" (func (result u32))))))
