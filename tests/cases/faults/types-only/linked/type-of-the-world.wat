(component
  (type $x (record (field "a" u8))) (import "x" (type (eq $x)))
  (core module $m (func (export "f") (result i32) (i32.const 5)))
  (core instance $i (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
