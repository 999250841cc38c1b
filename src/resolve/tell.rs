//! Telling how two signatures differ.

use std::sync::Arc;

use crate::model::{
    Cardinality, Difference, Fitting, FuncType, Marked, Step, Type, first_difference, first_signature_difference,
    print_marked,
};

use super::shape;

/// How a consumer's function and a provider's differ, ready to be told.
pub struct Mismatch {
    /// The consumer's signature, marked.
    pub declared: Marked,
    /// The provider's signature, marked.
    pub provided: Marked,
    /// The difference in words.
    pub difference: String,
    /// What to do.
    pub help: String,
}

/// What to do when a function is another one.
pub const SAME_INTERFACE: &str = "build both against the same version of the interface";

/// What to do when the declared reply could mean the id of a provider that answers nothing.
const OWN_INTERFACE: &str = "build both against the same version of the interface; if the reply is to be the \
    provider's id, declare it in an interface of the consumer's own and name the providers' one by `from`";

/// Widest part of a signature that is shown around its mark, in characters.
const WINDOW: usize = 96;

/// The first difference of two functions: in the parameters, or between the reply that the
/// consumer declares and every reply that the provider's result allows.
pub fn mismatch(
    declared: &FuncType,
    provided: &FuncType,
    cardinality: Cardinality,
    fitting: &Fitting<'_>,
) -> Option<Mismatch> {
    if let Some(difference) = first_signature_difference(declared, provided, fitting) {
        return Some(told(
            declared,
            &difference.steps,
            provided,
            &difference.steps,
            &difference,
            SAME_INTERFACE.to_owned(),
        ));
    }
    let (mine, theirs) = (declared.params.len(), provided.params.len());
    let (whole_mine, whole_theirs) = (vec![Step::Into(mine)], vec![Step::Into(theirs)]);
    match (&declared.result, &provided.result) {
        (None, None) => None,
        (Some(result), Some(other)) => {
            let found = reply_difference(result, other, cardinality, fitting);
            let mine: Vec<Step> = whole_mine.into_iter().chain(found.mine).collect();
            let theirs: Vec<Step> = whole_theirs.into_iter().chain(found.theirs).collect();
            let help = reply_help(cardinality, &format!("`{other}`"));
            Some(Mismatch {
                declared: print_marked(declared, &mine),
                provided: print_marked(provided, &theirs),
                difference: format!("result: {}", found.words),
                help,
            })
        }
        (result, other) => {
            let show = |ty: &Option<Arc<Type>>| ty.as_ref().map_or("no result".to_owned(), |ty| format!("`{ty}`"));
            let difference = Difference { path: vec![], steps: vec![], expected: show(result), found: show(other) };
            let asks_for_id = result.as_deref() == Some(&Type::String) && cardinality == Cardinality::ExactlyOne;
            let help = if asks_for_id { OWN_INTERFACE.to_owned() } else { reply_help(cardinality, &show(other)) };
            Some(told(declared, &whole_mine, provided, &whole_theirs, &in_the_result(difference), help))
        }
    }
}

/// The first difference of two functions that must be the same, result included.
pub fn plain_mismatch(
    declared: &FuncType,
    provided: &FuncType,
    fitting: &Fitting<'_>,
    help: String,
) -> Option<Mismatch> {
    if let Some(difference) = first_signature_difference(declared, provided, fitting) {
        return Some(told(declared, &difference.steps, provided, &difference.steps, &difference, help));
    }
    let into = vec![Step::Into(declared.params.len())];
    let difference = match (&declared.result, &provided.result) {
        (None, None) => return None,
        (Some(mine), Some(theirs)) => first_difference(mine, theirs, fitting)?,
        (mine, theirs) => {
            let show = |ty: &Option<Arc<Type>>| ty.as_ref().map_or("no result".to_owned(), |ty| format!("`{ty}`"));
            Difference { path: vec![], steps: vec![], expected: show(mine), found: show(theirs) }
        }
    };
    let way: Vec<Step> = into.into_iter().chain(difference.steps.iter().copied()).collect();
    Some(told(declared, &way, provided, &way, &in_the_result(difference), help))
}

/// Where a declared reply and a provider's result differ.
struct Found {
    mine: Vec<Step>,
    theirs: Vec<Step>,
    words: String,
}

/// The first difference in the place where the provider's result should stand, in that reading of
/// the declared reply in which it lies deepest: that is the likeliest meaning.
fn reply_difference(
    declared: &Arc<Type>,
    provided: &Arc<Type>,
    cardinality: Cardinality,
    fitting: &Fitting<'_>,
) -> Found {
    let mut deepest: Option<Found> = None;
    for (way, inner) in shape::places(declared, cardinality) {
        let mut mine: Vec<Step> = way.into_iter().map(Step::Into).collect();
        let Some(difference) = first_difference(inner, provided, fitting) else {
            // The value fits, so that it is the failure beside it that does not.
            mine.pop();
            mine.push(Step::Member(1));
            let words = "the failure must be nothing, `string` or the record `dispatch-error`".to_owned();
            return Found { mine, theirs: Vec::new(), words };
        };
        mine.extend(&difference.steps);
        let deeper = deepest.as_ref().is_none_or(|found| mine.len() > found.mine.len());
        if deeper {
            deepest = Some(Found { mine, words: difference.to_string(), theirs: difference.steps });
        }
    }
    deepest.unwrap_or_else(|| Found {
        mine: Vec::new(),
        theirs: Vec::new(),
        words: format!("`{declared}` is no reply of `{cardinality}`, which {}", row(cardinality)),
    })
}

fn in_the_result(mut difference: Difference) -> Difference {
    difference.path.insert(0, "result".to_owned());
    difference
}

fn told(
    declared: &FuncType,
    mine: &[Step],
    provided: &FuncType,
    theirs: &[Step],
    difference: &Difference,
    help: String,
) -> Mismatch {
    Mismatch {
        declared: print_marked(declared, mine),
        provided: print_marked(provided, theirs),
        difference: difference.to_string(),
        help,
    }
}

/// What a consumer may declare under a cardinality, in short.
pub fn row(cardinality: Cardinality) -> &'static str {
    match cardinality {
        Cardinality::ExactlyOne => "answers with the provider's result itself",
        Cardinality::AtMostOne => "answers with an `option<…>`",
        Cardinality::AtLeastOne | Cardinality::Any => "answers with a `list<…>` or a `map<string, …>`",
    }
}

fn reply_help(cardinality: Cardinality, provided: &str) -> String {
    let forms = match cardinality {
        Cardinality::ExactlyOne => "`A`",
        Cardinality::AtMostOne => "`option<A>`",
        Cardinality::AtLeastOne | Cardinality::Any => "`list<A>` or `map<string, F>`",
    };
    let same = match cardinality {
        Cardinality::ExactlyOne => "build both against the same version of the interface; ",
        Cardinality::AtMostOne | Cardinality::AtLeastOne | Cardinality::Any => "",
    };
    format!(
        "{same}under `{cardinality}` a consumer declares {forms}, where `R` is {provided}, `F` is `R` or `result<R, E>`, `A` is `F` or `tuple<string, F>`, and `E` is nothing, `string` or `dispatch-error`"
    )
}

/// A signature under a heading, with carets under its mark.
pub fn signature(heading: &str, name: &str, marked: &Marked) -> String {
    let text = format!("{name}: {}", marked.text);
    let offset = name.len() + 2;
    let column = text[..offset + marked.mark.start].chars().count();
    let width = marked.text[marked.mark.clone()].chars().count().max(1);
    let (line, column, width) = window(&text, column, width);
    format!("{heading}\n  {line}\n  {}{}", " ".repeat(column), "^".repeat(width))
}

/// Cuts a long line around the marked characters. Returns the line and the mark in it.
fn window(text: &str, column: usize, width: usize) -> (String, usize, usize) {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= WINDOW {
        return (text.to_owned(), column, width);
    }
    let width = width.min(WINDOW / 2);
    let start = (column + width / 2).saturating_sub(WINDOW / 2).min(characters.len() - WINDOW);
    let end = start + WINDOW;
    let mut line = String::new();
    if start > 0 {
        line.push('…');
    }
    line.extend(&characters[start..end]);
    if end < characters.len() {
        line.push('…');
    }
    (line, column - start + usize::from(start > 0), width.min(end.saturating_sub(column)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_signatures_are_cut_around_the_mark() {
        let text: String = (0..400).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
        for column in [0, 5, 200, 398] {
            let (line, at, width) = window(&text, column, 2);
            let marked: String = line.chars().skip(at).take(width).collect();
            let expected: String = text.chars().skip(column).take(2).collect();
            assert_eq!(marked, expected, "{column}");
            assert!(line.chars().count() <= WINDOW + 2);
        }
    }
}
