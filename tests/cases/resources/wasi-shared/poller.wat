(module (func (export "wasi:io/poll@0.2.0#[method]pollable.block") (param i32)))
