;; The import is handed to an inner component; what that exports is exported again.
(component
  (import "text:stats/letters@1.0.0" (instance $letters
    (export "length" (func (param "text" string) (result u32)))
    (export "first" (func (param "text" string) (result u32)))))
  (component $inner
    (import "letters" (instance $letters
      (export "length" (func (param "text" string) (result u32)))
      (export "first" (func (param "text" string) (result u32)))))
    (core module $memory (memory (export "memory") 1) (data (i32.const 8) "hello"))
    (core instance $env (instantiate $memory))
    (alias core export $env "memory" (core memory $mem))
    (alias export $letters "length" (func $length))
    (alias export $letters "first" (func $first))
    (core func $length' (canon lower (func $length) (memory $mem)))
    (core func $first' (canon lower (func $first) (memory $mem)))
    (core module $code
      (import "letters" "length" (func $length (param i32 i32) (result i32)))
      (import "letters" "first" (func $first (param i32 i32) (result i32)))
      (func (export "go") (result i32)
        (i32.add
          (i32.mul (call $length (i32.const 8) (i32.const 5)) (i32.const 1000))
          (call $first (i32.const 8) (i32.const 5)))))
    (core instance $core (instantiate $code
      (with "letters" (instance (export "length" (func $length')) (export "first" (func $first'))))))
    (func $go (result u32) (canon lift (core func $core "go")))
    (instance $out (export "go" (func $go)))
    (export "out" (instance $out)))
  (instance $made (instantiate $inner (with "letters" (instance $letters))))
  (alias export $made "out" (instance $out))
  (export "text:stats/user@1.0.0" (instance $out)))
