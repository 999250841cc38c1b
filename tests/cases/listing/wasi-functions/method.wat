(component (import "wasi:io/streams@0.2.6" (instance
  (export "output-stream" (type $o (sub resource)))
  (export "[method]output-stream.wirte" (func (param "self" (borrow $o)))))))
