(component (import "f" (func (param "m" (list u64 536870912)))))
