(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error))
  (import "wasi:sockets/network@0.2.0" (instance
    (export "error" (type $e (eq $error)))
    (export "network-error-code" (func (param "err" (borrow $e)))))))
