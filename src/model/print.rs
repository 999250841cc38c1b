use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

use super::{FuncType, Type};

/// Longest text that a type or signature is printed with; what is longer ends in `…`.
const MAX_PRINTED: usize = 4096;

/// A step from a signature or type to a place inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Into the type of the n-th parameter, part, field or case; `n` past the last parameter is
    /// the result.
    Into(usize),
    /// The n-th parameter, field, case or name as a whole; past the last one: the end of the list.
    Member(usize),
}

/// A signature or type as text, with the bytes of the marked place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The text.
    pub text: String,
    /// The marked bytes; empty where the place lies beyond the text's bound.
    pub mark: Range<usize>,
}

/// Prints a signature and marks the place that `path` leads to, or the nearest one around it.
pub fn print_marked(func: &FuncType, path: &[Step]) -> Marked {
    let mut path = path;
    loop {
        let mut printer = Printer::new();
        // The only error is "long enough".
        let _ = printer.func(func, Some(path));
        match (printer.mark, path) {
            (Some(mark), _) => return Marked { mark, text: printer.text },
            (None, []) => return Marked { mark: 0..0, text: printer.text },
            (None, [around @ .., _]) => path = around,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = Printer::new();
        let _ = printer.ty(self, None);
        f.pad(&printer.text)
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = Printer::new();
        let _ = printer.func(self, None);
        f.pad(&printer.text)
    }
}

/// What is left of the way to the marked place; `None` when it lies elsewhere.
type Path<'a> = Option<&'a [Step]>;

struct Printer {
    text: String,
    mark: Option<Range<usize>>,
}

impl fmt::Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > MAX_PRINTED {
            self.text.push('…');
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

impl Printer {
    fn new() -> Self {
        Self { text: String::new(), mark: None }
    }

    /// Prints something, and marks it when the way ends here.
    fn marked(&mut self, here: bool, print: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        let start = self.text.len();
        print(self)?;
        if here {
            self.mark = Some(start..self.text.len());
        }
        Ok(())
    }

    fn func(&mut self, func: &FuncType, path: Path<'_>) -> fmt::Result {
        self.marked(path.is_some_and(<[_]>::is_empty), |out| {
            out.write_str(if func.is_async { "async func" } else { "func" })?;
            out.members("(", ")", &func.params, path, |out, param, path| {
                write!(out, "{}: ", param.name)?;
                out.ty(&param.ty, path)
            })?;
            let Some(result) = &func.result else { return Ok(()) };
            out.write_str(" -> ")?;
            out.ty(result, into(path, func.params.len()))
        })
    }

    fn ty(&mut self, ty: &Type, path: Path<'_>) -> fmt::Result {
        self.marked(path.is_some_and(<[_]>::is_empty), |out| out.node(ty, path))
    }

    fn node(&mut self, ty: &Type, path: Path<'_>) -> fmt::Result {
        match ty {
            Type::Bool => self.write_str("bool"),
            Type::S8 => self.write_str("s8"),
            Type::U8 => self.write_str("u8"),
            Type::S16 => self.write_str("s16"),
            Type::U16 => self.write_str("u16"),
            Type::S32 => self.write_str("s32"),
            Type::U32 => self.write_str("u32"),
            Type::S64 => self.write_str("s64"),
            Type::U64 => self.write_str("u64"),
            Type::F32 => self.write_str("f32"),
            Type::F64 => self.write_str("f64"),
            Type::Char => self.write_str("char"),
            Type::String => self.write_str("string"),
            Type::ErrorContext => self.write_str("error-context"),
            Type::List(ty) => self.generic("list", &[Some(ty)], path),
            Type::FixedLengthList(ty, length) => {
                self.write_str("list<")?;
                self.ty(ty, into(path, 0))?;
                write!(self, ", {length}>")
            }
            Type::Map(key, value) => self.generic("map", &[Some(key), Some(value)], path),
            Type::Option(ty) => self.generic("option", &[Some(ty)], path),
            Type::Result(None, None) => self.write_str("result"),
            Type::Result(ok, None) => self.generic("result", &[ok.as_ref()], path),
            Type::Result(ok, err) => self.generic("result", &[ok.as_ref(), err.as_ref()], path),
            Type::Tuple(types) => self.generic("tuple", &types.iter().map(Some).collect::<Vec<_>>(), path),
            Type::Record(fields) => self.members("record { ", " }", fields, path, |out, field, path| {
                write!(out, "{}: ", field.name)?;
                out.ty(&field.ty, path)
            }),
            Type::Variant(cases) => self.members("variant { ", " }", cases, path, |out, case, path| {
                out.write_str(&case.name)?;
                let Some(ty) = &case.ty else { return Ok(()) };
                out.write_str("(")?;
                out.ty(ty, path)?;
                out.write_str(")")
            }),
            Type::Enum(names) => self.members("enum { ", " }", names, path, |out, name, _| out.write_str(name)),
            Type::Flags(names) => self.members("flags { ", " }", names, path, |out, name, _| out.write_str(name)),
            Type::Own(resource) => write!(self, "own<{}>", resource.name),
            Type::Borrow(resource) => write!(self, "borrow<{}>", resource.name),
            Type::Future(None) => self.write_str("future"),
            Type::Future(ty) => self.generic("future", &[ty.as_ref()], path),
            Type::Stream(None) => self.write_str("stream"),
            Type::Stream(ty) => self.generic("stream", &[ty.as_ref()], path),
        }
    }

    fn generic(&mut self, name: &str, types: &[Option<&Arc<Type>>], path: Path<'_>) -> fmt::Result {
        write!(self, "{name}<")?;
        for (index, ty) in types.iter().enumerate() {
            self.write_str(separator(index))?;
            self.marked(path == Some(&[Step::Member(index)]), |out| match ty {
                Some(ty) => out.ty(ty, into(path, index)),
                None => out.write_str("_"),
            })?;
        }
        self.write_str(">")
    }

    fn members<T>(
        &mut self,
        open: &str,
        close: &str,
        items: &[T],
        path: Path<'_>,
        mut print: impl FnMut(&mut Self, &T, Path<'_>) -> fmt::Result,
    ) -> fmt::Result {
        self.write_str(open)?;
        for (index, item) in items.iter().enumerate() {
            self.write_str(separator(index))?;
            self.marked(path == Some(&[Step::Member(index)]), |out| print(out, item, into(path, index)))?;
        }
        self.marked(path == Some(&[Step::Member(items.len())]), |out| out.write_str(close))
    }
}

/// The rest of the way, when it leads into the n-th child.
fn into(path: Path<'_>, index: usize) -> Path<'_> {
    match path? {
        [Step::Into(next), rest @ ..] if *next == index => Some(rest),
        _ => None,
    }
}

fn separator(index: usize) -> &'static str {
    if index == 0 { "" } else { ", " }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Field, Param};

    #[test]
    fn marks_the_place_that_a_path_leads_to() {
        let record = Type::Record(vec![
            Field { name: "a".into(), ty: Type::U8.into() },
            Field { name: "b".into(), ty: Type::Char.into() },
        ]);
        let func = FuncType {
            is_async: false,
            params: vec![Param { name: "x".into(), ty: Type::Bool.into() }],
            result: Some(Arc::new(Type::List(Arc::new(record)))),
        };
        let marked = |path: &[Step]| {
            let Marked { text, mark } = print_marked(&func, path);
            text[mark].to_owned()
        };
        assert_eq!(marked(&[Step::Into(0)]), "bool");
        assert_eq!(marked(&[Step::Member(0)]), "x: bool");
        assert_eq!(marked(&[Step::Member(1)]), ")");
        assert_eq!(marked(&[Step::Into(1), Step::Into(0), Step::Into(1)]), "char");
        assert_eq!(marked(&[Step::Into(1), Step::Into(0), Step::Member(1)]), "b: char");
        assert_eq!(marked(&[Step::Into(1), Step::Into(0), Step::Member(2)]), " }");
        assert_eq!(marked(&[]), func.to_string());
    }
}
