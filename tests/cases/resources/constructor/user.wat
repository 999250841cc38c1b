(module
  (import "demo:store/cells@1.0.0" "[constructor]cell" (func (result i32))))
