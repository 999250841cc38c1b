(module (func (export "text:stats/lines@1.0.0#count") (result i32) (i32.const 2)))
