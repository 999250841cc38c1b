;; Three core instances with a table each.
(component
  (core module $code
    (table 10 funcref)
    (func (export "go") (result i32) (i32.const 1)))
  (core instance $a (instantiate $code))
  (core instance $b (instantiate $code))
  (core instance $c (instantiate $code))
  (func $go (result u32) (canon lift (core func $c "go")))
  (export "go" (func $go)))
