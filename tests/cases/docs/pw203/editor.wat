(component
  (import "text:stats/words@1.0.0"
    (instance (export "count" (func (param "text" (list u8)) (result u32))))))
