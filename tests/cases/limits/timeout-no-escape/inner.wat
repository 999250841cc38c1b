(module (func (export "demo:time/inner@1.0.0#spin") (result i32) (loop $again (br $again)) unreachable))
