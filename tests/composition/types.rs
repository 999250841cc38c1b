//! Random types, as the text of WIT and as what they are made of.

use super::random::Random;

/// A type. Those that WIT must name are their place among the definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ty {
    /// `u8`, `string` and the like.
    Prim(Prim),
    /// `list<T>`
    List(Box<Ty>),
    /// `list<T, N>`
    Fixed(Box<Ty>, usize),
    /// `map<K, V>`
    Map(Prim, Box<Ty>),
    /// `option<T>`
    Option(Box<Ty>),
    /// `result<T, E>`
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
    /// `tuple<…>`
    Tuple(Vec<Ty>),
    /// One of the definitions.
    Named(usize),
}

/// A primitive type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Prim {
    String,
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    Char,
    F32,
    F64,
}

/// A type with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Def {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub body: Body,
}

/// What a definition stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Body {
    Record(Vec<(String, Ty)>),
    Variant(Vec<(String, Option<Ty>)>),
    Enum(Vec<String>),
    Flags(Vec<String>),
}

/// What a type is made of, where it no longer matters how WIT writes it.
pub enum Shape<'a> {
    /// Itself.
    Prim(Prim),
    /// Any number of one type, somewhere else.
    List(Ty),
    /// Values in a row.
    Fields(Vec<&'a Ty>),
    /// One of several cases.
    Cases(Vec<Option<&'a Ty>>),
    /// As many bits.
    Bits(usize),
}

impl Prim {
    /// All of them. The first eleven can be keys of a map.
    pub const ALL: [Self; 13] = [
        Self::String,
        Self::Bool,
        Self::S8,
        Self::U8,
        Self::S16,
        Self::U16,
        Self::S32,
        Self::U32,
        Self::S64,
        Self::U64,
        Self::Char,
        Self::F32,
        Self::F64,
    ];
    /// How many of the first can be keys of a map.
    const KEYS: usize = 11;

    /// As WIT writes it.
    pub fn wit(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

impl Ty {
    /// As WIT writes it.
    pub fn wit(&self, defs: &[Def]) -> String {
        match self {
            Self::Prim(prim) => prim.wit(),
            Self::List(ty) => format!("list<{}>", ty.wit(defs)),
            Self::Fixed(ty, length) => format!("list<{}, {length}>", ty.wit(defs)),
            Self::Map(key, value) => format!("map<{}, {}>", key.wit(), value.wit(defs)),
            Self::Option(ty) => format!("option<{}>", ty.wit(defs)),
            Self::Result(None, None) => "result".to_owned(),
            Self::Result(Some(ok), None) => format!("result<{}>", ok.wit(defs)),
            Self::Result(None, Some(err)) => format!("result<_, {}>", err.wit(defs)),
            Self::Result(Some(ok), Some(err)) => format!("result<{}, {}>", ok.wit(defs), err.wit(defs)),
            Self::Tuple(types) => {
                format!("tuple<{}>", types.iter().map(|ty| ty.wit(defs)).collect::<Vec<_>>().join(", "))
            }
            Self::Named(index) => defs[*index].name.clone(),
        }
    }

    /// What it is made of.
    pub fn shape<'a>(&'a self, defs: &'a [Def]) -> Shape<'a> {
        match self {
            Self::Prim(prim) => Shape::Prim(*prim),
            Self::List(ty) => Shape::List((**ty).clone()),
            Self::Fixed(ty, length) => Shape::Fields(vec![&**ty; *length]),
            Self::Map(key, value) => Shape::List(Self::Tuple(vec![Self::Prim(*key), (**value).clone()])),
            Self::Option(ty) => Shape::Cases(vec![None, Some(&**ty)]),
            Self::Result(ok, err) => Shape::Cases(vec![ok.as_deref(), err.as_deref()]),
            Self::Tuple(types) => Shape::Fields(types.iter().collect()),
            Self::Named(index) => match &defs[*index].body {
                Body::Record(fields) => Shape::Fields(fields.iter().map(|(_, ty)| ty).collect()),
                Body::Variant(cases) => Shape::Cases(cases.iter().map(|(_, ty)| ty.as_ref()).collect()),
                Body::Enum(names) => Shape::Cases(vec![None; names.len()]),
                Body::Flags(names) => Shape::Bits(names.len()),
            },
        }
    }

    /// The types directly inside this one.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Prim(_) | Self::Named(_) => Vec::new(),
            Self::List(ty) | Self::Fixed(ty, _) | Self::Map(_, ty) | Self::Option(ty) => vec![ty],
            Self::Result(ok, err) => ok.iter().chain(err).map(|ty| &**ty).collect(),
            Self::Tuple(types) => types.iter().collect(),
        }
    }
}

impl Def {
    /// As WIT writes it.
    pub fn wit(&self, defs: &[Self]) -> String {
        let (kind, members): (_, Vec<String>) = match &self.body {
            Body::Record(fields) => {
                ("record", fields.iter().map(|(name, ty)| format!("{name}: {}", ty.wit(defs))).collect())
            }
            Body::Variant(cases) => {
                let case = |(name, ty): &(String, Option<Ty>)| match ty {
                    Some(ty) => format!("{name}({})", ty.wit(defs)),
                    None => name.clone(),
                };
                ("variant", cases.iter().map(case).collect())
            }
            Body::Enum(names) => ("enum", names.clone()),
            Body::Flags(names) => ("flags", names.clone()),
        };
        format!("{kind} {} {{ {} }}", self.name, members.join(", "))
    }

    /// The types directly inside.
    pub fn children(&self) -> Vec<&Ty> {
        match &self.body {
            Body::Record(fields) => fields.iter().map(|(_, ty)| ty).collect(),
            Body::Variant(cases) => cases.iter().filter_map(|(_, ty)| ty.as_ref()).collect(),
            Body::Enum(_) | Body::Flags(_) => Vec::new(),
        }
    }
}

/// Makes random types, and collects the definitions that they need.
pub struct Types<'a> {
    /// Where chance comes from.
    pub random: &'a mut Random,
    /// The definitions so far. Each uses only those before it.
    pub defs: Vec<Def>,
}

impl Types<'_> {
    /// A type that is nested at most as deep.
    pub fn ty(&mut self, depth: usize) -> Ty {
        if depth == 0 || self.random.percent(15) {
            return Ty::Prim(self.random.pick(&Prim::ALL));
        }
        match self.random.below(11) {
            0 | 1 => Ty::List(self.boxed(depth)),
            2 => Ty::Fixed(self.boxed(depth), 1 + self.random.below(3)),
            3 => Ty::Map(self.random.pick(&Prim::ALL[..Prim::KEYS]), self.boxed(depth)),
            4 => Ty::Option(self.boxed(depth)),
            5 => Ty::Result(self.maybe(depth).map(Box::new), self.maybe(depth).map(Box::new)),
            6 => Ty::Tuple(self.several(depth)),
            // What was defined before, now and then.
            7 if !self.defs.is_empty() => Ty::Named(self.random.below(self.defs.len())),
            7 | 8 => self.record(depth),
            9 => self.variant(depth),
            _ => self.names(),
        }
    }

    fn boxed(&mut self, depth: usize) -> Box<Ty> {
        Box::new(self.ty(depth - 1))
    }

    fn maybe(&mut self, depth: usize) -> Option<Ty> {
        (!self.random.percent(30)).then(|| self.ty(depth - 1))
    }

    fn several(&mut self, depth: usize) -> Vec<Ty> {
        (0..=self.random.below(4)).map(|_| self.ty(depth - 1)).collect()
    }

    fn record(&mut self, depth: usize) -> Ty {
        let fields = self.several(depth).into_iter().enumerate();
        let fields = fields.map(|(index, ty)| (format!("f{index}"), ty)).collect();
        self.define(Body::Record(fields))
    }

    fn variant(&mut self, depth: usize) -> Ty {
        let mut cases: Vec<_> =
            (0..=self.random.below(4)).map(|index| (format!("c{index}"), self.maybe(depth))).collect();
        // Now and then with a discriminant of two bytes.
        if self.random.percent(5) {
            cases.extend((cases.len()..300).map(|index| (format!("c{index}"), None)));
        }
        self.define(Body::Variant(cases))
    }

    fn names(&mut self) -> Ty {
        let (prefix, counts): (_, &[usize]) = match self.random.percent(50) {
            true => ("c", &[1, 2, 3, 5, 255, 256, 257]),
            false => ("b", &[1, 3, 7, 8, 9, 16, 17, 31, 32]),
        };
        let names = (0..self.random.pick(counts)).map(|index| format!("{prefix}{index}")).collect();
        self.define(if prefix == "c" { Body::Enum(names) } else { Body::Flags(names) })
    }

    fn define(&mut self, body: Body) -> Ty {
        let index = self.defs.len();
        self.defs.push(Def { name: format!("t{index}"), body });
        Ty::Named(index)
    }
}
