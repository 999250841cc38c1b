(module (func (export "text:copy/copier@1.0.0#copy") (param i32)))
