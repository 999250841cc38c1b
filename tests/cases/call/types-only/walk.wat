(module
  (import "demo:geo/distance@1.0.0" "between" (func $between (param i32 i32 i32 i32) (result i32)))
  (func (export "demo:geo/walk@1.0.0#length") (param i32 i32 i32 i32) (result i32)
    (call $between (local.get 0) (local.get 1) (local.get 2) (local.get 3))))
