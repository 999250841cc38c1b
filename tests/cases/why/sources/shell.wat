(component
  (import "demo:ui/types@1.0.0" (instance
    (type $side' (enum "left" "right"))
    (export "side" (type (eq $side')))))
  (import "demo:ui/window@1.0.0" (instance (export "ping" (func))))
  (import "demo:ui/menu@1.0.0" (instance (export "ping" (func))))
  (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64))))))
