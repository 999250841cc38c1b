;; So far in x and so far in y.
(module
  (func (export "demo:geo/distance@1.0.0#between") (param i32 i32 i32 i32) (result i32)
    (i32.add (i32.sub (local.get 2) (local.get 0)) (i32.sub (local.get 3) (local.get 1)))))
