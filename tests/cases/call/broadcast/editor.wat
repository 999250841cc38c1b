(module
  (import "demo:events/listener@1.0.0" "saved" (func $saved (param i32)))
  (import "demo:events/journal@1.0.0" "read" (func $read (result i32)))
  (func (export "demo:events/editor@1.0.0#save") (result i32)
    (call $saved (i32.const 0))
    (call $saved (i32.const 5))
    (call $read)))
