(module
  (import "demo:ui/bar@1.0.0" "show" (func (param i32)))
  (import "demo:ui/panes@1.0.0" "open" (func (result i32))))
