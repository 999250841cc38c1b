(module
  (import "demo:ui/windows@1.0.0" "open" (func (result i32)))
  (memory (export "memory") 1) (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "demo:ui/painter@1.0.0#paint") (param i32 i32 i32))
  (func (export "demo:ui/frames@1.0.0#frame") (result i32) unreachable)
  (func (export "demo:ui/panes@1.0.0#[method]window.width") (param i32) (result i32) unreachable)
  (func (export "demo:ui/panes@1.0.0#open") (result i32) unreachable))
