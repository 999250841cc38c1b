//! Making a failing case smaller, one part after the other.

use super::case::{Case, Kind, What};

/// How many smaller cases are tried at most.
const MOST_TRIED: usize = 200;

/// The smallest case found by leaving parts out for which `fails` still holds. What plugins do depends on
/// all that they have, so that it is another case each time and need not be the smallest there is.
pub fn shrink(case: &Case, fails: impl Fn(&Case) -> bool) -> Case {
    let mut smallest = case.clone();
    let mut tried = 0;
    while let Some(smaller) = smaller(&smallest).into_iter().find(|smaller| {
        tried += 1;
        tried <= MOST_TRIED && fails(smaller)
    }) {
        smallest = smaller;
    }
    smallest
}

/// The case with one part less, in every way.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut with = |change: &dyn Fn(&mut Case)| {
        let mut case = case.clone();
        change(&mut case);
        cases.push(case);
    };
    let steps = case.steps.len();
    if steps > 2 {
        with(&|case| case.steps.truncate(steps / 2));
        with(&|case| drop(case.steps.drain(..steps / 2)));
    }
    for step in (0..steps).rev() {
        with(&|case| {
            case.steps.remove(step);
        });
    }
    for step in 0..steps {
        if let What::Run(count) = case.steps[step].what
            && count > 1
        {
            with(&|case| case.steps[step].what = What::Run(count - 1));
        }
    }
    // Nobody imports the last one.
    if case.nodes.len() > 1 {
        with(&|case| {
            case.nodes.pop();
            let nodes = case.nodes.len();
            case.steps.retain(|step| step.node < nodes);
        });
    }
    for (node, this) in case.nodes.iter().enumerate() {
        for (index, function) in this.functions.iter().enumerate() {
            if matches!(function.kind, Kind::Constructor(_)) {
                continue;
            }
            if this.functions.len() > 1 {
                with(&|case| without_function(case, node, index));
            }
            for param in 0..function.params.len() {
                with(&|case| drop(case.nodes[node].functions[index].params.remove(param)));
            }
            if function.result.is_some() {
                with(&|case| case.nodes[node].functions[index].result = None);
            }
        }
    }
    cases
}

fn without_function(case: &mut Case, node: usize, index: usize) {
    case.nodes[node].functions.remove(index);
    case.steps.retain(|step| step.node != node || step.what != What::Call(index));
    for step in case.steps.iter_mut().filter(|step| step.node == node) {
        if let What::Call(function) = &mut step.what
            && *function > index
        {
            *function -= 1;
        }
    }
}
