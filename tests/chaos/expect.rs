//! What is expected of the runtime that it does not do yet.

/// Whether a plugin that is on a chain of calls can be called by it again. Else that is the error `reentrant`.
pub const REENTRANCY: bool = true;

/// Whether a panic in a host function is the failure of the plugin that has called it. Else it is not tried.
pub const HOST_PANICS: bool = true;
