(module (func (export "demo:copy/copy@1.0.0#copy") (param i32)))
