;; Wants to know the time while it starts.
(module
  (import "demo:clock/time@1.0.0" "now" (func $now (result i32)))
  (global $started (mut i32) (i32.const 0))
  (func $start (global.set $started (call $now)))
  (start $start)
  (func (export "demo:clock/log@1.0.0#last") (result i32) (global.get $started)))
