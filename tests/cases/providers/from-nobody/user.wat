(component (import "demo:net/pings@1.0.0" (instance (export "ping" (func)))))
