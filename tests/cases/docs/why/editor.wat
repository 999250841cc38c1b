(component
  (import "text:stats/words@1.2.0" (instance
    (export "count" (func (param "text" string) (result u32))))))
