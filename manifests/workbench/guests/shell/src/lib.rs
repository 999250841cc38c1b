//! The entry of the workbench: reads a document, asks the other plugins about it,
//! and hands the report to the sinks.

mod input;
mod options;
mod report;

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/shell",
    generate_all,
});

use options::Task;
use workbench::markdown::documents::Document;
use workbench::markdown::types::{Report, Role, Verdict};
use workbench::markdown::{decoration, rules, sinks, stats};

/// Does what the arguments ask for.
fn work() -> Result<(), String> {
    let arguments = wasip2::cli::environment::get_arguments();
    match options::parse(arguments.into_iter().skip(1))? {
        Task::Help => console::print(options::HELP),
        Task::Report { strict } => {
            let report = examine(&input::text(console::read_stdin()?)?);
            deliver(&report)?;
            if strict && !report::is_clean(&report.verdicts) {
                return Err("the document has lint issues".to_string());
            }
            Ok(())
        }
    }
}

/// Asks the other plugins about a text. The rules are lent the document that the store makes of it.
fn examine(text: &str) -> Report {
    let statistics = stats::measure(text);
    let document = Document::new(text);
    let verdicts: Vec<_> =
        rules::check(&document).into_iter().map(|(plugin, outcome)| Verdict { plugin, outcome }).collect();
    let body = report::body(&statistics, &verdicts, &dress);
    Report { title: report::title(&statistics), statistics, verdicts, body }
}

/// The text as the theme wants it, or as it is when there is none.
fn dress(role: Role, text: &str) -> String {
    decoration::decorate(role, text).unwrap_or_else(|| text.to_string())
}

/// Hands the report to every sink. It is enough that one of them takes it.
fn deliver(report: &Report) -> Result<(), String> {
    let mut delivered = false;
    for (plugin, answer) in sinks::deliver(report) {
        match answer {
            Ok(Ok(_)) => delivered = true,
            Ok(Err(message)) => console::eprint(&format!("warning: {plugin}: {message}\n"))?,
            Err(error) => console::eprint(&format!("warning: {plugin}: {} ({})\n", error.message, error.code))?,
        }
    }
    if delivered { Ok(()) } else { Err("no sink has taken the report".to_string()) }
}

struct Shell;

impl wasip2::exports::cli::run::Guest for Shell {
    fn run() -> Result<(), ()> {
        work().map_err(|message| {
            // Nowhere is left to tell that this fails.
            let _ = console::eprint(&format!("error: {message}\n"));
        })
    }
}

wasip2::cli::command::export!(Shell);
