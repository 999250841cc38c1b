(module
  (import "[export]demo:shop/store@1.0.0" "[resource-new]item" (func $new (param i32) (result i32)))
  (func (export "demo:shop/store@1.0.0#open") (result i32) (call $new (i32.const 1))))
