(component
  (import "demo:a/types@1.0.0" (instance $t (export "r" (type (sub resource)))))
  (alias export $t "r" (type $r))
  (import "demo:a/auth@1.0.0" (instance
    (alias outer 1 $r (type $r'))
    (export "r" (type $s (eq $r')))
    (export "login" (func (result (option (own $s)))))))
  (core module $m (func (export "f") (result i32) (i32.const 5)))
  (core instance $i (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
