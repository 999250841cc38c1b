(component (import "demo:net/ping" (instance (export "ping" (func)))))
