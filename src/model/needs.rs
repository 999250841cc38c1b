use serde::{Deserialize, Serialize};

/// What a binary needs of the engine that runs it.
///
/// Only what an engine has to be built for is here. What every engine can do costs those nothing that do not use it:
/// maps and lists of fixed length, for example.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineNeeds {
    /// The component model's concurrency: `async` functions, streams, futures, and the built-in functions for them.
    pub concurrency: bool,
    /// The linear memories of one instance; `u32::MAX` where that cannot be told.
    pub memories: u32,
    /// The tables of one instance; `u32::MAX` where that cannot be told.
    pub tables: u32,
}
