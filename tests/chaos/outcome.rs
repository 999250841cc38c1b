//! What calls give.

use std::collections::VecDeque;

use super::topology::{Count, Slot, Told};

pub const TRAP: &str = "trap";
pub const TIMEOUT: &str = "timeout";
pub const FUEL: &str = "fuel";
pub const EXIT: &str = "exit";
pub const HOST_PANIC: &str = "host-panic";
pub const FAILED: &str = "failed";
pub const NOT_STARTED: &str = "not-started";
pub const RING: &str = "ring";
pub const CALL_DEPTH: &str = "call-depth";
pub const STACK: &str = "stack";
pub const OWNER_RESTARTED: &str = "owner-restarted";

pub const FNV: u32 = 0x811c_9dc5;
pub const FNV_PRIME: u32 = 16_777_619;
pub const MIX: u32 = 0x9E37_79B1;

pub fn fnv(text: &str) -> u32 {
    text.bytes().fold(FNV, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(FNV_PRIME))
}

pub fn mix(hash: u32, number: u32) -> u32 {
    (hash ^ number).rotate_left(5).wrapping_mul(MIX)
}

/// What a node answers, as far as it is not the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub hash: u32,
    pub doubt: u32,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: &'static str,
    /// The node in which it began.
    pub origin: usize,
    /// The nodes that were called, from the outermost to the one that failed.
    pub path: VecDeque<usize>,
    /// Whether the path is known: an entry that ends because its plugin has failed in another one may tell
    /// either's.
    pub told: bool,
    /// Whether some plugin's time was up: the one that the time was of.
    pub late: Option<usize>,
}

impl Failure {
    pub fn new(code: &'static str, origin: usize) -> Self {
        Self { code, origin, path: VecDeque::new(), told: true, late: None }
    }

    /// Whether its plugin was not even entered, so that nobody is to blame.
    pub fn is_refusal(&self) -> bool {
        [RING, NOT_STARTED, CALL_DEPTH].contains(&self.code)
    }
}

pub type Outcome = Result<Answer, Failure>;

/// What a node makes of a reply.
pub fn take(answer: &mut Answer, slot: &Slot, outcomes: &[(usize, Outcome)]) {
    let Slot { shape, providers, .. } = slot;
    let number = |number: usize| u32::try_from(number).unwrap();
    match shape.count {
        Count::One => {}
        Count::Option => answer.hash = mix(answer.hash, number(10 + outcomes.len())),
        Count::List | Count::Map => answer.hash = mix(answer.hash, number(20 + outcomes.len())),
    }
    answer.doubt += number(providers.len() - outcomes.len());
    for (provider, outcome) in outcomes {
        let id = format!("p{provider}");
        if shape.named {
            answer.hash = mix(answer.hash, fnv(&id));
        }
        match outcome {
            Ok(other) => {
                answer.doubt += other.doubt;
                for part in [other.hash, number(65 + provider), fnv(&id)] {
                    answer.hash = mix(answer.hash, part);
                }
            }
            Err(failure) => {
                answer.hash = mix(answer.hash, 2);
                if shape.told == Told::Record {
                    answer.hash = mix(mix(answer.hash, fnv(failure.code)), fnv(&id));
                }
                answer.doubt += u32::from(shape.told != Told::Record || failure.code == RING);
            }
        }
    }
}
