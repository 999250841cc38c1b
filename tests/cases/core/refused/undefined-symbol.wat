(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (import "env" "sqlite3_open" (func (param i32 i32) (result i32))) (memory (export "memory") 1) (func (export "_start")))
