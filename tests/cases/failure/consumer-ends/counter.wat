(module
  (global $last (mut i32) (i32.const 0))
  (func (export "demo:state/counter@1.0.0#next") (param i32) (result i32)
    (if (local.get 0) (then unreachable))
    (global.set $last (i32.add (global.get $last) (i32.const 1)))
    (global.get $last)))
