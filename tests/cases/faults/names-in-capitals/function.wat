(component (import "getURL" (instance)))
