(component (import "demo:net/ping@1.1.0" (instance (export "ping" (func)))))
