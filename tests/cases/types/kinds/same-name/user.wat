(component (import "engine" (func)))
