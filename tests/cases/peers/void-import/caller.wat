(module
  (import "demo:void/bell@1.0.0" "ring" (func $ring))
  (import "demo:void/horn@1.0.0" "sound" (func $sound))
  (func (export "go") (result i32) (call $ring) (call $sound) (i32.const 1)))
