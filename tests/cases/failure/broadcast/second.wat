(module (func (export "demo:events/listener@1.0.0#saved") unreachable))
