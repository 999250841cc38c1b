(module (import "demo:type/list@1.0.0" "record" (func (result i32))))
