(component (import "inner" (component)))
