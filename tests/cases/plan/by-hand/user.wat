(component
  (component $inner (import "words" (instance (export "count" (func (param "text" string) (result u32))))))
  (import "text:stats/words@1.0.0" (instance $words (export "count" (func (param "text" string) (result u32)))))
  (instance (instantiate $inner (with "words" (instance $words)))))
