(component
  (import "demo:net/ping@1.0.0" (instance
    (type $record (record (field "code" string) (field "provider" string) (field "message" string)))
    (export "dispatch-error" (type $error (eq $record)))
    (export "ping" (func (result (list (result (error $error)))))))))
