(component
  (core module $code (func (export "f")))
  (core instance $core (instantiate $code))
  (func $f (canon lift (core func $core "f")))
  (export "f" (func $f)))
