//! What the engine makes of an operator beside the code that it stands for.

use wasmparser::Operator;

/// Calls of the host, and the basic blocks around them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hidden {
    /// What they cost, in the units of the weight.
    pub(super) cost: u64,
    /// How many more basic blocks there are for what is alive to live across. Calibrated by the memory that compiling
    /// takes where much is alive.
    pub(super) blocks: u32,
}

impl Hidden {
    /// A function in a table is put there when it is first read, and a type of functions may have to be looked up.
    const MAY_CALL_HOST: Self = Self { cost: 50, blocks: 2 };
    /// What the host serves altogether.
    const CALLS_HOST: Self = Self { cost: 150, blocks: 5 };

    /// That of an operator.
    pub(super) fn of(operator: &Operator<'_>) -> Self {
        match operator {
            Operator::TableGet { .. }
            | Operator::CallIndirect { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::RefTestNonNull { .. }
            | Operator::RefTestNullable { .. }
            | Operator::RefCastNonNull { .. }
            | Operator::RefCastNullable { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. } => Self::MAY_CALL_HOST,
            Operator::MemoryGrow { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. } => Self::CALLS_HOST,
            _ => Self::default(),
        }
    }
}
