(component (import "run" (func (param "speed" u32))))
