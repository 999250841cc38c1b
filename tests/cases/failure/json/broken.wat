(module $mute
  (func $speak (export "demo:json/say@1.0.0#word") (result i32) (call $choke) (i32.const 0))
  (func $run (export "run") (call $choke))
  (func $choke unreachable))
