(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (import "a:b/c@1.0.0" "f" (func (param i64))) (memory (export "memory") 1))
