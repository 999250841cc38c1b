;; Looks at the board, although the board is in the midst of its turn.
(module
  (import "demo:game/board@1.0.0" "size" (func $size (result i32)))
  (func (export "demo:game/player@1.0.0#look") (result i32) (call $size)))
