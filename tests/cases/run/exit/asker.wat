(module
  (import "demo:shell/quitter@1.0.0" "quit" (func $quit))
  (func (export "wasi:cli/run@0.2.0#run") (result i32) (call $quit) (i32.const 0)))
