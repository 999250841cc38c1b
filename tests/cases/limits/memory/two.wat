;; Two memories of 4 pages each.
(module
  (memory $first (export "memory") 4)
  (memory $second 4)
  (func $grow (export "demo:memory/memory@1.0.0#grow") (param i32) (result i32) (memory.grow $first (local.get 0)))
  (func (export "demo:memory/memory@1.0.0#grow-second") (param i32) (result i32) (memory.grow $second (local.get 0)))
  (func (export "demo:memory/memory@1.0.0#fill") (param i32) (result i32)
    (local $done i32)
    (block $full
      (loop $next
        (br_if $full (i32.eq (local.get $done) (local.get 0)))
        (br_if $full (i32.eq (i32.const -1) (memory.grow $first (i32.const 1))))
        (local.set $done (i32.add (local.get $done) (i32.const 1)))
        (br $next)))
    (local.get $done))
  (func (export "demo:memory/memory@1.0.0#demand") (param i32) (result i32)
    (if (i32.eq (i32.const -1) (memory.grow $first (local.get 0))) (then unreachable))
    (memory.size $first)))
