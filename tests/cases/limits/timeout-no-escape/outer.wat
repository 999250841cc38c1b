;; Asks again and again, until there is an answer.
(module
  (import "demo:time/try-inner@1.0.0" "spin" (func $spin (param i32)))
  (memory (export "memory") 1)
  (func (export "insist") (result i32)
    (loop $again
      (call $spin (i32.const 16))
      (br_if $again (i32.load8_u (i32.const 16))))
    (i32.load (i32.const 20))))
