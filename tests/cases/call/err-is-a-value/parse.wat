(module
  (memory (export "memory") 1)
  (data (i32.const 64) "zero is not \"allowed\"")
  (func (export "text:numbers/parse@1.0.0#check") (param i32) (result i32)
    (if (local.get 0)
      (then
        (i32.store8 (i32.const 16) (i32.const 0)) ;; ok
        (i32.store (i32.const 20) (local.get 0)))
      (else
        (i32.store8 (i32.const 16) (i32.const 1)) ;; err
        (i32.store (i32.const 20) (i32.const 64))
        (i32.store (i32.const 24) (i32.const 21))))
    (i32.const 16))
  (func (export "text:numbers/parse@1.0.0#bare") (param i32) (result i32) (i32.eqz (local.get 0))))
