//! What a node is told to do.

use std::fmt;

/// What a plugin can do wrong, in a call or while it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Crime {
    Trap = 1,
    Loop,
    Recurse,
    /// Asks for memory until it gets none.
    Memory,
    /// Makes things until it has no room for their handles.
    Flood,
    /// Calls a function of the host that fails.
    HostFails,
    /// Calls a function of the host that panics.
    HostPanics,
    Exit,
    Sleep,
}

impl Crime {
    pub const ALL: [Self; 9] = [
        Self::Trap,
        Self::Loop,
        Self::Recurse,
        Self::Memory,
        Self::Flood,
        Self::HostFails,
        Self::HostPanics,
        Self::Exit,
        Self::Sleep,
    ];

    /// As guests know it.
    pub fn number(self) -> u32 {
        self as u32
    }

    /// Whether only plugins can do it that import of WASI.
    pub fn needs_wasi(self) -> bool {
        matches!(self, Self::Exit | Self::Sleep)
    }
}

/// What a plugin does when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Crime(Crime),
    /// Asks others along a path: each octal digit, the lowest first, is a slot plus one.
    Ask(u32),
}

impl Start {
    /// As guests know it.
    pub fn number(self) -> u32 {
        match self {
            Self::Crime(crime) => crime.number(),
            Self::Ask(path) => ASKS + path,
        }
    }
}

/// Numbers from here on are paths.
pub const ASKS: u32 = 100;

/// In how many ways an answer can be none.
pub const GARBAGE: usize = 8;

/// One step of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Counts for the answer, and is nothing else.
    Mix(usize),
    /// Makes a thing, if there is none at hand.
    Make(usize),
    /// Asks the thing at hand for its value.
    Value,
    /// Drops the thing at hand.
    Drop,
    /// Keeps the thing at hand beyond the call, if it is owned.
    Hoard,
    /// Drops all that is kept.
    Unhoard,
    /// Asks for more memory than there is, and does without.
    Refused,
    /// Calls through a slot, if there is one of that number; perhaps with most of its stack used up.
    Call { slot: usize, how: How, script: Script, deep: bool },
    /// Only this node does it.
    Only(usize, Script),
    /// Does not come back from that.
    Crime(Crime),
    /// In the end answers something that is no answer.
    Garbage(usize),
    /// Forgets that the thing at hand was only lent.
    KeepBorrow,
    /// Calls through a slot with a script that is no text, or not in memory.
    BadScript { slot: usize, outside: bool },
}

/// What is passed in a call, beside the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Alone,
    /// The thing at hand is lent.
    Lend,
    /// The thing at hand is given away, where that is possible; else lent.
    Give,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script(pub Vec<Op>);

/// The first digit: numbers are single characters, this one and those behind it.
const ZERO: usize = b'0' as usize;

/// The base of lengths, which have two digits.
const BASE: usize = 64;

/// Added to the numbers of slots that are called with most of the stack used up.
pub const DEEP: usize = 8;

/// The longest script within a script.
pub const LONGEST: usize = BASE * BASE - 1;

fn digit(number: usize) -> char {
    char::from(u8::try_from(ZERO + number).unwrap())
}

impl Op {
    fn write(&self, text: &mut String) {
        let (op, operand) = match self {
            Self::Mix(number) => ('x', *number),
            Self::Make(number) => ('m', *number),
            Self::Value => ('v', 0),
            Self::Drop => ('d', 0),
            Self::Hoard => ('h', 0),
            Self::Unhoard => ('H', 0),
            Self::Refused => ('A', 0),
            Self::Call { slot, how, deep, .. } => {
                let op = match how {
                    How::Alone => 'c',
                    How::Lend => 'l',
                    How::Give => 'g',
                };
                (op, *slot + if *deep { DEEP } else { 0 })
            }
            Self::Only(node, _) => ('?', *node),
            Self::Crime(crime) => ('!', crime.number() as usize),
            Self::Garbage(kind) => ('G', *kind),
            Self::KeepBorrow => ('K', 0),
            Self::BadScript { slot, outside: true } => ('a', *slot),
            Self::BadScript { slot, outside: false } => ('u', *slot),
        };
        text.push(op);
        text.push(digit(operand));
        if let Self::Call { script, .. } | Self::Only(_, script) = self {
            let inner = script.text();
            text.push(digit(inner.len() / BASE));
            text.push(digit(inner.len() % BASE));
            text.push_str(&inner);
        }
    }
}

impl Script {
    /// As nodes read it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for op in &self.0 {
            op.write(&mut text);
        }
        text
    }

    /// Whether it and all that is in it can be written.
    pub fn fits(&self) -> bool {
        self.text().len() <= LONGEST
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, op) in self.0.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            match op {
                Op::Call { slot, how, script, deep } => {
                    let deep = if *deep { "Deep" } else { "" };
                    write!(f, "{space}{deep}{how:?}({slot})[{script}]")?;
                }
                Op::Only(node, script) => write!(f, "{space}p{node}?[{script}]")?,
                op => write!(f, "{space}{op:?}")?,
            }
        }
        Ok(())
    }
}
