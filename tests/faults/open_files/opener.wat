;; Opens what it is told to, and keeps the handles of each kind in a list of its own: a number of them at 100000 times
;; the kind, behind that the handles.
(module
  (import "wasi:filesystem/types@0.2.0" "[method]descriptor.open-at"
    (func $open-at (param i32 i32 i32 i32 i32 i32 i32)))
  (import "wasi:filesystem/types@0.2.0" "[method]descriptor.read-directory" (func $read-directory (param i32 i32)))
  (import "wasi:filesystem/types@0.2.0" "[method]descriptor.read-via-stream" (func $reader (param i32 i64 i32)))
  (import "wasi:filesystem/types@0.2.0" "[method]descriptor.write-via-stream" (func $writer (param i32 i64 i32)))
  (import "wasi:filesystem/types@0.2.0" "[method]directory-entry-stream.read-directory-entry"
    (func $entry (param i32 i32)))
  (import "wasi:filesystem/types@0.2.0" "[resource-drop]descriptor" (func $drop-descriptor (param i32)))
  (import "wasi:filesystem/types@0.2.0" "[resource-drop]directory-entry-stream" (func $drop-listing (param i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.write" (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.check-write" (func $check-write (param i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]input-stream" (func $drop-reader (param i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop-writer (param i32)))
  (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $directories (param i32)))
  (import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))
  (import "wasi:sockets/ip-name-lookup@0.2.0" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))
  (import "wasi:sockets/ip-name-lookup@0.2.0" "[resource-drop]resolve-address-stream" (func $drop-lookup (param i32)))
  (import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket" (func $tcp (param i32 i32)))
  (import "wasi:sockets/udp-create-socket@0.2.0" "create-udp-socket" (func $udp (param i32 i32)))
  (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.start-bind"
    (func $start-bind (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.finish-bind" (func $finish-bind (param i32 i32)))
  (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.start-listen" (func $start-listen (param i32 i32)))
  (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.start-connect"
    (func $start-connect (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.finish-connect" (func $finish-connect (param i32 i32)))
  (import "wasi:sockets/tcp@0.2.0" "[resource-drop]tcp-socket" (func $drop-tcp (param i32)))
  (import "wasi:sockets/udp@0.2.0" "[resource-drop]udp-socket" (func $drop-udp (param i32)))

  ;; What the host writes begins anew with each call; the lists of handles end below it.
  (memory (export "memory") 64)
  (global $heap (mut i32) (i32.const 3000000))
  (global $error (mut i32) (i32.const 255))
  (global $folder (mut i32) (i32.const 0))
  (global $port (mut i32) (i32.const 0))
  (data (i32.const 1000) ".")
  (data (i32.const 1010) "a.txt")
  (data (i32.const 1020) "new.txt")
  (data (i32.const 1030) "localhost")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  (func $list (param $kind i32) (result i32) (i32.mul (i32.add (local.get $kind) (i32.const 1)) (i32.const 100000)))
  (func $length (param $kind i32) (result i32) (i32.load (call $list (local.get $kind))))
  (func $last (param $kind i32) (result i32)
    (i32.load (i32.add (call $list (local.get $kind)) (i32.mul (call $length (local.get $kind)) (i32.const 4)))))
  (func $push (param $kind i32) (param $handle i32)
    (i32.store (call $list (local.get $kind)) (i32.add (call $length (local.get $kind)) (i32.const 1)))
    (i32.store
      (i32.add (call $list (local.get $kind)) (i32.mul (call $length (local.get $kind)) (i32.const 4)))
      (local.get $handle)))
  (func $pop (param $kind i32) (result i32)
    (call $last (local.get $kind))
    (i32.store (call $list (local.get $kind)) (i32.sub (call $length (local.get $kind)) (i32.const 1))))

  ;; The first folder.
  (func $granted (result i32)
    (if (i32.eqz (global.get $folder)) (then
      (call $directories (i32.const 64))
      (global.set $folder (i32.load (i32.load (i32.const 64))))))
    (global.get $folder))

  ;; What the answer at 80 is: nothing to say, or that it went wrong.
  (func $failed (param $at i32) (result i32)
    (if (i32.load8_u (i32.const 80)) (then
      (global.set $error (i32.load8_u (i32.add (i32.const 80) (local.get $at))))
      (return (i32.const 1))))
    (i32.const 0))

  (func $one (param $kind i32) (result i32)
    (block $done
      (block $listen (block $lookup (block $again (block $new (block $writer-of (block $reader-of (block $file
      (block $udp-socket (block $tcp-socket (block $listing (block $folder-of
        (br_table $folder-of $listing $tcp-socket $udp-socket $file $reader-of $writer-of $new $again $lookup $listen
          (local.get $kind)))
        (call $open-at (call $granted)
          (i32.const 0) (i32.const 1000) (i32.const 1) (i32.const 2) (i32.const 1) (i32.const 80))
        (br $done))
        (call $read-directory (call $granted) (i32.const 80))
        (br $done))
        (call $tcp (i32.const 0) (i32.const 80))
        (br $done))
        (call $udp (i32.const 0) (i32.const 80))
        (br $done))
        (call $open-at (call $granted)
          (i32.const 0) (i32.const 1010) (i32.const 5) (i32.const 0) (i32.const 3) (i32.const 80))
        (br $done))
        (call $reader (call $last (i32.const 4)) (i64.const 0) (i32.const 80))
        (br $done))
        (call $writer (call $last (i32.const 4)) (i64.const 0) (i32.const 80))
        (br $done))
        (call $open-at (call $granted)
          (i32.const 0) (i32.const 1020) (i32.const 7) (i32.const 1) (i32.const 3) (i32.const 80))
        (br $done))
        (call $directories (i32.const 64))
        (i32.store8 (i32.const 80) (i32.const 0))
        (i32.store (i32.const 84) (i32.load (i32.load (i32.const 64))))
        (br $done))
        (call $resolve (call $network) (i32.const 1030) (i32.const 9) (i32.const 80))
        (br $done))
      ;; The last TCP socket listens. The port is one that the system chooses for the test.
      (call $start-bind (call $last (i32.const 2)) (call $network)
        (i32.const 0) (global.get $port) (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 80))
      (if (call $failed (i32.const 1)) (then (return (i32.const 0))))
      (call $finish-bind (call $last (i32.const 2)) (i32.const 80))
      (call $start-listen (call $last (i32.const 2)) (i32.const 80))
      (return (i32.eqz (call $failed (i32.const 1)))))
    (if (call $failed (i32.const 4)) (then (return (i32.const 0))))
    (call $push (local.get $kind) (i32.load (i32.const 84)))
    (i32.const 1))

  (func (export "open") (param $kind i32) (param $times i32) (result i32)
    (local $done i32)
    (global.set $error (i32.const 255))
    ;; To listen, the argument is the port.
    (if (i32.eq (local.get $kind) (i32.const 10)) (then
      (global.set $port (local.get $times))
      (return (call $one (local.get $kind)))))
    (block $end
      (loop $next
        (global.set $heap (i32.const 3000000))
        (br_if $end (i32.ge_u (local.get $done) (local.get $times)))
        (br_if $end (i32.eqz (call $one (local.get $kind))))
        (local.set $done (i32.add (local.get $done) (i32.const 1)))
        (br $next)))
    (local.get $done))

  (func (export "error") (result i32) (global.get $error))

  (func (export "close") (param $kind i32) (param $times i32)
    (local $handle i32)
    (loop $next
      (if (local.get $times) (then
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (local.set $handle (call $pop (local.get $kind)))
        (block $lookup (block $writer-of (block $reader-of (block $udp-socket (block $tcp-socket (block $listing
          (block $descriptor
            (br_table $descriptor $listing $tcp-socket $udp-socket $descriptor $reader-of $writer-of $descriptor
              $descriptor $lookup (local.get $kind)))
          (call $drop-descriptor (local.get $handle))
          (br $next))
          (call $drop-listing (local.get $handle))
          (br $next))
          (call $drop-tcp (local.get $handle))
          (br $next))
          (call $drop-udp (local.get $handle))
          (br $next))
          (call $drop-reader (local.get $handle))
          (br $next))
          (call $drop-writer (local.get $handle))
          (br $next))
        (call $drop-lookup (local.get $handle))
        (br $next)))))

  (func (export "entries") (result i32)
    (local $stream i32)
    (local $count i32)
    (call $read-directory (call $granted) (i32.const 80))
    (local.set $stream (i32.load (i32.const 84)))
    (block $end
      (loop $next
        (global.set $heap (i32.const 3000000))
        (call $entry (local.get $stream) (i32.const 80))
        ;; A result of an option: both must be there.
        (if (i32.load8_u (i32.const 80)) (then unreachable))
        (br_if $end (i32.eqz (i32.load8_u (i32.const 84))))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $next)))
    (call $drop-listing (local.get $stream))
    (local.get $count))

  (func (export "write") (param $bytes i32)
    (call $write (call $last (i32.const 6)) (i32.const 0) (local.get $bytes) (i32.const 80)))

  (func (export "connect") (param $port i32)
    (call $start-connect (call $last (i32.const 2)) (call $network)
      (i32.const 0) (local.get $port) (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 80))
    (if (call $failed (i32.const 1)) (then unreachable))
    (loop $again
      (call $finish-connect (call $last (i32.const 2)) (i32.const 80))
      (if (call $failed (i32.const 4)) (then
        ;; It would block.
        (br_if $again (i32.eq (global.get $error) (i32.const 8)))
        unreachable)))
    (call $push (i32.const 5) (i32.load (i32.const 84)))
    (call $push (i32.const 6) (i32.load (i32.const 88))))

  (func (export "fill") (result i64)
    (local $permit i32)
    (local $written i64)
    (block $full
      (loop $next
        (call $check-write (call $last (i32.const 6)) (i32.const 80))
        (if (i32.load8_u (i32.const 80)) (then unreachable))
        (local.set $permit (i32.wrap_i64 (i64.load (i32.const 88))))
        (br_if $full (i32.eqz (local.get $permit)))
        (call $write (call $last (i32.const 6)) (i32.const 0) (local.get $permit) (i32.const 80))
        (if (i32.load8_u (i32.const 80)) (then unreachable))
        (local.set $written (i64.add (local.get $written) (i64.extend_i32_u (local.get $permit))))
        (br $next)))
    (local.get $written))

  (func (export "fail") unreachable))
