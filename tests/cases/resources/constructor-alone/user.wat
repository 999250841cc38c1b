(module
  (import "demo:store/cells@1.0.0" "[constructor]cell" (func (param i32) (result i32)))
  (import "demo:store/cells@1.0.0" "[method]cell.get" (func (param i32) (result i32))))
