(component
  (import "f" (func $f))
  (instance $bag (export "f" (func $f)))
  (export "a:b/d" (instance $bag)))
