;; Two core instances that share a memory, an inner component, one instance under two names.
(component
  (core module $memory
    (memory (export "memory") 1)
    (global $heap (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $heap)
      (global.set $heap (i32.add (global.get $heap) (local.get 3)))))
  (core module $code
    (import "env" "memory" (memory 1))
    (func (export "length") (param i32 i32) (result i32) (local.get 1))
    (func (export "first") (param i32 i32) (result i32) (i32.load8_u (local.get 0))))
  (core instance $env (instantiate $memory))
  (core instance $one (instantiate $code (with "env" (instance $env))))
  (core instance $two (instantiate $code (with "env" (instance $env))))
  (alias core export $env "memory" (core memory $mem))
  (func $length (param "text" string) (result u32)
    (canon lift (core func $one "length") (memory $mem) (realloc (func $env "realloc"))))
  (func $first (param "text" string) (result u32)
    (canon lift (core func $two "first") (memory $mem) (realloc (func $env "realloc"))))
  (component $inner
    (import "length" (func $length (param "text" string) (result u32)))
    (import "first" (func $first (param "text" string) (result u32)))
    (export "length" (func $length))
    (export "first" (func $first)))
  (instance $words (instantiate $inner (with "length" (func $length)) (with "first" (func $first))))
  (export "text:stats/words@1.0.0" (instance $words))
  (export "text:stats/letters@1.0.0" (instance $words)))
