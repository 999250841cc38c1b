(component
  (import "f" (func $f))
  (component $inner (import "x" (func $x)) (export "y" (func $x)))
  (instance $i (instantiate $inner (with "x" (func $f))))
  (export "g" (func $i "y")))
