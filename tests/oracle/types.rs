//! A small pool of types, and how they are written as WAT and WIT.

/// A type. Equal only with the name of its definition; see [`Ty::same`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ty {
    /// `bool`
    Bool,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `string`
    String,
    /// `list<T>`
    List(Box<Ty>),
    /// `option<T>`
    Option(Box<Ty>),
    /// `result<T, E>`
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
    /// `tuple<A, B>`
    Tuple(Vec<Ty>),
    /// `map<K, V>`
    Map(Box<Ty>, Box<Ty>),
    /// `record`, under the name of its definition.
    Record(&'static str, Vec<(&'static str, Ty)>),
    /// `enum`, under the name of its definition.
    Enum(&'static str, Vec<&'static str>),
}

/// `list<T>`
pub fn list(ty: Ty) -> Ty {
    Ty::List(Box::new(ty))
}

/// `option<T>`
pub fn option(ty: Ty) -> Ty {
    Ty::Option(Box::new(ty))
}

/// `result<T, E>`
pub fn result(ok: Option<Ty>, err: Option<Ty>) -> Ty {
    Ty::Result(ok.map(Box::new), err.map(Box::new))
}

/// `map<string, T>`
pub fn map(value: Ty) -> Ty {
    Ty::Map(Box::new(Ty::String), Box::new(value))
}

/// `tuple<string, T>`
pub fn with_id(ty: Ty) -> Ty {
    Ty::Tuple(vec![Ty::String, ty])
}

/// The record that tells failures, under a name of the consumer's choice.
pub fn dispatch_error(name: &'static str) -> Ty {
    Ty::Record(name, vec![("code", Ty::String), ("provider", Ty::String), ("message", Ty::String)])
}

/// What functions of providers take and return.
pub fn pool() -> Vec<Ty> {
    let issue = |name, line, last| Ty::Record(name, vec![(line, Ty::U32), ("text", last)]);
    vec![
        Ty::Bool,
        Ty::U32,
        Ty::U64,
        Ty::String,
        list(Ty::U32),
        list(Ty::String),
        option(Ty::U32),
        Ty::Tuple(vec![Ty::U32, Ty::String]),
        with_id(Ty::U32),
        with_id(Ty::String),
        result(None, None),
        result(None, Some(Ty::String)),
        result(Some(Ty::U32), Some(Ty::String)),
        result(Some(Ty::U32), Some(Ty::U32)),
        issue("issue", "line", Ty::String),
        // The same under another name, and two others under the first name.
        issue("note", "line", Ty::String),
        issue("issue", "row", Ty::String),
        issue("issue", "line", Ty::Bool),
        list(issue("issue", "line", Ty::String)),
        dispatch_error("dispatch-error"),
        Ty::Enum("level", vec!["low", "high"]),
        Ty::Enum("level", vec!["high", "low"]),
        map(Ty::U32),
        Ty::Map(Box::new(Ty::U32), Box::new(Ty::U32)),
    ]
}

impl Ty {
    /// Whether two types are structurally equal: names of definitions do not count.
    pub fn same(&self, other: &Self) -> bool {
        self.anonymous() == other.anonymous()
    }

    fn anonymous(&self) -> Self {
        let boxed = |ty: &Option<Box<Self>>| ty.as_ref().map(|ty| Box::new(ty.anonymous()));
        match self {
            Self::Bool | Self::U32 | Self::U64 | Self::String => self.clone(),
            Self::List(ty) => list(ty.anonymous()),
            Self::Option(ty) => option(ty.anonymous()),
            Self::Result(ok, err) => Self::Result(boxed(ok), boxed(err)),
            Self::Tuple(parts) => Self::Tuple(parts.iter().map(Self::anonymous).collect()),
            Self::Map(key, value) => Self::Map(Box::new(key.anonymous()), Box::new(value.anonymous())),
            Self::Record(_, fields) => {
                Self::Record("", fields.iter().map(|(name, ty)| (*name, ty.anonymous())).collect())
            }
            Self::Enum(_, cases) => Self::Enum("", cases.clone()),
        }
    }

    /// The types directly inside this one.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Bool | Self::U32 | Self::U64 | Self::String | Self::Enum(..) => Vec::new(),
            Self::List(ty) | Self::Option(ty) => vec![ty],
            Self::Result(ok, err) => ok.iter().chain(err).map(|ty| &**ty).collect(),
            Self::Tuple(parts) => parts.iter().collect(),
            Self::Map(key, value) => vec![key, value],
            Self::Record(_, fields) => fields.iter().map(|(_, ty)| ty).collect(),
        }
    }

    /// Whether it needs a definition.
    pub fn is_defined(&self) -> bool {
        matches!(self, Self::Record(..) | Self::Enum(..))
    }

    /// Whether it needs no definition, nor does anything in it.
    pub fn is_plain(&self) -> bool {
        !self.is_defined() && self.children().into_iter().all(Self::is_plain)
    }

    /// As the text format writes it where it is used; definitions go by `name`.
    pub fn wat(&self, name: &dyn Fn(&Self) -> String) -> String {
        let part = |what: &str, ty: &Option<Box<Self>>| match ty {
            Some(ty) => {
                format!(" {}", if what.is_empty() { ty.wat(name) } else { format!("({what} {})", ty.wat(name)) })
            }
            None => String::new(),
        };
        match self {
            Self::Bool => "bool".to_owned(),
            Self::U32 => "u32".to_owned(),
            Self::U64 => "u64".to_owned(),
            Self::String => "string".to_owned(),
            Self::List(ty) => format!("(list {})", ty.wat(name)),
            Self::Option(ty) => format!("(option {})", ty.wat(name)),
            Self::Result(ok, err) => format!("(result{}{})", part("", ok), part("error", err)),
            Self::Tuple(parts) => {
                format!("(tuple {})", parts.iter().map(|part| part.wat(name)).collect::<Vec<_>>().join(" "))
            }
            Self::Map(key, value) => format!("(map {} {})", key.wat(name), value.wat(name)),
            Self::Record(..) | Self::Enum(..) => name(self),
        }
    }

    /// Its definition in the text format.
    pub fn wat_definition(&self, name: &dyn Fn(&Self) -> String) -> String {
        match self {
            Self::Record(_, fields) => {
                let field = |(field, ty): &(&str, Self)| format!(" (field \"{field}\" {})", ty.wat(name));
                format!("(record{})", fields.iter().map(field).collect::<String>())
            }
            Self::Enum(_, cases) => {
                format!("(enum{})", cases.iter().map(|case| format!(" \"{case}\"")).collect::<String>())
            }
            _ => self.wat(name),
        }
    }

    /// As WIT writes it where it is used; definitions go by `name`.
    pub fn wit(&self, name: &dyn Fn(&Self) -> String) -> String {
        let all = |types: &[&Self]| types.iter().map(|ty| ty.wit(name)).collect::<Vec<_>>().join(", ");
        match self {
            Self::Bool => "bool".to_owned(),
            Self::U32 => "u32".to_owned(),
            Self::U64 => "u64".to_owned(),
            Self::String => "string".to_owned(),
            Self::List(ty) => format!("list<{}>", ty.wit(name)),
            Self::Option(ty) => format!("option<{}>", ty.wit(name)),
            Self::Result(None, None) => "result".to_owned(),
            Self::Result(None, Some(err)) => format!("result<_, {}>", err.wit(name)),
            Self::Result(..) => format!("result<{}>", all(&self.children())),
            Self::Tuple(_) => format!("tuple<{}>", all(&self.children())),
            Self::Map(..) => format!("map<{}>", all(&self.children())),
            Self::Record(..) | Self::Enum(..) => name(self),
        }
    }

    /// Its definition in WIT.
    pub fn wit_definition(&self, name: &dyn Fn(&Self) -> String) -> String {
        match self {
            Self::Record(_, fields) => {
                let field = |(field, ty): &(&str, Self)| format!("{field}: {}", ty.wit(name));
                let fields = fields.iter().map(field).collect::<Vec<_>>().join(", ");
                format!("record {} {{ {fields} }}", name(self))
            }
            Self::Enum(_, cases) => format!("enum {} {{ {} }}", name(self), cases.join(", ")),
            _ => String::new(),
        }
    }

    /// The core types that it becomes as a parameter.
    pub fn flat(&self) -> Vec<&'static str> {
        let joined = |types: &[&Option<Box<Self>>]| {
            let mut flat: Vec<&'static str> = Vec::new();
            for ty in types.iter().copied().flatten() {
                for (index, core) in ty.flat().into_iter().enumerate() {
                    match flat.get(index) {
                        None => flat.push(core),
                        Some(there) if *there != core => flat[index] = "i64",
                        Some(_) => {}
                    }
                }
            }
            [vec!["i32"], flat].concat()
        };
        match self {
            Self::Bool | Self::U32 | Self::Enum(..) => vec!["i32"],
            Self::U64 => vec!["i64"],
            Self::String | Self::List(_) | Self::Map(..) => vec!["i32", "i32"],
            Self::Option(ty) => [vec!["i32"], ty.flat()].concat(),
            Self::Result(ok, err) => joined(&[ok, err]),
            Self::Tuple(_) | Self::Record(..) => self.children().into_iter().flat_map(Self::flat).collect(),
        }
    }
}
