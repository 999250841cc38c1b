(module
  (import "[export]demo:io/poll@1.0.0" "[resource-new]pollable" (func (param i32) (result i32)))
  (func (export "demo:io/poll@1.0.0#ready") (result i32) (i32.const 5)))
