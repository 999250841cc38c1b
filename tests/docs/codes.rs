//! The codes of diagnostics.

use plugweave::diagnostic::Code;

use crate::table::Table;
use crate::{Marked, docs, read};

#[test]
fn every_code_has_a_section_with_an_example() {
    let text = read("docs/diagnostics.md").unwrap();
    let sections: Vec<&str> = text.split("\n## ").filter(|section| section.starts_with("PW")).collect();
    let codes: Vec<&str> = sections.iter().map(|section| &section[..5]).collect();
    assert_eq!(codes, Code::ALL.map(Code::as_str), "one section for each code, in order");
    for (code, section) in codes.iter().zip(sections) {
        let marker = format!("<!-- case: docs/{} -->", code.to_lowercase());
        assert!(section.contains(&marker), "the section on {code} has no `{marker}`");
        assert!(section.contains(&format!("error[{code}]")), "the example of {code} does not show it");
    }
}

/// What is wrong with the table of the codes: their order, and where their links lead.
pub fn problem(mark: &Marked<'_>) -> Option<String> {
    let rows = Table::parse(mark.text()).column("code").unwrap_or_default();
    let code = |row: &&str| Some(row.strip_prefix('[')?.split_once("](#")?.0.to_owned());
    let codes: Vec<String> = rows.iter().filter_map(code).collect();
    let leads_astray = rows.iter().find(|row| {
        let anchor = row.split_once("](#").map(|(_, anchor)| anchor);
        !anchor.is_some_and(|anchor| anchor.starts_with(&row[1..6].to_lowercase()))
    });
    match leads_astray {
        Some(row) => Some(format!("`{row}` leads to another code")),
        None if codes == Code::ALL.map(Code::as_str) => None,
        None => Some(format!("the codes are {}", Code::ALL.map(Code::as_str).join(", "))),
    }
}

#[test]
fn codes_that_are_named_exist() {
    for doc in docs() {
        let words = doc.text.split(|c: char| !c.is_ascii_alphanumeric());
        for word in words.filter(|word| word.len() == 5 && word.starts_with("PW")) {
            let is_code = Code::ALL.iter().any(|code| code.as_str() == word);
            assert!(is_code || word == "PWnnn", "{}: there is no {word}", doc.path);
        }
    }
}
