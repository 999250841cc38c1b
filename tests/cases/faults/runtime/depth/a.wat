(module
  (import "$root" "f" (func $next (result i32)))
  (func (export "go") (result i32) (call $next)))
