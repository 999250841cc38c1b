(component (import "demo:calc/calc@1.0.0" (instance (export "pow" (func (result u32))))))
