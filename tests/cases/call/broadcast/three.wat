;; Writes what it is told plus three.
(module
  (import "demo:events/journal@1.0.0" "write" (func $write (param i32)))
  (func (export "demo:events/listener@1.0.0#saved") (param i32)
    (call $write (i32.add (local.get 0) (i32.const 3)))))
