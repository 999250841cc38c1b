;; Orders the work twice.
(module
  (import "demo:fuel/work@1.0.0" "turn" (func $turn (param i32) (result i32)))
  (func (export "demo:fuel/boss@1.0.0#order") (param i32) (result i32)
    (i32.add (call $turn (local.get 0)) (call $turn (local.get 0)))))
