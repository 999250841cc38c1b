(component
  (import "text:stats/types@1.0.0" (instance $types
    (type $range' (record (field "from" u32) (field "to" u32)))
    (export "range" (type (eq $range')))))
  (alias export $types "range" (type $range))
  (import "text:stats/words@1.2.0" (instance
    (alias outer 1 $range (type $range'))
    (export "range" (type $range (eq $range')))
    (export "count" (func (param "text" string) (param "within" (option $range)) (result u32)))))
  (import "wasi:cli/environment@0.2.0" (instance
    (export "get-arguments" (func (result (list string))))))
  (core module $code (func (export "open")))
  (core instance $core (instantiate $code))
  (func $open (canon lift (core func $core "open")))
  (instance (export "text:edit/editor@1.0.0") (export "open" (func $open))))
