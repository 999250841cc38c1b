//! The tutorial as a text with blocks.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Stands for any number of lines.
const ELLIPSIS: &str = "...";

pub struct Document {
    path: PathBuf,
    text: String,
}

/// What a block is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The whole of a file.
    Write(String),
    /// A change of a file.
    Change(String),
    /// Commands that prepare the machine.
    Setup,
    /// Commands.
    Commands,
    /// Commands and what they print.
    Transcript,
}

/// A fenced block.
pub struct Block<'a> {
    /// The line of its first fence, from 1.
    pub line: usize,
    pub kind: Kind,
    /// What stands between the fences.
    pub text: &'a str,
    pub body: Range<usize>,
}

impl Document {
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path: path.to_owned(), text })
    }

    pub fn blocks(&self) -> Result<Vec<Block<'_>>, String> {
        let mut blocks = Vec::new();
        let mut marker = None;
        // The line, the language and the beginning of the block that is open.
        let mut open: Option<(usize, &str, usize)> = None;
        let mut start = 0;
        for (index, line) in self.text.split('\n').enumerate() {
            let end = start + line.len() + 1;
            match (open, line.strip_prefix("```")) {
                (Some((line, language, begin)), Some("")) => {
                    let kind = kind(marker.take(), language).map_err(|reason| format!("line {line}: {reason}"))?;
                    blocks.push(Block { line, kind, text: &self.text[begin..start], body: begin..start });
                    open = None;
                }
                (None, Some(language)) => open = Some((index + 1, language, end)),
                (None, None) if !line.is_empty() => {
                    marker = line.strip_prefix("<!--").and_then(|line| line.strip_suffix("-->")).map(str::trim);
                }
                _ => {}
            }
            start = end;
        }
        match open {
            Some((line, ..)) => Err(format!("line {line}: the block does not end")),
            None => Ok(blocks),
        }
    }

    /// Writes the text with other bodies of blocks, if there are any.
    pub fn write(&self, edits: &[(Range<usize>, String)]) -> Result<(), String> {
        let mut text = self.text.clone();
        for (body, new) in edits.iter().rev() {
            text.replace_range(body.clone(), new);
        }
        if text == self.text {
            return Ok(());
        }
        fs::write(&self.path, text).map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

fn kind(marker: Option<&str>, language: &str) -> Result<Kind, String> {
    let (name, path) = marker.map(|marker| marker.split_once(": ").unwrap_or((marker, ""))).unzip();
    match (name, path, language) {
        (Some("write"), Some(path), _) if !path.is_empty() => Ok(Kind::Write(path.to_owned())),
        (Some("change"), Some(path), "diff") if !path.is_empty() => Ok(Kind::Change(path.to_owned())),
        (Some("setup"), _, "sh") => Ok(Kind::Setup),
        (None, _, "sh") => Ok(Kind::Commands),
        (None, _, "text") => Ok(Kind::Transcript),
        _ => Err(format!("nobody runs this block: {language}, with {}", marker.unwrap_or("no marker"))),
    }
}

/// A text after a change in the form of a diff: its old lines must stand there exactly once.
pub fn changed(text: &str, diff: &str) -> Result<String, String> {
    let side = |dropped: char| -> String {
        let lines = diff.lines().filter(|line| !line.starts_with(dropped));
        lines.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect()
    };
    let [old, new] = ['+', '-'].map(side);
    match text.matches(&old).count() {
        1 => Ok(text.replacen(&old, &new, 1)),
        count => Err(format!("the old lines stand there {count} times:\n{old}")),
    }
}

/// The commands of a transcript, each with what is expected of it.
pub fn steps(transcript: &str) -> Result<Vec<(&str, &str)>, String> {
    let Some(rest) = transcript.strip_prefix("$ ") else {
        return Err("a transcript begins with `$ ` and a command".into());
    };
    let split = |step| {
        let (command, output): (&str, &str) = str::split_once(step, '\n').unwrap_or((step, ""));
        (command, output.trim_end_matches('\n'))
    };
    Ok(rest.split("\n$ ").map(split).collect())
}

/// Whether an output is as expected.
pub fn fits(expected: &str, output: &str) -> bool {
    let lines = |text: &'_ str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    lines_fit(&lines(expected), &lines(output))
}

fn lines_fit(expected: &[String], output: &[String]) -> bool {
    match (expected, output) {
        ([], []) => true,
        ([first, rest @ ..], _) if first == ELLIPSIS => (0..=output.len()).any(|skip| lines_fit(rest, &output[skip..])),
        ([first, expected @ ..], [line, output @ ..]) => first == line && lines_fit(expected, output),
        _ => false,
    }
}
