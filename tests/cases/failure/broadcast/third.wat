(module
  (import "demo:events/journal@1.0.0" "write" (func $write (param i32)))
  (func (export "demo:events/listener@1.0.0#saved") (call $write (i32.const 3))))
