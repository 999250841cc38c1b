(module
  (import "wasi:filesystem/types@0.2.0" "[method]descriptor.open-at"
    (func $open-at (param i32 i32 i32 i32 i32 i32 i32)))
  (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $directories (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) ".")
  ;; The list of folders and their names, which the host writes once.
  (global $heap (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (local.get $at) (local.get 3)) (i32.const 15)) (i32.const -16)))
    (local.get $at))
  (func (export "open") (param $times i32) (result i32)
    (local $folder i32)
    (local $done i32)
    (call $directories (i32.const 64))
    (local.set $folder (i32.load (i32.load (i32.const 64))))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $done) (local.get $times)))
        (call $open-at (local.get $folder)
          (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 2) (i32.const 1) (i32.const 80))
        (br_if $end (i32.load8_u (i32.const 80)))
        (local.set $done (i32.add (local.get $done) (i32.const 1)))
        (br $next)))
    (local.get $done)))
