(component (import "wasi:config/store@0.2.0-draft" (instance (export "get" (func (param "key" string))))))
