(module
  (memory (export "memory") 1)
  (func (export "demo:narrow/work@1.0.0#grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "demo:narrow/work@1.0.0#spin") (result i32) (loop $again (br $again)) unreachable))
