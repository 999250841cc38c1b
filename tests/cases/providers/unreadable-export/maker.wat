(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (instance $ping (export "ping" (func $f)))
  (export "demo:net/ping@1.0.0" (instance $ping)))
