(component (import "get" (func (param "theURL" u32))))
