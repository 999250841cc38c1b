(component
  (import "demo:ring/left@1.0.0" (instance (export "ping" (func))))
  (import "demo:ring/right@1.0.0" (instance (export "ping" (func))))
  (core module $code (func (export "ping")))
  (core instance $core (instantiate $code))
  (func $ping (canon lift (core func $core "ping"))))
