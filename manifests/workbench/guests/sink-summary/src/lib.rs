//! Sums the report up in one line on standard error.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/deliverer",
});

use workbench::markdown::types::{Report, Verdict};

/// The report in one line.
fn summary(report: &Report) -> String {
    let headings = report.statistics.outline.len();
    let words = report.statistics.words;
    format!("{}: {words} words, {headings} headings, {}", report.title, lint(&report.verdicts))
}

/// The number of issues, by plugin, and who has not answered.
fn lint(verdicts: &[Verdict]) -> String {
    let total: usize = verdicts.iter().filter_map(|verdict| verdict.outcome.as_ref().ok()).map(Vec::len).sum();
    let parts: Vec<_> = verdicts.iter().filter_map(part).collect();
    if parts.is_empty() { "no lint issues".to_string() } else { format!("{total} lint issues ({})", parts.join(", ")) }
}

/// What is to tell about one plugin, if anything.
fn part(verdict: &Verdict) -> Option<String> {
    match &verdict.outcome {
        Ok(issues) if issues.is_empty() => None,
        Ok(issues) => Some(format!("{} {}", verdict.plugin, issues.len())),
        Err(_) => Some(format!("{} has failed", verdict.plugin)),
    }
}

struct Summary;

impl exports::workbench::markdown::sink::Guest for Summary {
    fn deliver(report: Report) -> Result<u32, String> {
        console::eprint(&(summary(&report) + "\n"))?;
        Ok(1)
    }
}

export!(Summary);

#[cfg(test)]
mod tests {
    use super::*;
    use workbench::markdown::types::Issue;

    fn verdict(plugin: &str, outcome: Result<usize, &str>) -> Verdict {
        let issue = || Issue { line: 1, column: 1, rule: String::new(), message: String::new() };
        let outcome = outcome.map(|count| (0..count).map(|_| issue()).collect()).map_err(str::to_string);
        Verdict { plugin: plugin.to_string(), outcome }
    }

    #[test]
    fn only_plugins_with_something_to_say_are_named() {
        assert_eq!(lint(&[verdict("a", Ok(0))]), "no lint issues");
        let verdicts = [verdict("a", Ok(0)), verdict("b", Ok(2)), verdict("c", Err("gone"))];
        assert_eq!(lint(&verdicts), "2 lint issues (b 2, c has failed)");
    }
}
