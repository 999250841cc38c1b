(component (import "a:b/c" (instance (export "d" (instance)))))
