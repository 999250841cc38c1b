;; Exits before it could answer the contrary.
(module
  (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
  (func (export "wasi:cli/run@0.2.0#run") (result i32) (call $exit (i32.const 1)) (i32.const 0)))
