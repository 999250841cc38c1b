(module (func (export "text:stats/words@1.0.0#count") (result i32) (i32.const 3)))
