//! The targets of log lines. Users filter by them, so they stay as they are when code moves.

/// Providers that a fan-out leaves out.
pub const DISPATCH: &str = "plugweave::link::dispatch";

/// Plugins that would have more files open than they may.
pub const OPEN_FILES: &str = "plugweave::link::wasi::open_files";

/// Memory that the system refuses.
pub const STATE: &str = "plugweave::link::state";

/// What the log itself has dropped.
pub const LOG: &str = "plugweave::link::log";

/// Starts that have failed.
pub const RUNTIME: &str = "plugweave::runtime";

/// Destructors and states of the host that have not ended well.
pub const RELEASE: &str = "plugweave::runtime::release";
