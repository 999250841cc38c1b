(component
  (type $size u32)
  (import "limit" (type $limit (eq $size)))
  (import "help" (func (result $limit)))
  (core module $code (func (export "run")))
  (core instance $core (instantiate $code))
  (func $run (canon lift (core func $core "run")))
  (export "run" (func $run))
  (export "size" (type $size)))
