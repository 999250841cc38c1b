(module (import "demo:copy/copy@1.0.0" "copy" (func (param i32))))
