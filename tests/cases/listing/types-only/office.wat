(module (func (export "demo:shop/tax@1.0.0#add") (param i32 i32) (result i32) (local.get 1)))
