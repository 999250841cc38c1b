(component (import "demo:ui/window@1.0.0" (instance (export "pong" (func)))))
