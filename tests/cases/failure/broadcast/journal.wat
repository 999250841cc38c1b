(module
  (global $digits (mut i32) (i32.const 0))
  (func (export "demo:events/journal@1.0.0#write") (param i32)
    (global.set $digits (i32.add (i32.mul (global.get $digits) (i32.const 10)) (local.get 0))))
  (func (export "demo:events/journal@1.0.0#read") (result i32) (global.get $digits)))
