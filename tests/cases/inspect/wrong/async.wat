(component (import "demo:text/words@1.0.0" (instance (export "f" (func async)))))
