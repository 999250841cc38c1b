(component (import "f" (func (result u32))))
