(component
  (core module $code (func (export "run") (result i32) (i32.const 0)))
  (core instance $core (instantiate $code))
  (func $run (result (result)) (canon lift (core func $core "run")))
  (instance (export "wasi:cli/run@0.2.0") (export "run" (func $run))))
