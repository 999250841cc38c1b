(component (import "demo:api/rest@1.0" (instance)))
