(component (import "wasi:http/client@0.2.0" (instance (export "send" (func)))))
