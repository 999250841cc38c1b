;; Its world is in the section `component-type`:
;;   package math:calc@1.0.0;
;;   interface adder { add: func(a: u32, b: u32) -> u32; }
;;   world calculator { export adder; }
(module
  (@custom "component-type"
    "\00asm\0d\00\01\00\00\19\16wit-component-encoding\04\00"
    "\07U\01A\02\01A\02\01B\02\01@\02\01ay\01by\00y\04\00\03add\01\00"
    "\04\00\15math:calc/adder@1.0.0\05\00"
    "\04\00\1amath:calc/calculator@1.0.0\04\00"
    "\0b\10\01\00\0acalculator\03\00\00")
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\07\00\00\00")
  (data (i32.const 16) "I add.\n")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "math:calc/adder@1.0.0#add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))
