//! Signatures that differ, with a mark under the place.

use crate::model::{Cardinality, print_marked};

use super::super::mismatch::{Remedy, Signature, Unlike};

/// What to do when the declared reply could mean the id of a provider that answers nothing.
const OWN_INTERFACE: &str = "build both against the same version of the interface; if the reply is to be the \
    provider's id, declare it in an interface of the consumer's own and name the providers' one by `from`";

/// Widest part of a signature that is shown around its mark, in characters.
const WINDOW: usize = 96;

/// What differs, in words.
pub(super) fn first_difference(difference: &Unlike<'_>) -> String {
    match difference {
        Unlike::Types(difference) => format!("the first difference: {difference}"),
        Unlike::Failure => "the first difference: result: the failure must be nothing, `string` or the record \
                            `dispatch-error`"
            .to_owned(),
        Unlike::NoReply(declared, cardinality) => format!(
            "the first difference: result: `{declared}` is no reply of `{cardinality}`, which {}",
            row(*cardinality)
        ),
    }
}

/// What a consumer may declare under a cardinality, in short.
pub(super) fn row(cardinality: Cardinality) -> &'static str {
    match cardinality {
        Cardinality::ExactlyOne => "answers with the provider's result itself",
        Cardinality::AtMostOne => "answers with an `option<…>`",
        Cardinality::AtLeastOne | Cardinality::Any => "answers with a `list<…>` or a `map<string, …>`",
    }
}

/// What to do about functions that differ.
pub(super) fn help(remedy: Remedy<'_>) -> String {
    match remedy {
        Remedy::SameInterface => "build both against the same version of the interface".to_owned(),
        Remedy::OwnInterface => OWN_INTERFACE.to_owned(),
        Remedy::Reply(cardinality, provided) => {
            let provided = provided.map_or("no result".to_owned(), |ty| format!("`{ty}`"));
            reply_help(cardinality, &provided)
        }
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
pub(super) fn marked(heading: &str, name: &str, signature: &Signature<'_>) -> String {
    let marked = print_marked(signature.ty, &signature.way);
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
