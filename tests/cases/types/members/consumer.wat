(module
  (import "demo:types/types@1.0.0" "move" (func (param i32 i32)))
  (import "demo:types/types@1.0.0" "paint" (func (param i32)))
  (import "demo:types/types@1.0.0" "allow" (func (param i32)))
  (import "demo:types/types@1.0.0" "draw" (func (param i32 i32))))
