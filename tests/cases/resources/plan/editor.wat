(module
  (import "text:store/documents@1.0.0" "[method]document.text" (func (param i32 i32)))
  (import "text:store/documents@1.0.0" "open" (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
