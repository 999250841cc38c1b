(module (func (export "run") (param f32)))
