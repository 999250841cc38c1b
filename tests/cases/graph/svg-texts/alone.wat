(component
  (import "demo:text/rules@1.0.0" (instance (export "ping" (func)))))
