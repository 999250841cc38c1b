(module
  (import "demo:game/player@1.0.0" "look" (func $look (result i32)))
  (func (export "demo:game/board@1.0.0#size") (result i32) (i32.const 64))
  (func (export "demo:game/board@1.0.0#turn") (result i32) (call $look)))
