(module (import "text:copy/copier@1.0.0" "copy" (func (param i32))))
