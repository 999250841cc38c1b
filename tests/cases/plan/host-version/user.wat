(component
  (import "demo:ui/window@1.2.0" (instance (export "ping" (func))))
  (import "demo:ui/screen@1.0.0" (instance (export "ping" (func)))))
