(module
  (func (export "demo:fuel/work@1.0.0#turn") (param i32) (result i32)
    (local $done i32)
    (loop $again
      (if (i32.lt_u (local.get $done) (local.get 0))
        (then
          (local.set $done (i32.add (local.get $done) (i32.const 1)))
          (br $again))))
    (local.get $done)))
