(module
  (import "demo:user/store@1.0.0" "size" (func $size (result i32)))
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop (param i32)))
  (memory (export "memory") 1)
  (func (export "f") (result i32) (call $drop (call $stdout)) (call $size))
  (func (export "write") (param i32 i32)))
