(component
  (core module $code (func (export "tick")))
  (core instance $core (instantiate $code))
  (func $tick (canon lift (core func $core "tick")))
  (instance (export "wasi:clocks/wall-clock@0.2.0") (export "tick" (func $tick))))
