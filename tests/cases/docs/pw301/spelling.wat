(component
  (import "text:dictionary/entries@1.0.0" (instance (export "has" (func (param "letter" char) (result bool)))))
  (core module $code (func (export "is-right") (param i32) (result i32) (i32.const 1)))
  (core instance $core (instantiate $code))
  (func $is-right (param "letter" char) (result bool) (canon lift (core func $core "is-right")))
  (instance (export "text:spelling/checker@1.0.0") (export "is-right" (func $is-right))))
