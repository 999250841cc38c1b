(module
  (memory (export "memory") 1)
  (func (export "demo:text/stats@1.1.0#words") (result i32) (i32.const 0))
  (func (export "demo:text/stats@1.1.0#lines") (result i32) (i32.const 0)))
