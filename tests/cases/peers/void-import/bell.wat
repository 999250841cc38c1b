(module (func (export "demo:void/bell@1.0.0#ring")))
