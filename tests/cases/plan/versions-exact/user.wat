(component (import "demo:net/ping@0.0.3" (instance (export "ping" (func)))))
