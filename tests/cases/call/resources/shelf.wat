(component
  (core module $code
    (func (export "book") (result i32) (i32.const 1))
    (func (export "read") (param i32) (result i32) (i32.const 1))
    (func (export "size") (result i32) (i32.const 7)))
  (core instance $core (instantiate $code))
  (type $book' (resource (rep i32)))
  (core func $new (canon resource.new $book'))
  (component $wrap
    (import "book" (type $book (sub resource)))
    (import "open" (func $open (result (own $book))))
    (import "read" (func $read (param "it" (borrow $book)) (result u32)))
    (import "size" (func $size (result u32)))
    (export $exported "book" (type $book))
    (export "open" (func $open) (func (result (own $exported))))
    (export "read" (func $read) (func (param "it" (borrow $exported)) (result u32)))
    (export "size" (func $size)))
  (core module $making
    (import "env" "new" (func $new (param i32) (result i32)))
    (func (export "open") (result i32) (call $new (i32.const 5))))
  (core instance $made (instantiate $making (with "env" (instance (export "new" (func $new))))))
  (func $open (result (own $book')) (canon lift (core func $made "open")))
  (func $read (param "it" (borrow $book')) (result u32) (canon lift (core func $core "read")))
  (func $size (result u32) (canon lift (core func $core "size")))
  (instance $shelf (instantiate $wrap
    (with "book" (type $book')) (with "open" (func $open)) (with "read" (func $read)) (with "size" (func $size))))
  (export "demo:library/shelf@1.0.0" (instance $shelf)))
