(module
  (import "demo:shell/counter@1.0.0" "next" (func $next (result i32)))
  (func (export "wasi:cli/run@0.2.0#run") (result i32)
    (drop (call $next))
    (drop (call $next))
    (i32.ne (call $next) (i32.const 3))))
