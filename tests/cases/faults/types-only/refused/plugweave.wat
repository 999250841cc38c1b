(component
  (import "plugweave:host/x@1.0.0" (instance (export "get" (func (result u32)))))
  (core module $m (func (export "f") (result i32) (i32.const 5)))
  (core instance $i (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
