(component
  (core module $code (func (export "ping")))
  (core instance $core (instantiate $code))
  (func $ping (canon lift (core func $core "ping")))
  (instance (export "demo:net/ping@1.2.7") (export "ping" (func $ping))))
