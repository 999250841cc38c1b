(module
  (import "demo:events/listener@1.0.0" "saved" (func $saved))
  (func (export "demo:events/editor@1.0.0#save") (call $saved)))
