;; Never gets to its end while it starts.
(module
  (func $boot (loop $again (br $again)))
  (start $boot)
  (func (export "demo:time/work@1.0.0#rest") (result i32) unreachable))
