;; Traps when it is asked for nothing.
(module
  (func (export "demo:deep/five@1.0.0#go") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then unreachable))
    (i32.add (local.get 0) (i32.const 1))))
