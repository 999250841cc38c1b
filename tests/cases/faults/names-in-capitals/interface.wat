(component (import "demo:api/Rest@1.0.0" (instance)))
