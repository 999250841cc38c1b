use std::time::Duration;

/// An amount that may be unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget<T> {
    /// No limit.
    Unlimited,
    /// At most this much.
    AtMost(T),
}

impl<T: Copy + PartialOrd> Budget<T> {
    /// Whether `self` allows no more than `other` does.
    pub fn within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Unlimited) => true,
            (Self::Unlimited, Self::AtMost(_)) => false,
            (Self::AtMost(mine), Self::AtMost(theirs)) => mine <= theirs,
        }
    }

    /// The amount, when there is one.
    pub fn amount(&self) -> Option<T> {
        match self {
            Self::Unlimited => None,
            Self::AtMost(amount) => Some(*amount),
        }
    }
}

/// How often a failed plugin is started anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartBudget {
    /// A plugin that fails stays failed.
    Never,
    /// At most `max` restarts in any span of time of length `within`.
    AtMost {
        /// The number of restarts.
        max: u32,
        /// The length of the span.
        within: Duration,
    },
}

/// What one plugin may use. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, all memories of the plugin together.
    pub memory: u64,
    /// Wall-clock time of one entry into the plugin. `None`: the manifest does not say, so that
    /// 30 s hold for a call and no limit for the entry that `run` starts.
    pub timeout: Option<Budget<Duration>>,
    /// The plugin's own instructions, per entry.
    pub fuel: Budget<u64>,
    /// How deep in a chain of calls the plugin may be entered.
    pub call_depth: u32,
    /// Live resource handles.
    pub handles: u32,
    /// Core tables.
    pub tables: u32,
    /// Core instances.
    pub instances: u32,
    /// Files, folders and sockets that are open at a time, those excepted that the plugin is granted.
    pub open_files: u32,
    /// Bytes that one call may copy between the plugin and others.
    pub hostcall_bytes: u64,
    /// How often the plugin is started anew after a failure.
    pub restart: RestartBudget,
}

impl Limits {
    /// The time that one entry may take where the manifest does not say.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            timeout: None,
            fuel: Budget::Unlimited,
            call_depth: 64,
            handles: 100_000,
            tables: 100,
            instances: 100,
            open_files: 256,
            hostcall_bytes: 512 << 20,
            restart: RestartBudget::AtMost { max: 3, within: Duration::from_secs(60) },
        }
    }
}
