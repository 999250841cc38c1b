(module
  (import "$root" "g" (func $next (result i32)))
  (func (export "f") (result i32) (call $next)))
