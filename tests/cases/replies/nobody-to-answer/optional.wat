(component (import "demo:calc/calc@1.0.0" (instance (export "pow" (func (param "base" u32) (param "exponent" u32) (result u32))))))
