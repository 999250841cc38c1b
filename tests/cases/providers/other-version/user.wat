(component (import "demo:net/ping@1.2.0" (instance (export "ping" (func)))))
