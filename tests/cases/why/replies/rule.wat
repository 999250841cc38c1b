(component
  (core module $code
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "check") (param i32 i32) (result i32) unreachable)
    (func (export "reset")))
  (core instance $core (instantiate $code))
  (func $check (param "text" string) (result u32)
    (canon lift (core func $core "check") (memory $core "memory") (realloc (func $core "realloc"))))
  (func $reset (canon lift (core func $core "reset")))
  (instance (export "demo:lint/rule@1.0.0")
    (export "check" (func $check))
    (export "reset" (func $reset))))
