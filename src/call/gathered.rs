//! What a dispatcher holds of values while it serves a call, and how much that may be.

use wasmtime::component::Val;

use super::reply::Outcome;
use super::wiring::{ImportedFunction, Provider};
use super::{CallError, CallErrorKind, CallFrame, MOST_VALUE_MEMORY, Shape};

impl ImportedFunction {
    /// The bytes of the consumer's arguments in the canonical ABI. With handles they are translated in a copy.
    ///
    /// # Errors
    /// When they are more than the consumer may pass, or take too much memory. That is its own failure.
    pub(super) fn weigh(&self, shape: &Shape, arguments: &[Val], with_handles: bool) -> Result<u64, CallError> {
        let weight = shape.weigh_all(arguments);
        let memory = weight.memory.saturating_mul(self.copies(with_handles));
        let failed = |found: String| {
            let cause = format!("the arguments that it passed to `{}` {found}", self.target());
            CallError::new(CallErrorKind::Trap, Some(self.consumer.clone()), cause)
        };
        if weight.abi > self.hostcall_bytes {
            let (found, limit) = (weight.abi, self.hostcall_bytes);
            return Err(failed(format!("are {found} bytes, more than its limit of {limit} bytes (`hostcall-bytes`)")));
        }
        if memory > MOST_VALUE_MEMORY {
            return Err(failed(told_memory("take", memory)));
        }
        Ok(weight.abi)
    }

    /// How often the arguments are in memory at once. Each provider but an only one is given a copy of that in which
    /// handles are translated.
    fn copies(&self, with_handles: bool) -> u64 {
        match (with_handles, self.asks_one()) {
            (false, _) => 1,
            (true, true) => 2,
            (true, false) => 3,
        }
    }
}

/// How much memory the answers of a fan-out take, which are held until the last provider has answered.
#[derive(Default)]
pub(super) struct Gathered {
    memory: u64,
}

impl Gathered {
    /// Makes room for an answer. One that there is no room for is a failure of its provider, which keeps its state.
    pub(super) fn admit(&mut self, function: &ImportedFunction, provider: &Provider, answer: Option<Val>) -> Outcome {
        let (Some(value), Some(shape)) = (&answer, &provider.result) else { return Ok(answer) };
        // One by itself has its bound already.
        if function.providers.len() == 1 {
            return Ok(answer);
        }
        let memory = self.memory.saturating_add(shape.weigh(value).memory);
        if memory <= MOST_VALUE_MEMORY {
            self.memory = memory;
            return Ok(answer);
        }
        let cause = format!("its answer, with those of the providers before it, would {}", told_memory("take", memory));
        let interface = (function.target() != function.function).then(|| function.import.clone());
        let frame = CallFrame {
            caller: Some(function.consumer.clone()),
            plugin: provider.id.clone(),
            interface,
            function: function.function.clone(),
        };
        Err(CallError::new(CallErrorKind::Trap, Some(provider.id.clone()), cause).called(frame))
    }
}

/// Says that values take too much memory, and what to do.
fn told_memory(take: &str, memory: u64) -> String {
    let most = MOST_VALUE_MEMORY;
    format!("{take} {memory} bytes of the host's memory as values, and one call may have {most}: pass less at a time")
}
