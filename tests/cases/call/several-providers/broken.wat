(module
  (func (export "pack:tools/size@1.0.0#half") (param i32) (result i32) unreachable)
  (func (export "pack:tools/size@1.0.0#reset") unreachable))
