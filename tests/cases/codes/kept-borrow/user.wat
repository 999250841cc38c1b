(module
  (import "demo:shop/store@1.0.0" "open" (func $open (result i32)))
  (import "demo:shop/desk@1.0.0" "look" (func $look (param i32) (result i32)))
  (func (export "show") (result i32) (call $look (call $open))))
