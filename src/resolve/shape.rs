//! Reply shapes: how the answers of providers become the one value that a consumer declares.
//! Decided from types alone.

use std::sync::Arc;

use crate::model::{Cardinality, Field, Fitting, Type, fits};
use crate::plan::{Answer, ErrorForm, Fallible, Reply};

/// A function's result, nothing included.
pub type Result_<'a> = Option<&'a Arc<Type>>;

/// What surrounds the answers in the type that a consumer declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Nothing is declared.
    Nothing,
    /// `A`
    One,
    /// `option<A>`
    Optional,
    /// `list<A>`
    List,
    /// `map<string, F>`
    Map,
}

/// One provider's part in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What surrounds the answers.
    pub container: Container,
    /// This provider's answer in it; none where nothing is declared.
    pub answer: Option<Answer>,
}

/// Whether providers export the consumer's own interface, or another one that it names by `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The same interface: whatever differs is a mistake.
    Same,
    /// The interface of `from`: the consumer has one of its own, for other replies.
    From,
}

/// The row of the table that fits a consumer's declared result and a provider's result under a
/// cardinality, if one does.
pub fn shape(
    declared: Result_<'_>,
    provided: Result_<'_>,
    cardinality: Cardinality,
    source: Source,
    fitting: &Fitting<'_>,
) -> Option<Shape> {
    let Some(declared) = declared else {
        return provided.is_none().then_some(Shape { container: Container::Nothing, answer: None });
    };
    let (container, answer) = match (cardinality, &**declared) {
        (Cardinality::ExactlyOne, _) => {
            let answer = answer(declared, provided, fitting)?;
            // Of one interface, a provider without the result is an outdated one, and must not pass unnoticed.
            if answer == Answer::Id && source == Source::Same {
                return None;
            }
            (Container::One, answer)
        }
        (Cardinality::AtMostOne, Type::Option(inner)) => (Container::Optional, answer(inner, provided, fitting)?),
        (Cardinality::AtLeastOne | Cardinality::Any, Type::List(inner)) => {
            (Container::List, answer(inner, provided, fitting)?)
        }
        (Cardinality::AtLeastOne | Cardinality::Any, Type::Map(key, value)) if **key == Type::String => {
            (Container::Map, Answer::Value(fallible(value, provided, fitting)?))
        }
        (Cardinality::AtMostOne | Cardinality::AtLeastOne | Cardinality::Any, _) => return None,
    };
    Some(Shape { container, answer: Some(answer) })
}

/// What surrounds the answers when there is no provider, so that the declared type alone decides.
pub fn container_alone(declared: Result_<'_>, cardinality: Cardinality) -> Option<Container> {
    let Some(declared) = declared else { return Some(Container::Nothing) };
    match (cardinality, &**declared) {
        (Cardinality::ExactlyOne, _) => Some(Container::One),
        (Cardinality::AtMostOne, Type::Option(_)) => Some(Container::Optional),
        (Cardinality::AtLeastOne | Cardinality::Any, Type::List(_)) => Some(Container::List),
        (Cardinality::AtLeastOne | Cardinality::Any, Type::Map(key, _)) if **key == Type::String => {
            Some(Container::Map)
        }
        (Cardinality::AtMostOne | Cardinality::AtLeastOne | Cardinality::Any, _) => None,
    }
}

/// `A`: `F`, `tuple<string, F>`, or `string` alone where nothing is provided.
fn answer(declared: &Arc<Type>, provided: Result_<'_>, fitting: &Fitting<'_>) -> Option<Answer> {
    if let Some(fallible) = fallible(declared, provided, fitting) {
        return Some(Answer::Value(fallible));
    }
    match &**declared {
        Type::Tuple(parts) => match parts.as_slice() {
            [id, value] if **id == Type::String => Some(Answer::WithId(fallible(value, provided, fitting)?)),
            _ => None,
        },
        Type::String if provided.is_none() => Some(Answer::Id),
        _ => None,
    }
}

/// `F`: `R` or `result<R, E>`.
fn fallible(declared: &Arc<Type>, provided: Result_<'_>, fitting: &Fitting<'_>) -> Option<Fallible> {
    if provided.is_some_and(|provided| fits(declared, provided, fitting)) {
        return Some(Fallible::Plain);
    }
    let Type::Result(ok, err) = &**declared else { return None };
    let ok_fits = match (ok, provided) {
        (Some(ok), Some(provided)) => fits(ok, provided, fitting),
        (None, None) => true,
        _ => false,
    };
    ok_fits.then(|| error_form(err.as_ref()).map(Fallible::Result)).flatten()
}

/// `E`: nothing, `string`, or the record `dispatch-error` of `wit/plugweave.wit`.
pub fn error_form(declared: Result_<'_>) -> Option<ErrorForm> {
    match declared.map(|ty| &**ty) {
        None => Some(ErrorForm::Nothing),
        Some(Type::String) => Some(ErrorForm::Message),
        Some(Type::Record(fields)) => is_dispatch_error(fields).then_some(ErrorForm::Record),
        Some(_) => None,
    }
}

fn is_dispatch_error(fields: &[Field]) -> bool {
    let names = ["code", "provider", "message"];
    fields.len() == names.len()
        && fields.iter().zip(names).all(|(field, name)| field.name == name && *field.ty == Type::String)
}

/// Joins the shapes of all providers, in provider order, into the reply of the function.
pub fn reply(container: Container, answers: Vec<Option<Answer>>) -> Reply {
    let mut answers = answers.into_iter().flatten();
    match container {
        Container::Nothing => Reply::Nothing,
        Container::One => answers.next().map_or(Reply::Nothing, Reply::One),
        Container::Optional => Reply::Optional(answers.next()),
        Container::List => Reply::List(answers.collect()),
        Container::Map => Reply::Map(answers.filter_map(Answer::fallible).collect()),
    }
}

/// The places in a declared result where the provider's own result could stand, innermost form
/// first, each with the way to it: where to look for the difference that a message names.
pub fn places<'a>(declared: &'a Arc<Type>, cardinality: Cardinality) -> Vec<(Vec<usize>, &'a Arc<Type>)> {
    let (mut way, inner) = match (cardinality, &**declared) {
        (Cardinality::ExactlyOne, _) => (vec![], declared),
        (Cardinality::AtMostOne, Type::Option(inner)) => (vec![0], inner),
        (Cardinality::AtLeastOne | Cardinality::Any, Type::List(inner)) => (vec![0], inner),
        (Cardinality::AtLeastOne | Cardinality::Any, Type::Map(key, value)) if **key == Type::String => {
            (vec![1], value)
        }
        (Cardinality::AtMostOne | Cardinality::AtLeastOne | Cardinality::Any, _) => return vec![],
    };
    let in_map = way == [1];
    let mut places: Vec<(Vec<usize>, &'a Arc<Type>)> = vec![(way.clone(), inner)];
    let mut value = inner;
    // The ids are the keys of a map, so that its values have none.
    if let Type::Tuple(parts) = &**inner
        && !in_map
        && let [id, second] = parts.as_slice()
        && **id == Type::String
    {
        way.push(1);
        value = second;
        places.push((way.clone(), value));
    }
    if let Type::Result(Some(ok), _) = &**value {
        way.push(0);
        places.push((way, ok));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(ty: Type) -> Arc<Type> {
        Arc::new(ty)
    }

    fn dispatch_error() -> Arc<Type> {
        let field = |name: &str| Field { name: name.into(), ty: ty(Type::String) };
        ty(Type::Record(["code", "provider", "message"].map(field).to_vec()))
    }

    fn decide(declared: Option<Arc<Type>>, provided: Option<Arc<Type>>, cardinality: Cardinality) -> Option<Shape> {
        decide_from(Source::From, declared, provided, cardinality)
    }

    fn decide_from(
        source: Source,
        declared: Option<Arc<Type>>,
        provided: Option<Arc<Type>>,
        cardinality: Cardinality,
    ) -> Option<Shape> {
        let fitting = Fitting { interfaces_match: &|a, b| a == b };
        shape(declared.as_ref(), provided.as_ref(), cardinality, source, &fitting)
    }

    /// Every `F` for a result `R`, with what it means.
    fn fallibles(r: Option<&Arc<Type>>) -> Vec<(Arc<Type>, Fallible)> {
        let result = |e: Option<Arc<Type>>| ty(Type::Result(r.cloned(), e));
        let mut all = vec![
            (result(None), Fallible::Result(ErrorForm::Nothing)),
            (result(Some(ty(Type::String))), Fallible::Result(ErrorForm::Message)),
            (result(Some(dispatch_error())), Fallible::Result(ErrorForm::Record)),
        ];
        all.extend(r.map(|r| (r.clone(), Fallible::Plain)));
        all
    }

    /// Every `A` for a result `R`, with what it means.
    fn answers(r: Option<&Arc<Type>>) -> Vec<(Arc<Type>, Answer)> {
        let mut all = Vec::new();
        for (f, fallible) in fallibles(r) {
            all.push((ty(Type::Tuple(vec![ty(Type::String), f.clone()])), Answer::WithId(fallible)));
            all.push((f, Answer::Value(fallible)));
        }
        if r.is_none() {
            all.push((ty(Type::String), Answer::Id));
        }
        all
    }

    /// Results that could be mistaken for a form of the table.
    fn results() -> Vec<Option<Arc<Type>>> {
        vec![
            None,
            Some(ty(Type::U32)),
            Some(ty(Type::String)),
            Some(ty(Type::Result(None, None))),
            Some(ty(Type::Result(Some(ty(Type::String)), Some(ty(Type::String))))),
            Some(ty(Type::Option(ty(Type::U8)))),
            Some(ty(Type::List(ty(Type::String)))),
            Some(ty(Type::Tuple(vec![ty(Type::String), ty(Type::U32)]))),
            Some(dispatch_error()),
        ]
    }

    #[test]
    fn every_row_with_every_form() {
        for r in results() {
            for (a, expected) in answers(r.as_ref()) {
                let one = decide(Some(a.clone()), r.clone(), Cardinality::ExactlyOne);
                assert_eq!(one, Some(Shape { container: Container::One, answer: Some(expected) }), "{a}");
                let same = decide_from(Source::Same, Some(a.clone()), r.clone(), Cardinality::ExactlyOne);
                assert_eq!(same, one.filter(|_| expected != Answer::Id), "{a}");
                let optional = decide(Some(ty(Type::Option(a.clone()))), r.clone(), Cardinality::AtMostOne);
                assert_eq!(optional, Some(Shape { container: Container::Optional, answer: Some(expected) }), "{a}");
                for many in [Cardinality::AtLeastOne, Cardinality::Any] {
                    let list = decide(Some(ty(Type::List(a.clone()))), r.clone(), many);
                    assert_eq!(list, Some(Shape { container: Container::List, answer: Some(expected) }), "{a}");
                }
            }
            for (f, expected) in fallibles(r.as_ref()) {
                let map = ty(Type::Map(ty(Type::String), f));
                let shape = decide(Some(map), r.clone(), Cardinality::Any);
                let answer = Some(Answer::Value(expected));
                assert_eq!(shape, Some(Shape { container: Container::Map, answer }));
            }
            for cardinality in Cardinality::ALL {
                let nothing = decide(None, r.clone(), cardinality);
                assert_eq!(nothing.is_some(), r.is_none());
            }
        }
    }

    #[test]
    fn what_fits_no_row() {
        let u32_ = Some(ty(Type::U32));
        let map_by_number = ty(Type::Map(ty(Type::U32), ty(Type::U32)));
        let bad_error = ty(Type::Result(u32_.clone(), Some(ty(Type::U8))));
        for (declared, cardinality) in [
            (ty(Type::U64), Cardinality::ExactlyOne),
            (ty(Type::U32), Cardinality::AtMostOne),
            (ty(Type::U32), Cardinality::Any),
            (ty(Type::Option(ty(Type::U32))), Cardinality::Any),
            (ty(Type::List(ty(Type::U32))), Cardinality::AtMostOne),
            (map_by_number, Cardinality::Any),
            (bad_error, Cardinality::ExactlyOne),
        ] {
            assert_eq!(decide(Some(declared.clone()), u32_.clone(), cardinality), None, "{declared}");
        }
    }
}
