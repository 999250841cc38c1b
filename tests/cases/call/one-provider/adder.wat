(module
  (func (export "math:calc/adder@1.0.0#add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  (func (export "math:calc/adder@1.0.0#clear")))
