(module
  (global $count (mut i32) (i32.const 0))
  (func (export "demo:time/inner@1.0.0#count") (param i32) (result i32)
    (if (local.get 0) (then (loop $again (br $again))))
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count)))
