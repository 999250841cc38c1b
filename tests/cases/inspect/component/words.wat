(component
  (import "demo:text/types@1.0.0" (instance $types
    (type $word' (record (field "text" string) (field "line" u32)))
    (export "word" (type (eq $word')))))
  (alias export $types "word" (type $word))
  (import "demo:text/store@1.0.0" (instance
    (alias outer 1 $word (type $word'))
    (export "word" (type $word (eq $word')))
    (export "keep" (func (param "word" $word)))))
  (import "demo:text/filters@1.0.0" (instance
    (export "apply" (func (param "text" string) (result (list string))))))
  (import "wasi:cli/environment@0.2.0" (instance
    (export "get-arguments" (func (result (list string))))))
  (import "wasi:http/outgoing@0.2.0" (instance (export "ping" (func))))
  (core module $code (func (export "ping")))
  (core instance $core (instantiate $code))
  (func $ping (canon lift (core func $core "ping")))
  (instance (export "demo:text/words@1.0.0") (export "ping" (func $ping)))
  (export "run" (func $ping)))
