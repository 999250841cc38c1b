(component
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
  (core module $code
    (import "env" "memory" (memory 1))
    (func (export "count") (param i32 i32) (result i32) (local.get 1)))
  (core instance $env (instantiate $memory))
  (core instance $core (instantiate $code (with "env" (instance $env))))
  (alias core export $env "memory" (core memory $mem))
  (func $count (param "text" string) (result u32)
    (canon lift (core func $core "count") (memory $mem) (realloc (func $env "realloc"))))
  (component $inner
    (import "count" (func $count (param "text" string) (result u32)))
    (export "count" (func $count)))
  (instance $words (instantiate $inner (with "count" (func $count))))
  (export "text:stats/words@1.0.0" (instance $words))
  (export "text:stats/count@1.0.0" (instance $words)))
