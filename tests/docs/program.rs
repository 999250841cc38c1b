//! What needs the program itself.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::{docs, marked, root};

fn plugweave() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugweave"));
    command.current_dir(root()).stdin(Stdio::null());
    command
}

fn help(arguments: &[&str]) -> String {
    let output = plugweave().args(arguments).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that the help lists, but for itself.
fn commands() -> Vec<String> {
    let help = help(&[]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next()).filter(|command| *command != "help");
    names.map(str::to_owned).collect()
}

#[test]
fn the_commands_are_those_of_the_help() {
    let commands = commands();
    let mut tables = 0;
    for doc in docs() {
        for mark in marked(&doc, &mut Vec::new()).iter().filter(|mark| mark.kind == "commands") {
            tables += 1;
            let name = |row: &str| Some(row.split_once("`plugweave ")?.1.split([' ', '`']).next()?.to_owned());
            let named: Vec<String> = mark.text().lines().filter_map(name).collect();
            assert_eq!(named, commands, "{}", mark.tell("not the commands of `plugweave --help`"));
        }
    }
    assert!(tables > 0, "the commands are documented nowhere");
}

/// With its whole help, which lists every argument and option.
#[test]
fn every_command_has_a_section_with_its_help() {
    let doc = docs().into_iter().find(|doc| doc.path == "docs/cli.md").unwrap();
    let heading = |line: &str| Some(line.strip_prefix("## `plugweave ")?.strip_suffix('`')?.to_owned());
    let headings: Vec<String> = doc.text.lines().filter_map(heading).collect();
    assert_eq!(headings, commands());
    let marks = marked(&doc, &mut Vec::new());
    let helps: Vec<&str> = marks.iter().filter(|mark| mark.kind == "help").map(|mark| mark.argument).collect();
    let (whole, of_commands) = helps.split_first().unwrap();
    assert_eq!((*whole, of_commands), ("", headings.iter().map(String::as_str).collect::<Vec<_>>().as_slice()));
}

#[test]
fn json_is_documented_of_every_command_that_prints_it() {
    let mut print_json = commands();
    print_json.retain(|command| help(&[command]).contains("- json:"));
    print_json.sort();
    assert_eq!(print_json, crate::json::COMMANDS);
}

/// `docs/cli.md` promises it.
#[test]
fn a_log_filter_that_is_none_is_told() {
    let errors_with = |filter: &str| {
        let mut command = plugweave();
        let output = command.args(["check", "manifests/workbench"]).env("PLUGWEAVE_LOG", filter).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let told = errors_with("plugweave=loudly");
    assert!(told.starts_with("warning: PLUGWEAVE_LOG is not understood, so it is as if it were not set: "), "{told}");
    assert_eq!([errors_with("plugweave=error"), errors_with("")], ["", ""]);
}

#[test]
fn the_readme_is_clean_by_the_rules_of_the_sample() {
    let readme = File::open(root().join("README.md")).unwrap();
    let mut command = plugweave();
    let output = command.args(["run", "manifests/workbench", "--", "--strict"]).stdin(readme).output().unwrap();
    let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", printed(&output.stdout), printed(&output.stderr));
}
