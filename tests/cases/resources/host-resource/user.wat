(module
  (import "demo:ui/windows@1.0.0" "open" (func (result i32)))
  (import "demo:ui/painter@1.0.0" "paint" (func (param i32 i32 i32)))
  (import "demo:ui/frames@1.0.0" "frame" (func (param i32)))
  (import "demo:ui/panes@1.0.0" "[method]window.width" (func (param i32) (result i32)))
  (import "demo:ui/panes@1.0.0" "open" (func (result i32)))
  (memory (export "memory") 1) (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))
