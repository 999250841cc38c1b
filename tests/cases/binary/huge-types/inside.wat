(component (component (import "f" (func (result (list u64 536870912))))))
