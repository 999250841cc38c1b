(component
  (import "demo:ui/window@1.0.0" (instance (export "ping" (func))))
  (import "demo:text/rules@1.0.0" (instance (export "ping" (func))))
  (core module $code
    (func (export "run") (result i32) (i32.const 0))
    (func (export "ping")))
  (core instance $core (instantiate $code))
  (func $run (result (result)) (canon lift (core func $core "run")))
  (func $ping (canon lift (core func $core "ping")))
  (instance (export "wasi:cli/run@0.2.0") (export "run" (func $run)))
  (instance (export "demo:shell/commands@1.0.0") (export "ping" (func $ping))))
