(component
  (import "run" (func (param "speed" u32) (result u32)))
  (import "engine" (instance (export "stop" (func)))))
