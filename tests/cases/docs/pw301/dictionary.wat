(component
  (import "text:spelling/checker@1.0.0" (instance (export "is-right" (func (param "letter" char) (result bool)))))
  (core module $code (func (export "has") (param i32) (result i32) (i32.const 1)))
  (core instance $core (instantiate $code))
  (func $has (param "letter" char) (result bool) (canon lift (core func $core "has")))
  (instance (export "text:dictionary/entries@1.0.0") (export "has" (func $has))))
