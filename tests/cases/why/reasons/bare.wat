(component
  (core module $code (func (export "ping")))
  (core instance $core (instantiate $code))
  (func $ping (canon lift (core func $core "ping")))
  (instance (export "demo:text/words") (export "ping" (func $ping))))
