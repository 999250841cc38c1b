use crate::call::CallError;

/// How a plugin is at this moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Status {
    /// It has not been started yet.
    NotStarted,
    /// It is up, or starting. A call may be in it.
    Up,
    /// It has failed, or has come to its end as a program. The next call starts it anew.
    Down {
        /// Why.
        cause: CallError,
    },
    /// It has failed, and its restart budget is used up: calls to it fail until some of that is past.
    Failed {
        /// Why it has failed last.
        cause: CallError,
    },
}
