(module
  (memory (export "memory") 17)
  (func (export "demo:memory/size@1.0.0#size") (result i32) (memory.size)))
