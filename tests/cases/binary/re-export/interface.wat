(component (import "a:b/c" (instance $i (export "f" (func)))) (export "a:b/d" (instance $i)))
