(module (func (export "demo:paint/brush@1.0.0#stroke") (param f32) (result i32) (i32.const 1)))
