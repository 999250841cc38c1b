(module (import "__main_module__" "cabi_realloc" (func)) (memory (export "memory") 1) (func (export "_start")))
