(component (import "runs" (func (result (list u32)))))
