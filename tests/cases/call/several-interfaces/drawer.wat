;; Both interfaces look at the same memory.
(module
  (global $pens (mut i32) (i32.const 12))
  (func (export "demo:desk/pens@1.0.0#count") (result i32) (global.get $pens))
  (func (export "demo:desk/pens@1.0.0#take") (result i32)
    (global.set $pens (i32.sub (global.get $pens) (i32.const 1)))
    (global.get $pens))
  (func (export "demo:desk/books@1.0.0#count") (result i32) (i32.add (global.get $pens) (i32.const 100))))
