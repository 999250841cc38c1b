(component (import "demo:net/ping@0.2.1" (instance (export "ping" (func)))))
