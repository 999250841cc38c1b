(module
  (import "demo:store/cells@1.0.0" "show" (func (param i32 i32))))
