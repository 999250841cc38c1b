(component
  (import "probe:wasi/probe@1.0.0" (instance $probe (export "exit" (func (param "code" u8)))))
  (core func $exit (canon lower (func $probe "exit")))
  (core module $code
    (import "probe" "exit" (func $exit (param i32)))
    (func (export "run") (result i32) (call $exit (i32.const 3)) (i32.const 0)))
  (core instance $core (instantiate $code (with "probe" (instance (export "exit" (func $exit))))))
  (func $run (result (result)) (canon lift (core func $core "run")))
  (instance (export "wasi:cli/run@0.2.12") (export "run" (func $run))))
