(module
  (import "demo:state/counter@1.0.0" "next" (func $next (param i32) (result i32)))
  (global $asked (mut i32) (i32.const 0))
  (func (export "demo:state/user@1.0.0#ask") (param i32) (result i32)
    (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
    (drop (call $next (local.get 0)))
    (global.get $asked)))
