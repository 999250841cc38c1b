(component (import "demo:net/ping@1.0.0-rc.1" (instance (export "ping" (func)))))
