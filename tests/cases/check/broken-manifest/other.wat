(component (import "demo:net/trace@1.0.0" (instance (export "ping" (func)))))
