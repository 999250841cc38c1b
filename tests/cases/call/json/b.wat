(module $mute
  (memory (export "memory") 1)
  (func $speak (export "demo:json/say@1.0.0#word") (result i32) (call $choke) (i32.const 0))
  (func (export "demo:json/say@1.0.0#hush"))
  (func $choke unreachable))
