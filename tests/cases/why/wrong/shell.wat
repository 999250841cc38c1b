(component
  (import "demo:text/words@1.0.0" (instance (export "ping" (func))))
  (import "demo:text/words@2.0.0" (instance (export "ping" (func)))))
