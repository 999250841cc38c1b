(component (import "wasi:cli/exit@0.2.0" (instance (export "exit-with-code" (func (param "status-code" u8))))))
