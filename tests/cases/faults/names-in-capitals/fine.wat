(component (import "get-URL" (func)))
