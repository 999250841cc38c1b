(component
  (import "demo:text/words@1.2.0" (instance (export "ping" (func))))
  (import "demo:text/lines@1.0.0" (instance (export "ping" (func))))
  (import "demo:text/pages@1.0.0" (instance (export "count" (func (result u32)))))
  (import "demo:text/marks@1.0.0" (instance (export "ping" (func)))))
