(component
  (import "demo:text/stats@1.0.0" (instance
    (export "word" (func (result u32)))
    (export "lines" (func (result u32)))
    (export "total" (func (result u32))))))
