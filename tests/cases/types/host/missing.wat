(component (import "demo:calc/calc@1.0.0" (instance (export "square" (func)))))
