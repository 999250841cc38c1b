//! How two signatures differ, as values.

use std::sync::Arc;

use crate::model::{
    Cardinality, Difference, Fitting, FuncType, Step, Type, first_difference, first_signature_difference,
};

use super::shape;

/// How a consumer's function and a provider's differ.
pub struct Mismatch<'a> {
    /// The consumer's signature.
    pub declared: Signature<'a>,
    /// The provider's signature.
    pub provided: Signature<'a>,
    /// What differs there.
    pub difference: Unlike<'a>,
}

/// A signature, and the way to the place that differs.
pub struct Signature<'a> {
    /// The signature.
    pub ty: &'a FuncType,
    /// The way.
    pub way: Vec<Step>,
}

/// What differs between two signatures.
pub enum Unlike<'a> {
    /// Two types.
    Types(Difference),
    /// The value of a reply fits, and the failure beside it has no form that failures have.
    Failure,
    /// The declared result is no reply of the cardinality.
    NoReply(&'a Type, Cardinality),
}

/// What to do when a function is another one.
#[derive(Clone, Copy)]
pub enum Remedy<'a> {
    /// Build both against one interface.
    SameInterface,
    /// The declared reply could mean the id of a provider that answers nothing: declare it in another interface.
    OwnInterface,
    /// Declare a reply of the cardinality, for what the provider returns.
    Reply(Cardinality, Option<&'a Type>),
}

/// The first difference of two functions: in the parameters, or between the reply that the
/// consumer declares and every reply that the provider's result allows.
pub fn mismatch<'a>(
    declared: &'a FuncType,
    provided: &'a FuncType,
    cardinality: Cardinality,
    fitting: &Fitting<'_>,
) -> Option<(Mismatch<'a>, Remedy<'a>)> {
    if let Some(difference) = first_signature_difference(declared, provided, fitting) {
        let way = difference.steps.clone();
        return Some((differ(declared, provided, way, difference), Remedy::SameInterface));
    }
    match (&declared.result, &provided.result) {
        (None, None) => None,
        (Some(result), Some(other)) => {
            let found = reply_difference(result, other, cardinality, fitting);
            let into = |ty: &'a FuncType, way: Vec<Step>| Signature {
                ty,
                way: std::iter::once(into_result(ty)).chain(way).collect(),
            };
            let (mine, theirs) = (into(declared, found.mine), into(provided, found.theirs));
            let mismatch = Mismatch { declared: mine, provided: theirs, difference: found.difference };
            Some((mismatch, Remedy::Reply(cardinality, Some(other))))
        }
        (result, other) => {
            let asks_for_id = result.as_deref() == Some(&Type::String) && cardinality == Cardinality::ExactlyOne;
            let remedy = match asks_for_id {
                true => Remedy::OwnInterface,
                false => Remedy::Reply(cardinality, other.as_deref()),
            };
            Some((one_result(declared, provided), remedy))
        }
    }
}

/// The first difference of two functions that must be the same, result included.
pub fn plain_mismatch<'a>(
    declared: &'a FuncType,
    provided: &'a FuncType,
    fitting: &Fitting<'_>,
) -> Option<Mismatch<'a>> {
    if let Some(difference) = first_signature_difference(declared, provided, fitting) {
        let way = difference.steps.clone();
        return Some(differ(declared, provided, way, difference));
    }
    match (&declared.result, &provided.result) {
        (None, None) => None,
        (Some(mine), Some(theirs)) => {
            let difference = first_difference(mine, theirs, fitting)?;
            let way = std::iter::once(into_result(declared)).chain(difference.steps.iter().copied()).collect();
            Some(differ(declared, provided, way, in_the_result(difference)))
        }
        _ => Some(one_result(declared, provided)),
    }
}

fn into_result(ty: &FuncType) -> Step {
    Step::Into(ty.params.len())
}

/// One has a result, and the other none.
fn one_result<'a>(declared: &'a FuncType, provided: &'a FuncType) -> Mismatch<'a> {
    let show = |ty: &FuncType| ty.result.as_ref().map_or("no result".to_owned(), |ty| format!("`{ty}`"));
    let difference = Difference { path: vec![], steps: vec![], expected: show(declared), found: show(provided) };
    Mismatch {
        declared: Signature { ty: declared, way: vec![into_result(declared)] },
        provided: Signature { ty: provided, way: vec![into_result(provided)] },
        difference: Unlike::Types(in_the_result(difference)),
    }
}

/// They differ in the same place.
fn differ<'a>(declared: &'a FuncType, provided: &'a FuncType, way: Vec<Step>, difference: Difference) -> Mismatch<'a> {
    Mismatch {
        declared: Signature { ty: declared, way: way.clone() },
        provided: Signature { ty: provided, way },
        difference: Unlike::Types(difference),
    }
}

/// Where a declared reply and a provider's result differ.
struct Found<'a> {
    mine: Vec<Step>,
    theirs: Vec<Step>,
    difference: Unlike<'a>,
}

/// The first difference in the place where the provider's result should stand, in that reading of
/// the declared reply in which it lies deepest: that is the likeliest meaning.
fn reply_difference<'a>(
    declared: &'a Arc<Type>,
    provided: &Arc<Type>,
    cardinality: Cardinality,
    fitting: &Fitting<'_>,
) -> Found<'a> {
    let mut deepest: Option<(Vec<Step>, Difference)> = None;
    for (way, inner) in shape::places(declared, cardinality) {
        let mut mine: Vec<Step> = way.into_iter().map(Step::Into).collect();
        let Some(difference) = first_difference(inner, provided, fitting) else {
            // The value fits, so that it is the failure beside it that does not.
            mine.pop();
            mine.push(Step::Member(1));
            return Found { mine, theirs: Vec::new(), difference: Unlike::Failure };
        };
        mine.extend(&difference.steps);
        let deeper = deepest.as_ref().is_none_or(|(way, _)| mine.len() > way.len());
        if deeper {
            deepest = Some((mine, difference));
        }
    }
    match deepest {
        Some((mine, difference)) => {
            let theirs = difference.steps.clone();
            Found { mine, theirs, difference: Unlike::Types(in_the_result(difference)) }
        }
        None => Found { mine: Vec::new(), theirs: Vec::new(), difference: Unlike::NoReply(declared, cardinality) },
    }
}

fn in_the_result(mut difference: Difference) -> Difference {
    difference.path.insert(0, "result".to_owned());
    difference
}
