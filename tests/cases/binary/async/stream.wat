(component
  (type $bytes (stream u8))
  (import "demo:net/feed@1.0.0" (instance (export "read" (func (result (stream u8)))))))
