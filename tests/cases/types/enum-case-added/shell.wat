(module (import "demo:net/dns@1.0.0" "resolve" (func (param i32 i32))) (memory (export "memory") 1))
