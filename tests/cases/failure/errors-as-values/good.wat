(module
  (func (export "text:lint/rule@1.0.0#check") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "text:lint/rule@1.0.0#reset")))
