(module (import "demo:shop/tax@1.0.0" "add" (func (param i32 i32) (result i32))))
