(module
  (memory (export "memory") 1)
  ;; A list of three pairs of strings, all "A" and "B".
  (data (i32.const 0) "\10\00\00\00\03\00\00\00")
  (data (i32.const 16) "\40\00\00\00\01\00\00\00\41\00\00\00\01\00\00\00")
  (data (i32.const 32) "\40\00\00\00\01\00\00\00\41\00\00\00\01\00\00\00")
  (data (i32.const 48) "\40\00\00\00\01\00\00\00\41\00\00\00\01\00\00\00")
  (data (i32.const 64) "AB")
  (func (export "wasi:cli/environment@0.2.12#get-environment") (result i32) (i32.const 0)))
