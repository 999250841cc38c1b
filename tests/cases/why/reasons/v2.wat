(component
  (core module $code (func (export "ping")))
  (core instance $core (instantiate $code))
  (func $ping (canon lift (core func $core "ping")))
  (instance (export "demo:text/words@2.0.0") (export "ping" (func $ping))))
