(component
  (instance $inner)
  (instance $n (export "inner" (instance $inner)))
  (export "n" (instance $n)))
