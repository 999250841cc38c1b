(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (instance $engine (export "engine" (func $f)))
  (export "engine" (instance $engine)))
