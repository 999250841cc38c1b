(component
  (import "demo:net/c@1.0.0" (instance (export "ping" (func))))
  (import "demo:net/a@1.0.0" (instance (export "ping" (func))))
  (import "demo:net/b@1.0.0" (instance (export "ping" (func)))))
