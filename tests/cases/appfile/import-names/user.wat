(component
  (import "demo:net/ping@1.0.0" (instance (export "ping" (func))))
  (import "demo:net/ping@2.0.0" (instance (export "ping" (func))))
  (import "demo:net/pings@1.0.0" (instance (export "ping" (func)))))
