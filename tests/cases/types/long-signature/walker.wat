(module (import "demo:atlas/atlas@1.0.0" "survey" (func (param i32))) (memory (export "memory") 1))
