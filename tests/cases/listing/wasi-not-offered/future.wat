(component (import "wasi:cli/exit@0.3.0" (instance (export "exit-with-code" (func (param "code" u8))))))
