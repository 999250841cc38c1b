//! The arguments of the workbench.

/// What `--help` prints.
pub const HELP: &str = "\
Reads Markdown on standard input and reports on it: numbers, outline, lint.

Usage: plugweave run manifests/workbench [-- [OPTION]...] < FILE

Options:
  --strict    fail (exit code 1) when there are lint issues
  -h, --help  print this help
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    Help,
    Report { strict: bool },
}

/// Reads the arguments, the program's name not among them.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let mut strict = false;
    for argument in arguments {
        match argument.as_str() {
            "--strict" => strict = true,
            "-h" | "--help" => return Ok(Task::Help),
            _ => return Err(format!("unknown argument {argument:?}; --help lists what there is")),
        }
    }
    Ok(Task::Report { strict })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Task, String> {
        parse(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn arguments_are_read() {
        assert_eq!(parsed(&[]), Ok(Task::Report { strict: false }));
        assert_eq!(parsed(&["--strict"]), Ok(Task::Report { strict: true }));
        assert_eq!(parsed(&["--strict", "-h"]), Ok(Task::Help));
        assert!(parsed(&["README.md"]).unwrap_err().starts_with("unknown argument \"README.md\""));
    }
}
