(component (import "demo:net/fetch@1.0.0" (instance (export "get" (func async (result u32))))))
