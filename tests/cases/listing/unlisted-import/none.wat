(component
  (import "demo:net/ping@2.0.0" (instance (export "ping" (func)) (export "ping-many" (func (param "n" u32))))))
