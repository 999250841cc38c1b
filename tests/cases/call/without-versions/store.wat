(module (func (export "demo:plain/store#get") (result i32) (i32.const 21)))
