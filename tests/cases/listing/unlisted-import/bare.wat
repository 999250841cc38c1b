(component (import "log" (func (param "code" u32))))
