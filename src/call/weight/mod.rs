//! What values weigh.
//!
//! Two measures: the bytes of the canonical ABI that values are, which `hostcall-bytes` limits and which are the same
//! in every way to cross; and the memory of the host that they take as `Val`s, which has a bound of its own.

mod lifting;
mod shape;
#[cfg(test)]
mod tests;
mod tree;

pub use lifting::{LiftBound, Lifting, Lifts};
pub use shape::{Shape, Shapes};
pub use tree::{Tree, View, own_memory};

/// Most memory of the host that the `Val`s of one call may take, in bytes: those of its arguments with their copies,
/// those of one result, and those of all replies of a fan-out, each by themselves.
pub const MOST_VALUE_MEMORY: u64 = 1 << 30;

/// What values weigh, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// What they are in the canonical ABI: the values themselves, and what lists, strings and maps point to.
    pub abi: u64,
    /// What they take of the host's memory as `Val`s.
    pub memory: u64,
}

impl Weight {
    fn add(&mut self, abi: u64, memory: u64) {
        self.abi = self.abi.saturating_add(abi);
        self.memory = self.memory.saturating_add(memory);
    }
}

/// What an allocation of so many bytes takes: allocators round up, and keep some bytes for themselves.
pub(crate) const fn block(bytes: u64) -> u64 {
    const LEAST: u64 = 32;
    const UNIT: u64 = 16;
    const OWN: u64 = 8;
    if bytes == 0 {
        return 0;
    }
    let taken = bytes.saturating_add(OWN).div_ceil(UNIT).saturating_mul(UNIT);
    if taken < LEAST { LEAST } else { taken }
}

/// A number of bytes or elements as the weights count them.
pub(crate) fn amount(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
