use std::sync::Arc;

use super::ExternName;

/// A type of the component model, structurally: names of type definitions are gone, names of
/// fields and cases stay.
///
/// Children are shared (`Arc`), because a component may build types of a million nodes out of a
/// few definitions. Printed as WIT, with records, variants, enums and flags written in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `s8`
    S8,
    /// `u8`
    U8,
    /// `s16`
    S16,
    /// `u16`
    U16,
    /// `s32`
    S32,
    /// `u32`
    U32,
    /// `s64`
    S64,
    /// `u64`
    U64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`
    Char,
    /// `string`
    String,
    /// `error-context`
    ErrorContext,
    /// `list<T>`
    List(Arc<Type>),
    /// `list<T, N>`
    FixedLengthList(Arc<Type>, u32),
    /// `map<K, V>`
    Map(Arc<Type>, Arc<Type>),
    /// `option<T>`
    Option(Arc<Type>),
    /// `result<T, E>`, either part may be missing.
    Result(Option<Arc<Type>>, Option<Arc<Type>>),
    /// `tuple<A, B, …>`
    Tuple(Vec<Arc<Type>>),
    /// `record { name: T, … }`
    Record(Vec<Field>),
    /// `variant { name(T), … }`
    Variant(Vec<Case>),
    /// `enum { a, b, … }`
    Enum(Vec<String>),
    /// `flags { a, b, … }`
    Flags(Vec<String>),
    /// `own<R>`
    Own(Resource),
    /// `borrow<R>`
    Borrow(Resource),
    /// `future<T>`
    Future(Option<Arc<Type>>),
    /// `stream<T>`
    Stream(Option<Arc<Type>>),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Arc<Type>,
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The type of its payload, where it has one.
    pub ty: Option<Arc<Type>>,
}

/// Which side of its component a resource was first met on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Another component defines it.
    Import,
    /// The component itself defines it.
    Export,
}

/// A resource type, identified by where it is defined: `use` shares one type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// Its name in the interface that defines it.
    pub name: String,
    /// The interface that defines it; `None` for a resource that the world itself defines.
    pub interface: Option<ExternName>,
    /// Whether the component imports it or defines it.
    pub side: Side,
}

/// The type of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FuncType {
    /// Whether it is an `async func`.
    pub is_async: bool,
    /// The parameters, in order.
    pub params: Vec<Param>,
    /// The result, where it has one.
    pub result: Option<Arc<Type>>,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Arc<Type>,
}

impl Type {
    /// The types directly inside this one, in order.
    pub fn children(&self) -> Vec<&Arc<Type>> {
        match self {
            Self::Bool
            | Self::S8
            | Self::U8
            | Self::S16
            | Self::U16
            | Self::S32
            | Self::U32
            | Self::S64
            | Self::U64
            | Self::F32
            | Self::F64
            | Self::Char
            | Self::String
            | Self::ErrorContext
            | Self::Enum(_)
            | Self::Flags(_)
            | Self::Own(_)
            | Self::Borrow(_) => Vec::new(),
            Self::List(ty) | Self::FixedLengthList(ty, _) | Self::Option(ty) => vec![ty],
            Self::Map(key, value) => vec![key, value],
            Self::Result(ok, err) => ok.iter().chain(err).collect(),
            Self::Tuple(types) => types.iter().collect(),
            Self::Record(fields) => fields.iter().map(|field| &field.ty).collect(),
            Self::Variant(cases) => cases.iter().filter_map(|case| case.ty.as_ref()).collect(),
            Self::Future(ty) | Self::Stream(ty) => ty.iter().collect(),
        }
    }

    /// The resource of a handle.
    pub fn resource(&self) -> Option<&Resource> {
        match self {
            Self::Own(resource) | Self::Borrow(resource) => Some(resource),
            _ => None,
        }
    }

    /// Everything in a type that belongs to a store, so that it cannot simply be copied: handles,
    /// futures, streams and error contexts, each type once, depth first.
    pub fn handles(&self) -> Vec<&Type> {
        let mut found: Vec<&Type> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut left = vec![self];
        while let Some(ty) = left.pop() {
            let is_handle =
                matches!(ty, Self::Own(_) | Self::Borrow(_) | Self::Future(_) | Self::Stream(_) | Self::ErrorContext);
            if is_handle && !found.contains(&ty) {
                found.push(ty);
            }
            let children = ty.children().into_iter().rev();
            left.extend(children.filter(|child| seen.insert(Arc::as_ptr(child))).map(|child| &**child));
        }
        found
    }

    /// The first node, depth first, for which `wanted` holds, this one included.
    pub fn find(&self, wanted: &impl Fn(&Type) -> bool) -> Option<&Type> {
        let mut seen = std::collections::HashSet::new();
        self.find_unseen(wanted, &mut seen)
    }

    // Shared children are visited once: a type of a million nodes may have a hundred definitions.
    fn find_unseen<'a>(
        &'a self,
        wanted: &impl Fn(&Type) -> bool,
        seen: &mut std::collections::HashSet<*const Type>,
    ) -> Option<&'a Type> {
        if wanted(self) {
            return Some(self);
        }
        self.children()
            .into_iter()
            .find_map(|child| if seen.insert(Arc::as_ptr(child)) { child.find_unseen(wanted, seen) } else { None })
    }
}

impl FuncType {
    /// What is wrong with a number of arguments, for people.
    pub fn told_arity(&self, given: usize) -> String {
        let params: Vec<String> = self.params.iter().map(|param| format!("{}: {}", param.name, param.ty)).collect();
        let takes = match params.len() {
            0 => "no arguments".to_owned(),
            1 => format!("one argument ({})", params[0]),
            many => format!("{many} arguments ({})", params.join(", ")),
        };
        format!("the function takes {takes}, {given} given")
    }

    /// Every parameter's type and then the result's.
    pub fn types(&self) -> impl Iterator<Item = &Arc<Type>> {
        self.params.iter().map(|param| &param.ty).chain(&self.result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_print_as_wit() {
        let u32_ = Arc::new(Type::U32);
        let record = Type::Record(vec![
            Field { name: "line".into(), ty: u32_.clone() },
            Field { name: "notes".into(), ty: Arc::new(Type::List(Arc::new(Type::String))) },
        ]);
        let func = FuncType {
            is_async: false,
            params: vec![Param { name: "text".into(), ty: Arc::new(Type::String) }],
            result: Some(Arc::new(Type::Result(None, Some(Arc::new(record))))),
        };
        assert_eq!(func.to_string(), "func(text: string) -> result<_, record { line: u32, notes: list<string> }>");
        assert_eq!(Type::FixedLengthList(u32_, 4).to_string(), "list<u32, 4>");
        assert_eq!(Type::Result(None, None).to_string(), "result");
    }

    #[test]
    fn printing_a_huge_shared_type_is_bounded() {
        let mut ty = Arc::new(Type::U8);
        for _ in 0..60 {
            ty = Arc::new(Type::Tuple(vec![ty.clone(), ty.clone()]));
        }
        let text = ty.to_string();
        assert!(text.ends_with('…') && text.len() < 5000);
        assert!(ty.find(&|ty| matches!(ty, Type::Char)).is_none());
    }
}
