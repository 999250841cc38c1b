//! Types of values with handles in them. All their parts are `i32` in core WebAssembly, so that layout
//! and flattening are simple.

use std::fmt::Write;

/// A resource: of which node, and which of its.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Res {
    pub node: usize,
    pub index: usize,
}

impl Res {
    /// Its name, which no other has.
    pub fn name(self) -> String {
        format!("r{}{}", self.node, if self.index == 0 { "a" } else { "b" })
    }
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ty {
    U32,
    Own(Res),
    Borrow(Res),
    Option(Box<Ty>),
    List(Box<Ty>),
    Tuple(Vec<Ty>),
    Record(Vec<Ty>),
    /// At least one case has a value.
    Variant(Vec<Option<Ty>>),
    /// At least one of them has a value.
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
}

impl Ty {
    /// The cases of an option, a variant or a result.
    pub fn cases(&self) -> Option<Vec<Option<&Self>>> {
        match self {
            Self::Option(inner) => Some(vec![None, Some(inner)]),
            Self::Variant(cases) => Some(cases.iter().map(Option::as_ref).collect()),
            Self::Result(ok, err) => Some(vec![ok.as_deref(), err.as_deref()]),
            _ => None,
        }
    }

    /// The types right below.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::U32 | Self::Own(_) | Self::Borrow(_) => Vec::new(),
            Self::List(element) => vec![element],
            Self::Tuple(parts) | Self::Record(parts) => parts.iter().collect(),
            Self::Option(_) | Self::Variant(_) | Self::Result(..) => {
                self.cases().unwrap_or_default().into_iter().flatten().collect()
            }
        }
    }

    /// The resources of all handles in it.
    pub fn resources(&self) -> Vec<Res> {
        match self {
            Self::Own(resource) | Self::Borrow(resource) => vec![*resource],
            _ => self.parts().into_iter().flat_map(Self::resources).collect(),
        }
    }

    /// How many bytes it takes in memory; all of it is aligned to 4.
    pub fn size(&self) -> usize {
        match self {
            Self::U32 | Self::Own(_) | Self::Borrow(_) => 4,
            Self::List(_) => 8,
            Self::Tuple(parts) | Self::Record(parts) => parts.iter().map(Self::size).sum(),
            _ => 4 + self.parts().into_iter().map(Self::size).max().unwrap_or(0),
        }
    }

    /// How many values it is when it is flat.
    pub fn flat(&self) -> usize {
        match self {
            Self::U32 | Self::Own(_) | Self::Borrow(_) => 1,
            Self::List(_) => 2,
            Self::Tuple(parts) | Self::Record(parts) => parts.iter().map(Self::flat).sum(),
            _ => 1 + self.parts().into_iter().map(Self::flat).max().unwrap_or(0),
        }
    }

    /// The type in WIT. What needs a name is added to `defs`, which numbers it.
    pub fn wit(&self, defs: &mut Defs) -> String {
        match self {
            Self::U32 => "u32".to_owned(),
            Self::Own(resource) => resource.name(),
            Self::Borrow(resource) => format!("borrow<{}>", resource.name()),
            Self::Option(inner) => format!("option<{}>", inner.wit(defs)),
            Self::List(element) => format!("list<{}>", element.wit(defs)),
            Self::Tuple(parts) => {
                format!("tuple<{}>", parts.iter().map(|part| part.wit(defs)).collect::<Vec<_>>().join(", "))
            }
            Self::Record(fields) => {
                let mut text = String::new();
                for (index, field) in fields.iter().enumerate() {
                    let ty = field.wit(defs);
                    write!(text, "f{index}: {ty}, ").unwrap();
                }
                defs.add("record", &text)
            }
            Self::Variant(cases) => {
                let mut text = String::new();
                for (index, case) in cases.iter().enumerate() {
                    let ty = case.as_ref().map(|ty| format!("({})", ty.wit(defs))).unwrap_or_default();
                    write!(text, "c{index}{ty}, ").unwrap();
                }
                defs.add("variant", &text)
            }
            Self::Result(ok, err) => {
                let ok = ok.as_ref().map_or("_".to_owned(), |ty| ty.wit(defs));
                match err {
                    Some(err) => format!("result<{ok}, {}>", err.wit(defs)),
                    None => format!("result<{ok}>"),
                }
            }
        }
    }
}

/// The types of an interface that have names.
#[derive(Default)]
pub struct Defs {
    pub text: String,
    count: usize,
}

impl Defs {
    fn add(&mut self, what: &str, body: &str) -> String {
        let name = format!("d{}", self.count);
        self.count += 1;
        writeln!(self.text, "    {what} {name} {{ {body}}}").unwrap();
        name
    }
}
