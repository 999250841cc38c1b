//! The table of reply shapes as an oracle: what may be declared, and what must come of it.

use std::collections::BTreeMap;

use plugweave::Val;

pub use Cardinality::{Any, AtLeastOne, AtMostOne, ExactlyOne};

pub const PROVIDERS: [&str; 3] = ["ada", "bob", "cyd"];

/// For each number of providers, their priorities (by place in `PROVIDERS`; none: it does not provide) and
/// the order that follows: priority, then id.
pub const GROUPS: [([Option<i32>; 3], &[usize]); 4] = [
    ([None, None, None], &[]),
    ([None, Some(0), None], &[1]),
    ([Some(0), Some(5), None], &[1, 0]),
    ([Some(0), Some(0), Some(10)], &[2, 0, 1]),
];

/// This bit of the argument makes a provider of `result` answer an `err` of its own.
pub const ERR: u32 = 8;

/// What the providers answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum R {
    Nothing,
    Number,
    Text,
    Result,
    Record,
    Tuple,
}

pub const RESULTS: [R; 6] = [R::Nothing, R::Number, R::Text, R::Result, R::Record, R::Tuple];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cardinality {
    ExactlyOne,
    AtMostOne,
    AtLeastOne,
    Any,
}

pub const CARDINALITIES: [Cardinality; 4] = [ExactlyOne, AtMostOne, AtLeastOne, Any];

/// What the consumer declares.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    Nothing,
    One(A),
    Optional(A),
    List(A),
    Map(F),
}

#[derive(Clone, Copy, Debug)]
pub enum A {
    Value(F),
    WithId(F),
    Id,
}

#[derive(Clone, Copy, Debug)]
pub enum F {
    Plain,
    Result(E),
}

#[derive(Clone, Copy, Debug)]
pub enum E {
    Nothing,
    Message,
    Record,
}

impl R {
    pub fn wit(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Number => Some("u32"),
            Self::Text => Some("string"),
            Self::Result => Some("result<u32, string>"),
            Self::Record => Some("pair"),
            Self::Tuple => Some("tuple<string, u32>"),
        }
    }

    /// What a healthy provider answers.
    pub fn value(self, provider: usize, x: u32) -> Option<Val> {
        let number = Val::U32(number(provider) + x);
        let text = string(text(provider));
        Some(match self {
            Self::Nothing => return None,
            Self::Number => number,
            Self::Text => text,
            Self::Result if x & ERR != 0 => Val::Result(Err(boxed(text))),
            Self::Result => Val::Result(Ok(boxed(number))),
            Self::Record => Val::Record(vec![("a".into(), number), ("b".into(), text)]),
            Self::Tuple => Val::Tuple(vec![text, number]),
        })
    }

    /// The code that answers, in a provider that has its text at 64.
    pub fn code(self, provider: usize) -> String {
        let number = format!("(i32.add (local.get $x) (i32.const {}))", number(provider));
        let number_at = |at: u32| format!("(i32.store (i32.const {at}) {number})");
        let text_at = |at: u32| {
            let length = text(provider).len();
            format!("(i64.store (i32.const {at}) (i64.const {}))", (length << 32) + 64)
        };
        match self {
            Self::Nothing => String::new(),
            Self::Number => number,
            Self::Text => format!("{} (i32.const 16)", text_at(16)),
            Self::Result => format!(
                "(if (i32.and (local.get $x) (i32.const {ERR}))
                  (then (i32.store8 (i32.const 16) (i32.const 1)) {})
                  (else (i32.store8 (i32.const 16) (i32.const 0)) {}))
                (i32.const 16)",
                text_at(20),
                number_at(20)
            ),
            Self::Record => format!("{} {} (i32.const 16)", number_at(16), text_at(20)),
            Self::Tuple => format!("{} {} (i32.const 16)", text_at(16), number_at(24)),
        }
    }

    /// Every `F`; the plain one first, because a type that can be read as plain is.
    pub fn fallibles(self) -> Vec<F> {
        let plain = (self != Self::Nothing).then_some(F::Plain);
        plain.into_iter().chain([E::Nothing, E::Message, E::Record].map(F::Result)).collect()
    }

    /// Every `A`.
    pub fn answers(self) -> Vec<A> {
        let fallibles = self.fallibles();
        let id = (self == Self::Nothing).then_some(A::Id);
        fallibles.iter().map(|f| A::Value(*f)).chain(fallibles.iter().map(|f| A::WithId(*f))).chain(id).collect()
    }

    /// The row of the table: everything that a consumer may declare.
    pub fn row(self, cardinality: Cardinality) -> Vec<Reply> {
        let answers = self.answers().into_iter();
        let mut row: Vec<Reply> = match cardinality {
            ExactlyOne => answers.map(Reply::One).collect(),
            AtMostOne => answers.map(Reply::Optional).collect(),
            AtLeastOne | Any => answers.map(Reply::List).chain(self.fallibles().into_iter().map(Reply::Map)).collect(),
        };
        row.extend((self == Self::Nothing).then_some(Reply::Nothing));
        row
    }

    /// The row as WIT, and whether a failure is a value in it.
    pub fn declarations(self, cardinality: Cardinality) -> BTreeMap<Option<String>, bool> {
        let mut declarations = BTreeMap::new();
        for reply in self.row(cardinality) {
            declarations.entry(reply.wit(self)).or_insert(reply.tells());
        }
        declarations
    }
}

impl Cardinality {
    pub fn name(self) -> &'static str {
        match self {
            ExactlyOne => "exactly-one",
            AtMostOne => "at-most-one",
            AtLeastOne => "at-least-one",
            Any => "any",
        }
    }

    pub fn allows(self, providers: usize) -> bool {
        match self {
            ExactlyOne => providers == 1,
            AtMostOne => providers <= 1,
            AtLeastOne => providers >= 1,
            Any => true,
        }
    }
}

impl Reply {
    pub fn wit(self, r: R) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::One(a) => Some(a.wit(r)),
            Self::Optional(a) => Some(format!("option<{}>", a.wit(r))),
            Self::List(a) => Some(format!("list<{}>", a.wit(r))),
            Self::Map(f) => Some(format!("map<string, {}>", f.wit(r))),
        }
    }

    /// The name of the functions that declare it.
    pub fn name(self) -> String {
        let f = |f: F| match f {
            F::Plain => "plain",
            F::Result(E::Nothing) => "failed",
            F::Result(E::Message) => "message",
            F::Result(E::Record) => "record",
        };
        match self {
            Self::Nothing => "nothing".into(),
            Self::Map(form) => format!("by-id-{}", f(form)),
            Self::One(a) | Self::Optional(a) | Self::List(a) => match a {
                A::Value(form) => format!("value-{}", f(form)),
                A::WithId(form) => format!("with-id-{}", f(form)),
                A::Id => "id".into(),
            },
        }
    }

    /// Whether a failure is a value in it.
    pub fn tells(self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Map(f) => matches!(f, F::Result(_)),
            Self::One(a) | Self::Optional(a) | Self::List(a) => {
                matches!(a, A::Value(F::Result(_)) | A::WithId(F::Result(_)))
            }
        }
    }

    /// What stands for one provider's answer, or for its failure where there is no value.
    pub fn entry(self, provider: usize, value: Result<Option<Val>, ()>) -> Val {
        let id = string(PROVIDERS[provider]);
        match self {
            Self::Nothing => id,
            Self::Map(f) => Val::Tuple(vec![id, f.value(provider, value)]),
            Self::One(a) | Self::Optional(a) | Self::List(a) => match a {
                A::Value(f) => f.value(provider, value),
                A::WithId(f) => Val::Tuple(vec![id, f.value(provider, value)]),
                A::Id => id,
            },
        }
    }

    /// The whole, of the entries.
    pub fn whole(self, mut entries: Vec<Val>) -> Option<Val> {
        match self {
            Self::Nothing => None,
            Self::One(_) => Some(entries.remove(0)),
            Self::Optional(_) => Some(Val::Option(entries.pop().map(Box::new))),
            Self::List(_) => Some(Val::List(entries)),
            Self::Map(_) => {
                let entry = |entry: Val| match entry {
                    Val::Tuple(mut parts) => (parts.remove(0), parts.remove(0)),
                    other => panic!("{other:?}"),
                };
                Some(Val::Map(entries.into_iter().map(entry).collect()))
            }
        }
    }
}

impl A {
    pub fn wit(self, r: R) -> String {
        match self {
            Self::Value(f) => f.wit(r),
            Self::WithId(f) => format!("tuple<string, {}>", f.wit(r)),
            Self::Id => "string".into(),
        }
    }
}

impl F {
    pub fn wit(self, r: R) -> String {
        let e = match self {
            Self::Plain => return r.wit().unwrap().to_owned(),
            Self::Result(E::Nothing) => None,
            Self::Result(E::Message) => Some("string"),
            Self::Result(E::Record) => Some("dispatch-error"),
        };
        match (r.wit(), e) {
            (None, None) => "result".into(),
            (Some(r), None) => format!("result<{r}>"),
            (r, Some(e)) => format!("result<{}, {e}>", r.unwrap_or("_")),
        }
    }

    pub fn value(self, provider: usize, value: Result<Option<Val>, ()>) -> Val {
        let error = match self {
            Self::Plain => return value.unwrap().unwrap(),
            Self::Result(E::Nothing) => None,
            Self::Result(E::Message) => Some(message(provider)),
            Self::Result(E::Record) => Some(dispatch_error("trap", provider)),
        };
        Val::Result(value.map(|value| value.map(Box::new)).map_err(|()| error.map(Box::new)))
    }
}

pub fn number(provider: usize) -> u32 {
    [100, 200, 300][provider]
}

pub fn text(provider: usize) -> &'static str {
    ["of ada", "from bób", ""][provider]
}

pub fn string(text: &str) -> Val {
    Val::String(text.to_owned())
}

pub fn boxed(value: Val) -> Option<Box<Val>> {
    Some(Box::new(value))
}

/// Stands for any message that tells of the failure of a provider.
pub fn message(provider: usize) -> Val {
    Val::String(format!("(a message about {})", PROVIDERS[provider]))
}

pub fn dispatch_error(code: &str, provider: usize) -> Val {
    Val::Record(vec![
        ("code".into(), string(code)),
        ("provider".into(), string(PROVIDERS[provider])),
        ("message".into(), message(provider)),
    ])
}

/// The value with its messages, which name the provider and the kind of failure, replaced by what stands for them.
pub fn without_messages(value: Val) -> Val {
    let all = |values: Vec<Val>| values.into_iter().map(without_messages).collect();
    let inside = |value: Option<Box<Val>>| value.map(|value| Box::new(without_messages(*value)));
    match value {
        Val::String(text) => {
            let of_failure = ["trap", "fuel", "timeout", "failed"].iter().any(|code| text.contains(code));
            let about = PROVIDERS.iter().position(|id| of_failure && text.contains(&format!("`{id}`")));
            about.map_or(Val::String(text), message)
        }
        Val::List(values) => Val::List(all(values)),
        Val::Tuple(values) => Val::Tuple(all(values)),
        Val::Record(fields) => {
            Val::Record(fields.into_iter().map(|(name, value)| (name, without_messages(value))).collect())
        }
        Val::Map(entries) => Val::Map(entries.into_iter().map(|(id, value)| (id, without_messages(value))).collect()),
        Val::Option(value) => Val::Option(inside(value)),
        Val::Result(Ok(value)) => Val::Result(Ok(inside(value))),
        Val::Result(Err(value)) => Val::Result(Err(inside(value))),
        other => other,
    }
}
