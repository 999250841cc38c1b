(component
  (import "demo:farm/egg@1.0.0" (instance (export "make" (func))))
  (core module $code (func (export "make")))
  (core instance $core (instantiate $code))
  (func $make (canon lift (core func $core "make")))
  (instance (export "demo:farm/hen@1.0.0") (export "make" (func $make))))
