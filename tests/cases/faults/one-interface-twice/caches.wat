(component
  (import "memory" (implements "demo:cache/store@1.0.0") (instance (export "size" (func (result u32)))))
  (import "disk" (implements "demo:cache/store@1.0.0") (instance (export "size" (func (result u32))))))
