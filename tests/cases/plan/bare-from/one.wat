(component
  (core module $code (func (export "run") (result i32) (i32.const 1)))
  (core instance $core (instantiate $code))
  (func (export "run") (result u32) (canon lift (core func $core "run"))))
