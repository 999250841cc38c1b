//! Types as WIT, by the names that they have where they stand.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::ptr;
use std::sync::Arc;

use crate::model::{Param, Resource, Type};

/// The most that is printed. Types are shared in the binary, so that a small file could ask for a huge text.
const MAX_TEXT: usize = 4 << 20;

/// The names that types and resources have in an interface.
#[derive(Default)]
pub(super) struct Scope<'a> {
    pub(super) types: HashMap<*const Type, Cow<'a, str>>,
    pub(super) resources: HashMap<&'a Resource, Cow<'a, str>>,
}

/// What stands in an interface or world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Use,
    Type,
    /// What takes several lines.
    Block,
    Function,
    Import,
    Export,
}

/// What is printed so far. The only error is "too much".
#[derive(Default)]
pub(super) struct Out {
    text: String,
    last: Option<Part>,
}

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > MAX_TEXT {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

impl Out {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Begins an interface or world: what follows is its first part.
    pub(super) fn open(&mut self, depth: usize, text: &str) -> fmt::Result {
        self.last = None;
        self.line(depth, text)
    }

    /// Ends what [`Out::open`] began, itself a block.
    pub(super) fn close(&mut self, depth: usize) -> fmt::Result {
        self.last = Some(Part::Block);
        self.line(depth, "}")
    }

    /// Begins a part: with a blank line around blocks and between parts of different kinds.
    pub(super) fn part(&mut self, depth: usize, part: Part) -> fmt::Result {
        let alike = self.last.replace(part).is_none_or(|last| last == part && part != Part::Block);
        self.write_str(if alike { "" } else { "\n" })?;
        self.start(depth)
    }

    /// The white space before a line.
    fn start(&mut self, depth: usize) -> fmt::Result {
        (0..depth).try_for_each(|_| self.write_str("  "))
    }

    pub(super) fn line(&mut self, depth: usize, text: &str) -> fmt::Result {
        self.start(depth)?;
        writeln!(self, "{text}")
    }

    /// The definition of a type.
    pub(super) fn definition(&mut self, depth: usize, name: &str, ty: &Type, scope: &Scope<'_>) -> fmt::Result {
        let name = escaped(name);
        let is_block = matches!(ty, Type::Record(_) | Type::Variant(_) | Type::Enum(_) | Type::Flags(_));
        self.part(depth, if is_block { Part::Block } else { Part::Type })?;
        match ty {
            Type::Record(fields) => self.block(depth, "record", &name, fields, |out, field| {
                write!(out, "{}: ", escaped(&field.name))?;
                out.ty(&field.ty, scope)
            }),
            Type::Variant(cases) => self.block(depth, "variant", &name, cases, |out, case| {
                out.write_str(&escaped(&case.name))?;
                let Some(ty) = &case.ty else { return Ok(()) };
                out.write_str("(")?;
                out.ty(ty, scope)?;
                out.write_str(")")
            }),
            Type::Enum(names) => self.block(depth, "enum", &name, names, |out, name| out.write_str(&escaped(name))),
            Type::Flags(names) => self.block(depth, "flags", &name, names, |out, name| out.write_str(&escaped(name))),
            other => {
                write!(self, "type {name} = ")?;
                self.structure(other, scope)?;
                self.write_str(";\n")
            }
        }
    }

    fn block<T>(
        &mut self,
        depth: usize,
        keyword: &str,
        name: &str,
        members: &[T],
        mut print: impl FnMut(&mut Self, &T) -> fmt::Result,
    ) -> fmt::Result {
        writeln!(self, "{keyword} {name} {{")?;
        for member in members {
            self.start(depth + 1)?;
            print(self, member)?;
            self.write_str(",\n")?;
        }
        self.line(depth, "}")
    }

    /// Parameters and result.
    pub(super) fn params(&mut self, params: &[Param], result: Option<&Arc<Type>>, scope: &Scope<'_>) -> fmt::Result {
        for (index, param) in params.iter().enumerate() {
            write!(self, "{}{}: ", if index == 0 { "(" } else { ", " }, escaped(&param.name))?;
            self.ty(&param.ty, scope)?;
        }
        self.write_str(if params.is_empty() { "()" } else { ")" })?;
        let Some(result) = result else { return Ok(()) };
        self.write_str(" -> ")?;
        self.ty(result, scope)
    }

    /// A type by its name, if it has one here.
    fn ty(&mut self, ty: &Type, scope: &Scope<'_>) -> fmt::Result {
        match scope.types.get(&ptr::from_ref(ty)) {
            Some(name) => self.write_str(&escaped(name)),
            None => self.structure(ty, scope),
        }
    }

    fn structure(&mut self, ty: &Type, scope: &Scope<'_>) -> fmt::Result {
        match ty {
            Type::List(ty) => self.generic("list", &[Some(ty)], scope),
            Type::Option(ty) => self.generic("option", &[Some(ty)], scope),
            Type::Map(key, value) => self.generic("map", &[Some(key), Some(value)], scope),
            Type::Result(None, None) => self.write_str("result"),
            Type::Result(ok, None) => self.generic("result", &[ok.as_ref()], scope),
            Type::Result(ok, err) => self.generic("result", &[ok.as_ref(), err.as_ref()], scope),
            Type::Tuple(types) => self.generic("tuple", &types.iter().map(Some).collect::<Vec<_>>(), scope),
            Type::Future(None) => self.write_str("future"),
            Type::Future(ty) => self.generic("future", &[ty.as_ref()], scope),
            Type::Stream(None) => self.write_str("stream"),
            Type::Stream(ty) => self.generic("stream", &[ty.as_ref()], scope),
            Type::FixedLengthList(ty, length) => {
                self.write_str("list<")?;
                self.ty(ty, scope)?;
                write!(self, ", {length}>")
            }
            Type::Own(resource) => self.write_str(&resource_name(resource, scope)),
            Type::Borrow(resource) => write!(self, "borrow<{}>", resource_name(resource, scope)),
            // The validator lets no function use these without a name.
            Type::Record(_) | Type::Variant(_) | Type::Enum(_) | Type::Flags(_) => write!(self, "{ty}"),
            Type::Bool
            | Type::S8
            | Type::U8
            | Type::S16
            | Type::U16
            | Type::S32
            | Type::U32
            | Type::S64
            | Type::U64
            | Type::F32
            | Type::F64
            | Type::Char
            | Type::String
            | Type::ErrorContext => write!(self, "{ty}"),
        }
    }

    fn generic(&mut self, name: &str, parts: &[Option<&Arc<Type>>], scope: &Scope<'_>) -> fmt::Result {
        self.write_str(name)?;
        for (index, part) in parts.iter().enumerate() {
            self.write_str(if index == 0 { "<" } else { ", " })?;
            match part {
                Some(ty) => self.ty(ty, scope)?,
                None => self.write_str("_")?,
            }
        }
        self.write_str(">")
    }
}

fn resource_name(resource: &Resource, scope: &Scope<'_>) -> String {
    escaped(scope.resources.get(resource).map_or(&resource.name, |name| name))
}

/// The words that WIT has a use for.
const KEYWORDS: &[&str] = &[
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "enum",
    "error-context",
    "export",
    "f32",
    "f64",
    "flags",
    "float32",
    "float64",
    "from",
    "func",
    "future",
    "import",
    "include",
    "interface",
    "list",
    "map",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "static",
    "stream",
    "string",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "use",
    "variant",
    "with",
    "world",
];

/// A name as WIT writes it.
pub(super) fn escaped(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("%{name}") } else { name.to_owned() }
}
