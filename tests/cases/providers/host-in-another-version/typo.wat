(component (import "shell:ui/screem@1.0.0" (instance (export "clear" (func)))))
