(module
  (import "env\1b[31m\0a\e2\80\ae" "x\1b]0;title\07" (func))
  (memory (export "memory") 1)
  (func (export "_start")))
