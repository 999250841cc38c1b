(module
  (import "demo:plain/store" "get" (func $get (result i32)))
  (func (export "demo:plain/user#twice") (result i32) (i32.add (call $get) (call $get))))
