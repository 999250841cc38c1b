(component
  (import "demo:lint/rules@1.0.0" (instance
    (export "check" (func (param "text" string) (result (list (tuple string u32)))))
    (export "reset" (func)))))
