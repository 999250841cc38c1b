(component (import "demo:net/ping@1.0.0" (instance (export "ping" (func)))))
