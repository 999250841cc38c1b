(module (func (export "wasi:cli/run@0.2.3#run") (result i32) (i32.const 0)))
