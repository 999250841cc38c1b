(module
  (func (export "demo:types/types@1.0.0#move") (param i32 i32))
  (func (export "demo:types/types@1.0.0#paint") (param i32))
  (func (export "demo:types/types@1.0.0#allow") (param i32))
  (func (export "demo:types/types@1.0.0#draw") (param i32 f32)))
