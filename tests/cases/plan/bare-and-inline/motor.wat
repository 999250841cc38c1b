(component
  (core module $code
    (func (export "run") (param i32) (result i32) (local.get 0))
    (func (export "stop")))
  (core instance $core (instantiate $code))
  (func $run (param "speed" u32) (result u32) (canon lift (core func $core "run")))
  (func $stop (canon lift (core func $core "stop")))
  (export "run" (func $run))
  (instance (export "engine") (export "stop" (func $stop))))
