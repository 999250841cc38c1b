(component (import "plugweave:host/plans@1.0.0" (instance (export "count" (func (result u32))))))
