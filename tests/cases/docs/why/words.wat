(component
  (core module $code
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "count") (param i32 i32) (result i32) unreachable))
  (core instance $core (instantiate $code))
  (func $count (param "text" string) (result u32)
    (canon lift (core func $core "count") (memory $core "memory") (realloc (func $core "realloc"))))
  (instance (export "text:stats/words@1.3.0") (export "count" (func $count))))
