//! Calls and values as WAVE text.
//!
//! The parser is that of `wasm-wave`; values are made from its syntax tree by the types of the
//! function, because its own conversion panics on lists of fixed length and knows no maps. WAVE has
//! no form for maps: they are read and written as lists of tuples, `[("a", 1), ("b", 2)]`.

use std::cell::Cell;
use std::ops::Range;
use std::str::FromStr;

use wasm_wave::ast::{Node, NodeType};
use wasm_wave::parser::{ParserError, ParserErrorKind};
use wasm_wave::untyped::UntypedFuncCall;
use wasmtime::component::Val as Raw;

use crate::call::{MOST_VALUE_MEMORY, own_memory};
use crate::foreign::{harmless, page};
use crate::model::{Case, Field, FuncType, Type};
use crate::runtime::Val;

/// What is wrong with a call or a value as WAVE text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", page(.0))]
pub struct WaveError(String);

/// A call as text: `text:stats/words@1.0.0#count("a b")`, or `run("hey")`.
pub struct WaveCall<'a> {
    target: &'a str,
    /// The arguments behind a name of one letter: all that the parser needs to see.
    call: UntypedFuncCall<'static>,
}

type Converted<T> = Result<T, WaveError>;

impl<'a> WaveCall<'a> {
    /// Parses a call.
    ///
    /// # Errors
    /// [`WaveError`] says where it is not well formed.
    pub fn parse(text: &'a str) -> Result<Self, WaveError> {
        let text = text.trim();
        let Some(open) = text.find('(') else {
            return Err(WaveError(missing_parentheses(text)));
        };
        let (target, arguments) = text.split_at(open);
        let source = format!("f{arguments}");
        let call = UntypedFuncCall::parse(&source).map(UntypedFuncCall::into_owned);
        let call = call.map_err(|error| malformed(&error, &source))?;
        Ok(Self { target: target.trim_end(), call })
    }

    /// What is called.
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// The arguments, as a function of this type takes them. Options at the end may be left out.
    ///
    /// # Errors
    /// [`WaveError`] names the parameter that does not fit.
    pub fn arguments(&self, ty: &FuncType) -> Result<Vec<Val>, WaveError> {
        let source = self.call.source();
        let nodes: Vec<&Node> = match self.call.params_node() {
            Some(node) => node.as_tuple().map_err(|error| malformed(&error, source))?.collect(),
            None => Vec::new(),
        };
        let reader = Reader { source, left: Cell::new(MOST_VALUE_MEMORY) };
        let mut arguments = Vec::with_capacity(ty.params.len());
        for (index, param) in ty.params.iter().enumerate() {
            let name = || format!("parameter `{}`", param.name);
            let value = match (nodes.get(index), &*param.ty) {
                (Some(node), ty) => reader.value(node, ty).map_err(|error| error.within(name()))?,
                (None, Type::Option(_)) => Val::Option(None),
                (None, ty) => return Err(WaveError(format!("{}: expected `{ty}`, found nothing", name()))),
            };
            arguments.push(value);
        }
        let (wanted, found) = (ty.params.len(), nodes.len());
        if found > wanted {
            return Err(WaveError(ty.told_arity(found)));
        }
        Ok(arguments)
    }
}

impl WaveError {
    fn within(self, step: String) -> Self {
        Self(format!("{step}: {}", self.0))
    }
}

/// How a call without parentheses was probably meant.
fn missing_parentheses(text: &str) -> String {
    match text.split_once(char::is_whitespace) {
        Some((target, arguments)) => {
            format!("the arguments stand in parentheses, as in `{target}({})`", arguments.trim())
        }
        // An interface by itself, which `()` would not make a function.
        None if text.contains(':') && !text.contains('#') => {
            format!("the function is missing; a call is written as `{text}#FUNC(ARGS)`")
        }
        None => format!("the arguments are missing; without any it is `{text}()`"),
    }
}

fn malformed(error: &ParserError, source: &str) -> WaveError {
    // Of a token the detail is the parser's own name for it.
    let detail = error.detail().filter(|_| error.kind() != ParserErrorKind::UnexpectedToken);
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    let near = excerpt(source, error.span().start..source.len());
    let near = if near.is_empty() { "the end".to_owned() } else { format!("`{near}`") };
    // Of all words only `some` needs a value, so that it fails here and not at the type.
    let before = source.get(..error.span().start).unwrap_or_default().trim_end();
    let is_word = before.strip_suffix("some").is_some_and(|rest| rest.ends_with(['(', ',', '[', ' ', ':', '{']));
    let hint = if is_word {
        "; `some` takes a value, and a case of that name is written `%some`"
    } else if is_mixed_case(before, source.get(error.span().start..).unwrap_or_default()) {
        "; a word of a name is written in small letters or in capitals, not in both"
    } else {
        ""
    };
    WaveError(format!("the arguments are not well formed: {}{detail} at {near}{hint}", error.kind()))
}

/// Whether a text is cut where its letters change between small ones and capitals, as the parser does with `None`.
fn is_mixed_case(before: &str, behind: &str) -> bool {
    let (Some(last), Some(first)) = (before.chars().next_back(), behind.chars().next()) else { return false };
    (last.is_ascii_uppercase() && first.is_ascii_lowercase())
        || (last.is_ascii_lowercase() && first.is_ascii_uppercase())
}

/// The words of WAVE that have a meaning of their own.
const WORDS: [&str; 8] = ["none", "some", "ok", "err", "true", "false", "nan", "inf"];

/// What to do about a case whose name is a word of WAVE.
fn word_hint(word: &str) -> String {
    format!("; `{word}` is a word of WAVE, so the case of that name is written `%{word}`")
}

/// A piece of the text, cut short.
fn excerpt(source: &str, span: Range<usize>) -> String {
    const LONGEST: usize = 40;
    let text = source.get(span).unwrap_or_default();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Makes values of a syntax tree.
struct Reader<'a> {
    source: &'a str,
    /// How much more memory the values may take: a few characters can stand for a record of a thousand options.
    left: Cell<u64>,
}

impl Reader<'_> {
    fn value(&self, node: &Node, ty: &Type) -> Converted<Val> {
        let value = self.made(node, ty)?;
        match self.left.get().checked_sub(own_memory(&value)) {
            Some(left) => self.left.set(left),
            None => {
                return Err(WaveError(format!(
                    "the arguments take more than {MOST_VALUE_MEMORY} bytes of memory as values, which is the most for \
                     one call; pass less at a time"
                )));
            }
        }
        Ok(value)
    }

    fn made(&self, node: &Node, ty: &Type) -> Converted<Val> {
        let misfit = |_: ParserError| self.misfit(node, ty);
        Ok(match ty {
            Type::Bool => Val::Bool(node.as_bool().map_err(misfit)?),
            Type::S8 => Val::S8(node.as_number(self.source).map_err(misfit)?),
            Type::U8 => Val::U8(node.as_number(self.source).map_err(misfit)?),
            Type::S16 => Val::S16(node.as_number(self.source).map_err(misfit)?),
            Type::U16 => Val::U16(node.as_number(self.source).map_err(misfit)?),
            Type::S32 => Val::S32(node.as_number(self.source).map_err(misfit)?),
            Type::U32 => Val::U32(node.as_number(self.source).map_err(misfit)?),
            Type::S64 => Val::S64(node.as_number(self.source).map_err(misfit)?),
            Type::U64 => Val::U64(node.as_number(self.source).map_err(misfit)?),
            Type::F32 => Val::Float32(self.float(node, ty, f32::is_infinite)?),
            Type::F64 => Val::Float64(self.float(node, ty, f64::is_infinite)?),
            Type::Char => Val::Char(node.as_char(self.source).map_err(misfit)?),
            Type::String => Val::String(node.as_str(self.source).map_err(misfit)?.into_owned()),
            Type::List(element) => Val::List(self.elements(node, ty, element)?),
            Type::FixedLengthList(element, length) => {
                let values = self.elements(node, ty, element)?;
                if u32::try_from(values.len()) != Ok(*length) {
                    return Err(self.misfit(node, ty));
                }
                Val::FixedLengthList(values)
            }
            Type::Map(key, value) => Val::Map(self.entries(node, ty, key, value)?),
            Type::Tuple(types) => {
                let nodes: Vec<&Node> = node.as_tuple().map_err(misfit)?.collect();
                if nodes.len() != types.len() {
                    return Err(self.misfit(node, ty));
                }
                let values = nodes.iter().zip(types).map(|(node, ty)| self.value(node, ty));
                Val::Tuple(values.collect::<Converted<_>>()?)
            }
            Type::Record(fields) => self.record(node, ty, fields)?,
            Type::Variant(cases) => self.variant(node, ty, cases)?,
            Type::Enum(names) => Val::Enum(self.known(node.as_enum(self.source).map_err(misfit)?, names)?),
            Type::Flags(names) => {
                let flags = node.as_flags(self.source).map_err(misfit)?;
                // The tree keeps the escape of a name that is a keyword too.
                let flags = flags.map(|flag| self.known(flag.trim_start_matches('%'), names));
                let given = flags.collect::<Converted<Vec<String>>>()?;
                // In the order of the type, as values that come from plugins are.
                Val::Flags(names.iter().filter(|name| given.contains(name)).cloned().collect())
            }
            Type::Option(inner) => self.option(node, ty, inner)?,
            Type::Result(ok, err) => self.result(node, ty, ok.as_deref(), err.as_deref())?,
            Type::Own(_) | Type::Borrow(_) | Type::Future(_) | Type::Stream(_) | Type::ErrorContext => {
                return Err(WaveError(format!("a `{ty}` cannot be written as text")));
            }
        })
    }

    /// A number that is not silently another one: too large a number parses as infinity, which has a word of its own.
    fn float<T: FromStr + Copy>(&self, node: &Node, ty: &Type, is_infinite: fn(T) -> bool) -> Converted<T> {
        let number = node.as_number(self.source).map_err(|_| self.misfit(node, ty))?;
        if is_infinite(number)
            && self.source.get(node.span()).is_some_and(|text| text.contains(|c: char| c.is_ascii_digit()))
        {
            let text = excerpt(self.source, node.span());
            return Err(WaveError(format!("`{text}` is too large for `{ty}`; infinity is written `inf` or `-inf`")));
        }
        Ok(number)
    }

    fn elements(&self, node: &Node, ty: &Type, element: &Type) -> Converted<Vec<Val>> {
        let nodes = node.as_list().map_err(|_| self.misfit(node, ty))?;
        let value = |(index, node)| self.value(node, element).map_err(|error| error.within(format!("element {index}")));
        nodes.enumerate().map(value).collect()
    }

    fn entries(&self, node: &Node, ty: &Type, key: &Type, value: &Type) -> Converted<Vec<(Val, Val)>> {
        let nodes = node.as_list().map_err(|_| self.misfit(node, ty))?;
        let entry = |node: &Node| match node.as_tuple().map(Iterator::collect::<Vec<_>>).as_deref() {
            Ok([k, v]) => Ok((self.value(k, key)?, self.value(v, value)?)),
            _ => Err(WaveError(format!(
                "expected an entry of `{ty}`, written as a tuple of key and value, found `{}`",
                excerpt(self.source, node.span())
            ))),
        };
        nodes.map(entry).collect()
    }

    fn record(&self, node: &Node, ty: &Type, fields: &[Field]) -> Converted<Val> {
        let given: Vec<(&str, &Node)> = node.as_record(self.source).map_err(|_| self.misfit(node, ty))?.collect();
        if let Some((name, _)) = given.iter().find(|(name, _)| fields.iter().all(|field| field.name != *name)) {
            return Err(WaveError(format!("there is no field `{name}` in `{ty}`")));
        }
        let value = |field: &Field| {
            let value = match given.iter().find(|(name, _)| *name == field.name) {
                Some((_, node)) => self.value(node, &field.ty),
                None if matches!(*field.ty, Type::Option(_)) => Ok(Val::Option(None)),
                None => Err(WaveError(format!("expected `{}`, found nothing", field.ty))),
            };
            let value = value.map_err(|error| error.within(format!("field `{}`", field.name)))?;
            Ok((field.name.clone(), value))
        };
        Ok(Val::Record(fields.iter().map(value).collect::<Converted<_>>()?))
    }

    fn variant(&self, node: &Node, ty: &Type, cases: &[Case]) -> Converted<Val> {
        let (name, payload) = node.as_variant(self.source).map_err(|_| self.misfit(node, ty))?;
        let Some(case) = cases.iter().find(|case| case.name == name) else {
            return Err(self.misfit(node, ty));
        };
        Ok(Val::Variant(name.to_owned(), self.payload(node, ty, payload, case.ty.as_deref())?))
    }

    fn option(&self, node: &Node, ty: &Type, inner: &Type) -> Converted<Val> {
        let payload = match node.ty() {
            NodeType::OptionNone => None,
            NodeType::OptionSome => node.as_option().map_err(|_| self.misfit(node, ty))?,
            // `some` may be left out where that is not ambiguous.
            _ if !matches!(inner, Type::Option(_) | Type::Result(..)) => Some(node),
            _ => return Err(self.misfit(node, ty)),
        };
        let value = payload.map(|node| self.value(node, inner)).transpose()?;
        Ok(Val::Option(value.map(Box::new)))
    }

    fn result(&self, node: &Node, ty: &Type, ok: Option<&Type>, err: Option<&Type>) -> Converted<Val> {
        let value = match (node.as_result(), ok) {
            (Ok(Ok(payload)), _) => Ok(self.payload(node, ty, payload, ok)?),
            (Ok(Err(payload)), _) => Err(self.payload(node, ty, payload, err)?),
            // `ok` may be left out where that is not ambiguous.
            (Err(_), Some(ok)) if !matches!(ok, Type::Option(_) | Type::Result(..)) => {
                Ok(Some(Box::new(self.value(node, ok)?)))
            }
            (Err(_), _) => return Err(self.misfit(node, ty)),
        };
        Ok(Val::Result(value))
    }

    fn payload(
        &self,
        node: &Node,
        whole: &Type,
        payload: Option<&Node>,
        ty: Option<&Type>,
    ) -> Converted<Option<Box<Val>>> {
        match (payload, ty) {
            (Some(node), Some(ty)) => Ok(Some(Box::new(self.value(node, ty)?))),
            (None, None) => Ok(None),
            _ => Err(self.misfit(node, whole)),
        }
    }

    fn known(&self, name: &str, names: &[String]) -> Converted<String> {
        match names.iter().find(|known| *known == name) {
            Some(name) => Ok(name.clone()),
            None => Err(WaveError(format!("there is no `{name}` among {}", names.join(", ")))),
        }
    }

    fn misfit(&self, node: &Node, ty: &Type) -> WaveError {
        let found = excerpt(self.source, node.span());
        WaveError(format!("expected `{ty}`, found `{found}`{}", self.escape_hint(node, ty)))
    }

    /// How a case is written whose name is a word of WAVE. A name behind `%` is none.
    fn escape_hint(&self, node: &Node, ty: &Type) -> String {
        let text = self.source.get(node.span()).unwrap_or_default();
        let word = text.split(['(', ' ']).next().unwrap_or_default();
        let is_case = match ty {
            Type::Enum(names) => names.iter().any(|name| name == word),
            Type::Variant(cases) => cases.iter().any(|case| case.name == word),
            _ => false,
        };
        if is_case && WORDS.contains(&word) { word_hint(word) } else { String::new() }
    }
}

/// Writes a value as WAVE text. It can be shown on a terminal: in strings and characters, what would change the rest is
/// an escape of WAVE's, so that the text means the very value. WAVE has no form for handles either: `<counter of store>` stands for a
/// `counter` of the plugin `store`.
///
/// # Errors
/// [`WaveError`] when the value cannot be written, which is none that comes from a plugin.
pub fn print(value: &Val) -> Result<String, WaveError> {
    let text = wasm_wave::to_string(&writable(value)).map_err(|error| WaveError(error.to_string()))?;
    // Only in strings and characters there is something to escape, and there WAVE has the same escapes.
    Ok(harmless(&text).into_owned())
}

/// The value as `wasm-wave` can write it, with its maps as lists of tuples.
fn writable(value: &Val) -> Raw {
    let all = |values: &[Val]| values.iter().map(writable).collect();
    let boxed = |value: &Option<Box<Val>>| value.as_deref().map(|value| Box::new(writable(value)));
    match value {
        Val::Bool(value) => Raw::Bool(*value),
        Val::S8(value) => Raw::S8(*value),
        Val::U8(value) => Raw::U8(*value),
        Val::S16(value) => Raw::S16(*value),
        Val::U16(value) => Raw::U16(*value),
        Val::S32(value) => Raw::S32(*value),
        Val::U32(value) => Raw::U32(*value),
        Val::S64(value) => Raw::S64(*value),
        Val::U64(value) => Raw::U64(*value),
        Val::Float32(value) => Raw::Float32(*value),
        Val::Float64(value) => Raw::Float64(*value),
        Val::Char(value) => Raw::Char(*value),
        Val::String(value) => Raw::String(value.clone()),
        Val::Enum(name) => Raw::Enum(name.clone()),
        Val::Flags(names) => Raw::Flags(names.clone()),
        Val::List(values) | Val::FixedLengthList(values) => Raw::List(all(values)),
        Val::Tuple(values) => Raw::Tuple(all(values)),
        Val::Map(entries) => {
            let entry = |(key, value): &(Val, Val)| Raw::Tuple(vec![writable(key), writable(value)]);
            Raw::List(entries.iter().map(entry).collect())
        }
        Val::Record(fields) => {
            Raw::Record(fields.iter().map(|(name, value)| (name.clone(), writable(value))).collect())
        }
        Val::Variant(name, value) => Raw::Variant(name.clone(), boxed(value)),
        Val::Option(value) => Raw::Option(boxed(value)),
        Val::Result(Ok(value)) => Raw::Result(Ok(boxed(value))),
        Val::Result(Err(value)) => Raw::Result(Err(boxed(value))),
        // The name of a case is written as it is.
        Val::Resource(handle) => Raw::Enum(handle.to_string()),
    }
}

#[cfg(test)]
mod tests;
