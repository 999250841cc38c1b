(component (import "start" (func)))
