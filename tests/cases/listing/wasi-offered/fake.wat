(component
  (core module $code (func (export "now") (result i64) (i64.const 7)))
  (core instance $core (instantiate $code))
  (func $now (result u64) (canon lift (core func $core "now")))
  (instance (export "wasi:clocks/monotonic-clock@0.2.6") (export "now" (func $now))))
