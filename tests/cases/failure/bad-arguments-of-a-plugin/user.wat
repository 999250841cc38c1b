;; When it is told to be bad it passes a text that is not UTF-8.
(module
  (import "demo:text/counter@1.0.0" "hear" (func $hear (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "good")
  (data (i32.const 32) "\ff\fe\fd\fc")
  (func (export "demo:text/user@1.0.0#talk") (param i32) (result i32)
    (call $hear (select (i32.const 32) (i32.const 16) (local.get 0)) (i32.const 4))))
