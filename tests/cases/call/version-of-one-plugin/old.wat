(component
  (core module $m (func (export "f") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (func $f (result u32) (canon lift (core func $i "f")))
  (instance $ping (export "ping" (func $f)))
  (export "demo:net/ping@1.0.0" (instance $ping)))
