;; Asks for a seed while it starts.
(module
  (import "demo:start/seed@1.0.0" "next" (func $next (result i32)))
  (global $planted (mut i32) (i32.const 0))
  (func $boot (global.set $planted (call $next)))
  (start $boot)
  (func (export "demo:start/garden@1.0.0#planted") (result i32) (global.get $planted)))
