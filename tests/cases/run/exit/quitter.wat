(module
  (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
  (func (export "demo:shell/quitter@1.0.0#quit") (call $exit (i32.const 0))))
