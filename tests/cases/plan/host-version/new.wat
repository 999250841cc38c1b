(component (import "demo:ui/window@1.5.0" (instance (export "ping" (func)))))
