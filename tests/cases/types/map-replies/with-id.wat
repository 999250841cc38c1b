(component
  (import "demo:ask/all@1.0.0" (instance (export "get" (func (result (map string (tuple string u32))))))))
