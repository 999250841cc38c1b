(module
  (func (export "demo:type/list@1.0.0#record") (result i32) (i32.const 1))
  (func (export "use") (result i32) (i32.const 2)))
