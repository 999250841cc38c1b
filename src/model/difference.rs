use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::print::Step;
use super::signature::Fitting;
use super::{FuncType, Param, Type};

/// Where two types or signatures first differ, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The way to the place: `parameter `text``, `element`, `field `line``, outermost first.
    /// Empty when the whole differs.
    pub path: Vec<String>,
    /// The same way in terms of printed signatures, to mark the place.
    pub steps: Vec<Step>,
    /// What the consumer declares there.
    pub expected: String,
    /// What the provider has there.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.path {
            write!(f, "{step}: ")?;
        }
        write!(f, "{} here, {} at the provider", self.expected, self.found)
    }
}

/// The first difference between the type that a consumer declares and that of a provider.
pub fn first_difference(consumer: &Arc<Type>, provider: &Arc<Type>, fitting: &Fitting<'_>) -> Option<Difference> {
    let mut comparison = Comparison { fitting, equal: HashSet::new(), path: Vec::new(), steps: Vec::new() };
    comparison.types(consumer, provider).err()
}

/// The first difference between the parameters that a consumer declares and those of a provider.
/// Results are compared by reply shape, not here.
pub fn first_signature_difference(
    consumer: &FuncType,
    provider: &FuncType,
    fitting: &Fitting<'_>,
) -> Option<Difference> {
    let mut comparison = Comparison { fitting, equal: HashSet::new(), path: Vec::new(), steps: Vec::new() };
    comparison.parameters(consumer, provider).err()
}

struct Comparison<'a> {
    fitting: &'a Fitting<'a>,
    /// Pairs of shared nodes known to be equal: a type of a million nodes has few definitions.
    equal: HashSet<(*const Type, *const Type)>,
    path: Vec<String>,
    steps: Vec<Step>,
}

type Outcome = Result<(), Difference>;

impl Comparison<'_> {
    fn parameters(&mut self, consumer: &FuncType, provider: &FuncType) -> Outcome {
        if consumer.is_async != provider.is_async {
            let kind = |is_async| if is_async { "an `async func`" } else { "a `func`" };
            return self.differ(kind(consumer.is_async), kind(provider.is_async));
        }
        for (index, (mine, theirs)) in consumer.params.iter().zip(&provider.params).enumerate() {
            if mine.name != theirs.name {
                let name = |param: &Param| format!("a parameter `{}`", param.name);
                return self.member_differs(index, name(mine), name(theirs));
            }
            self.within(index, format!("parameter `{}`", mine.name), &mine.ty, &theirs.ty)?;
        }
        if consumer.params.len() != provider.params.len() {
            let (mine, theirs) = (consumer.params.len(), provider.params.len());
            return self.member_differs(mine.min(theirs), count(mine, "parameter"), count(theirs, "parameter"));
        }
        Ok(())
    }

    fn types(&mut self, consumer: &Arc<Type>, provider: &Arc<Type>) -> Outcome {
        if Arc::ptr_eq(consumer, provider) && !has_handles(consumer) {
            return Ok(());
        }
        let pair = (Arc::as_ptr(consumer), Arc::as_ptr(provider));
        if self.equal.contains(&pair) {
            return Ok(());
        }
        self.nodes(consumer, provider)?;
        self.equal.insert(pair);
        Ok(())
    }

    /// Compares by the consumer's kind; every kind is named, so that a new one cannot slip by.
    fn nodes(&mut self, consumer: &Type, provider: &Type) -> Outcome {
        match (consumer, provider) {
            (
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
                | Type::ErrorContext,
                _,
            ) if consumer == provider => Ok(()),
            (Type::List(mine), Type::List(theirs)) => self.within(0, "element", mine, theirs),
            (Type::FixedLengthList(mine, length), Type::FixedLengthList(theirs, other)) if length == other => {
                self.within(0, "element", mine, theirs)
            }
            (Type::Map(key, value), Type::Map(other_key, other_value)) => {
                self.within(0, "key", key, other_key)?;
                self.within(1, "value", value, other_value)
            }
            (Type::Option(mine), Type::Option(theirs)) => self.within(0, "some", mine, theirs),
            (Type::Result(ok, err), Type::Result(other_ok, other_err)) => {
                self.payloads(0, "ok", ok.as_ref(), other_ok.as_ref())?;
                self.payloads(1, "err", err.as_ref(), other_err.as_ref())
            }
            (Type::Tuple(mine), Type::Tuple(theirs)) => self.tuples(mine, theirs),
            (Type::Record(mine), Type::Record(theirs)) => {
                let (mine, theirs): (Vec<_>, Vec<_>) = (
                    mine.iter().map(|field| (&field.name, Some(&field.ty))).collect(),
                    theirs.iter().map(|field| (&field.name, Some(&field.ty))).collect(),
                );
                self.members("field", &mine, &theirs)
            }
            (Type::Variant(mine), Type::Variant(theirs)) => {
                let (mine, theirs): (Vec<_>, Vec<_>) = (
                    mine.iter().map(|case| (&case.name, case.ty.as_ref())).collect(),
                    theirs.iter().map(|case| (&case.name, case.ty.as_ref())).collect(),
                );
                self.members("case", &mine, &theirs)
            }
            (Type::Enum(mine), Type::Enum(theirs)) => self.names("case", mine, theirs),
            (Type::Flags(mine), Type::Flags(theirs)) => self.names("flag", mine, theirs),
            (Type::Own(mine), Type::Own(theirs)) | (Type::Borrow(mine), Type::Borrow(theirs)) => {
                if self.fitting.same_resource(mine, theirs) {
                    return Ok(());
                }
                self.differ(resource(mine), resource(theirs))
            }
            (Type::Future(mine), Type::Future(theirs)) | (Type::Stream(mine), Type::Stream(theirs)) => {
                self.payloads(0, "payload", mine.as_ref(), theirs.as_ref())
            }
            _ => self.differ(quoted(consumer), quoted(provider)),
        }
    }

    fn tuples(&mut self, mine: &[Arc<Type>], theirs: &[Arc<Type>]) -> Outcome {
        for (index, (mine, theirs)) in mine.iter().zip(theirs).enumerate() {
            self.within(index, format!("tuple part {}", index + 1), mine, theirs)?;
        }
        if mine.len() != theirs.len() {
            return self.differ(count(mine.len(), "tuple part"), count(theirs.len(), "tuple part"));
        }
        Ok(())
    }

    fn members(
        &mut self,
        what: &str,
        mine: &[(&String, Option<&Arc<Type>>)],
        theirs: &[(&String, Option<&Arc<Type>>)],
    ) -> Outcome {
        for (index, ((name, ty), (other_name, other_ty))) in mine.iter().zip(theirs).enumerate() {
            if name != other_name {
                return self.member_differs(index, format!("a {what} `{name}`"), format!("a {what} `{other_name}`"));
            }
            self.payloads(index, &format!("{what} `{name}`"), *ty, *other_ty)?;
        }
        self.lengths(what, mine.iter().map(|(name, _)| name.as_str()), theirs.iter().map(|(name, _)| name.as_str()))
    }

    fn names(&mut self, what: &str, mine: &[String], theirs: &[String]) -> Outcome {
        for (index, (name, other)) in mine.iter().zip(theirs).enumerate() {
            if name != other {
                return self.member_differs(index, format!("a {what} `{name}`"), format!("a {what} `{other}`"));
            }
        }
        self.lengths(what, mine.iter().map(String::as_str), theirs.iter().map(String::as_str))
    }

    /// Equal so far: the longer one has a member more.
    fn lengths<'a>(
        &mut self,
        what: &str,
        mut mine: impl ExactSizeIterator<Item = &'a str>,
        mut theirs: impl ExactSizeIterator<Item = &'a str>,
    ) -> Outcome {
        let (length, other) = (mine.len(), theirs.len());
        let nth = |name: Option<&str>| name.map_or_else(|| format!("no more {what}s"), |n| format!("a {what} `{n}`"));
        if length == other {
            return Ok(());
        }
        self.member_differs(length.min(other), nth(mine.nth(other)), nth(theirs.nth(length)))
    }

    fn payloads(&mut self, index: usize, step: &str, mine: Option<&Arc<Type>>, theirs: Option<&Arc<Type>>) -> Outcome {
        match (mine, theirs) {
            (Some(mine), Some(theirs)) => self.within(index, step, mine, theirs),
            (None, None) => Ok(()),
            (mine, theirs) => {
                let show = |ty: Option<&Arc<Type>>| ty.map_or_else(|| "nothing".to_owned(), |ty| quoted(ty));
                self.path.push(step.to_owned());
                self.member_differs(index, show(mine), show(theirs))
            }
        }
    }

    /// Compares one level down; the path keeps the step when that fails.
    fn within(&mut self, index: usize, step: impl Into<String>, mine: &Arc<Type>, theirs: &Arc<Type>) -> Outcome {
        self.path.push(step.into());
        self.steps.push(Step::Into(index));
        self.types(mine, theirs)?;
        self.path.pop();
        self.steps.pop();
        Ok(())
    }

    /// The n-th parameter, field, case or name is another one, or missing on one side.
    fn member_differs(&mut self, index: usize, expected: impl Into<String>, found: impl Into<String>) -> Outcome {
        self.steps.push(Step::Member(index));
        self.differ(expected, found)
    }

    fn differ(&mut self, expected: impl Into<String>, found: impl Into<String>) -> Outcome {
        Err(Difference {
            path: std::mem::take(&mut self.path),
            steps: std::mem::take(&mut self.steps),
            expected: expected.into(),
            found: found.into(),
        })
    }
}

fn has_handles(ty: &Type) -> bool {
    ty.find(&|ty| matches!(ty, Type::Own(_) | Type::Borrow(_))).is_some()
}

fn quoted(ty: &Type) -> String {
    format!("`{ty}`")
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn resource(resource: &super::Resource) -> String {
    match &resource.interface {
        Some(interface) => format!("resource `{}` of `{interface}`", resource.name),
        None => format!("resource `{}` of the world", resource.name),
    }
}
