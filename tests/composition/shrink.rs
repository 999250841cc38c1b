//! Making a failing case smaller, one part after the other.

use plugweave::Val;

use super::case::{Case, Function, Kind, Step};
use super::layout::Encoding;
use super::types::Ty;

/// The smallest case found by leaving parts out for which `fails` still holds.
pub fn shrink(case: &Case, fails: impl Fn(&Case) -> bool) -> Case {
    let mut smallest = case.clone();
    while let Some(smaller) = smaller(&smallest).into_iter().find(|smaller| fails(smaller)) {
        smallest = smaller;
    }
    smallest
}

/// The case with one part less, in every way.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let with = |change: &dyn Fn(&mut Case)| {
        let mut case = case.clone();
        change(&mut case);
        case
    };
    // Half of the steps, and each alone.
    let half = case.steps.len() / 2;
    if half > 1 {
        cases.push(with(&|case| drop(case.steps.drain(half..))));
        cases.push(with(&|case| drop(case.steps.drain(..half))));
    }
    cases.extend((0..case.steps.len()).map(|step| with(&|case| drop(case.steps.remove(step)))));
    cases.extend((0..case.functions.len()).filter_map(|function| without_function(case, function)));
    cases.extend((0..case.nodes.len()).filter_map(|node| without_node(case, node)));
    for (index, function) in case.functions.iter().enumerate() {
        cases.extend((0..function.params.len()).filter_map(|param| without_param(case, index, param)));
    }
    if case.apart {
        cases.push(with(&|case| case.apart = false));
    }
    cases.extend(
        (0..case.steps.len())
            .filter(|step| case.steps[*step].arm.is_some())
            .map(|step| with(&|case| case.steps[step].arm = None)),
    );
    for (index, node) in case.nodes.iter().enumerate() {
        if node.post_return {
            cases.push(with(&|case| case.nodes[index].post_return = false));
        }
        if node.dirty {
            cases.push(with(&|case| case.nodes[index].dirty = false));
        }
        if node.encoding != Encoding::Utf8 {
            cases.push(with(&|case| case.nodes[index].encoding = Encoding::Utf8));
        }
    }
    cases
}

fn without_function(case: &Case, function: usize) -> Option<Case> {
    let needed = |other: &Function| matches!(other.kind, Kind::Seen(of) if of == function);
    if case.functions.len() == 1 || case.functions.iter().any(needed) {
        return None;
    }
    let mut case = case.clone();
    case.functions.remove(function);
    for other in &mut case.functions {
        if let Kind::Seen(of) = &mut other.kind
            && *of > function
        {
            *of -= 1;
        }
    }
    for node in &mut case.nodes {
        node.sources.remove(function);
    }
    case.steps.retain(|step| step.function != function);
    for step in &mut case.steps {
        step.function -= usize::from(step.function > function);
    }
    Some(case)
}

/// Who passed a call on to it passes it on to where it went from there.
fn without_node(case: &Case, node: usize) -> Option<Case> {
    if case.nodes.len() == 1 {
        return None;
    }
    let mut case = case.clone();
    let gone = case.nodes.remove(node);
    for other in &mut case.nodes {
        for (source, further) in other.sources.iter_mut().zip(&gone.sources) {
            if *source == Some(node) {
                *source = *further;
            }
            *source = source.map(|source| source - usize::from(source > node));
        }
    }
    case.steps.retain(|step| step.node != node && step.arm.is_none_or(|arm| arm.node != node));
    for Step { node: called, arm, .. } in &mut case.steps {
        *called -= usize::from(*called > node);
        if let Some(arm) = arm {
            arm.node -= usize::from(arm.node > node);
        }
    }
    Some(case)
}

fn without_param(case: &Case, function: usize, param: usize) -> Option<Case> {
    let mut case = case.clone();
    let Function { params, result, kind, .. } = &mut case.functions[function];
    params.remove(param);
    let all = || Some(Ty::Tuple(params.iter().map(|(_, ty)| ty.clone()).collect()));
    match kind {
        _ if params.is_empty() => return None,
        Kind::Echo(Some(which)) if *which == param => return None,
        Kind::Echo(Some(which)) => *which -= usize::from(*which > param),
        Kind::Echo(None) => *result = all(),
        Kind::Canned(_) | Kind::Seen(_) => {}
    }
    let all = all();
    for other in &mut case.functions {
        if matches!(other.kind, Kind::Seen(of) if of == function) {
            other.result.clone_from(&all);
        }
    }
    for step in case.steps.iter_mut().filter(|step| step.function == function) {
        let _: Val = step.arguments.remove(param);
    }
    Some(case)
}
