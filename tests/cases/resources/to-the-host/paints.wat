(module
  (func (export "demo:ui/panes@1.0.0#[method]pane.width") (param i32) (result i32) (i32.const 1))
  (func (export "demo:ui/panes@1.0.0#open") (result i32) unreachable))
