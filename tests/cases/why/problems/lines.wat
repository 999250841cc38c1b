(component
  (core module $code (func (export "ping")))
  (core instance $core (instantiate $code))
  (func $ping (canon lift (core func $core "ping")))
  (instance (export "demo:text/lines@1.0.0") (export "ping" (func $ping))))
