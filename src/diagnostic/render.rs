use std::borrow::Cow;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, FileId, Label, Severity, Sources, Span};
use crate::foreign::{in_place, page, shown};
use crate::words::and_more;

/// Whether text for people carries colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// ANSI escape codes.
    Coloured,
}

/// Characters on a line; wider lines are cut around the marks.
const WIDTH: usize = 200;

/// Most diagnostics that are told as text; of more, how many they are.
pub const MOST_TOLD: usize = 200;

/// Bytes of a file that are looked through for a diagnostic. Where its labels are farther apart, or on longer lines,
/// each is shown by itself.
const LOOKED_THROUGH: usize = 64 << 10;

/// Bytes on each side of a label that are shown of a long line.
const AROUND: usize = 80;

/// One diagnostic as text for people, in the manner of rustc, without a line break at its end. It holds nothing that
/// could change how a terminal shows the rest: what comes from outside is shown as [`foreign`](crate::foreign) says.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut elements: Vec<Element<'_>> = Vec::new();
    for (index, file) in files_in_order(&diagnostic.labels).into_iter().enumerate() {
        places(diagnostic, sources, file, index == 0, &mut elements);
    }
    for note in diagnostic.told_notes() {
        elements.push(Level::NOTE.message(page(&note).into_owned()).into());
    }
    if !diagnostic.help.is_empty() {
        elements.push(Level::HELP.message(page(&diagnostic.help)).into());
    }
    let title = level.primary_title(page(&diagnostic.message)).id(diagnostic.code.as_str());
    let report: Vec<Group<'_>> = vec![title.elements(elements)];
    renderer(style).render(&report)
}

/// Several diagnostics as text for people, with an empty line between them: the first [`MOST_TOLD`], and how many
/// there are beyond them.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let told = diagnostics.iter().take(MOST_TOLD).map(|diagnostic| render(diagnostic, sources, style));
    told.chain(untold(diagnostics)).collect::<Vec<_>>().join("\n\n")
}

/// A line about the diagnostics that [`render_all`] leaves out, if it leaves some out.
pub fn untold(diagnostics: &[Diagnostic]) -> Option<String> {
    let more = and_more(diagnostics.len(), MOST_TOLD, "problem", "problems")?;
    Some(format!("{more}; `plugweave check --format json` has all"))
}

fn renderer(style: Style) -> Renderer {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH)
}

/// The files of the labels, each once, the primary label's first.
fn files_in_order(labels: &[Label]) -> Vec<FileId> {
    let mut files = Vec::new();
    for label in labels {
        if !files.contains(&label.file) {
            files.push(label.file);
        }
    }
    files
}

/// Shows the places of one file.
fn places<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
    file: FileId,
    holds_primary: bool,
    elements: &mut Vec<Element<'a>>,
) {
    let text = sources.text(file);
    let labels = diagnostic.labels.iter().filter(|label| label.file == file);
    let labels: Vec<(Span, &str)> = labels.map(|label| (clamp(text, &label.span), label.text.as_str())).collect();
    let kind = |index: usize| match holds_primary && index == 0 {
        true => AnnotationKind::Primary,
        false => AnnotationKind::Context,
    };
    let origin = |span: &Span| {
        let position = sources.position(file, span.start);
        Origin::path(shown(sources.path(file))).line(position.line).char_column(position.column)
    };
    if !sources.is_quoted(file) {
        for (span, label) in &labels {
            elements.push(origin(span).into());
            elements.push(Level::NOTE.message(page(label).into_owned()).into());
        }
        return;
    }
    // Of a long file with many mistakes, the renderer would go through all for each.
    let start = labels.iter().map(|(span, _)| span.start).min().unwrap_or(0);
    let end = labels.iter().map(|(span, _)| span.end).max().unwrap_or(0);
    let (line, lines) = sources.lines(file, &(start..end));
    if lines.len() > LOOKED_THROUGH {
        for (index, (span, label)) in labels.iter().enumerate() {
            let (line, whole) = sources.lines(file, &(span.start..span.start));
            let (source, at) = excerpt(text, &whole, span);
            let picture = Picture::of(&source);
            let annotation = kind(index).span(picture.span(&at)).label(page(label));
            elements.push(origin(span).into());
            elements.push(Snippet::source(picture.shown.into_owned()).line_start(line).annotation(annotation).into());
        }
        return;
    }
    let first = lines.start;
    let picture = Picture::of(&text[lines]);
    let annotations = labels.into_iter().enumerate().map(|(index, (span, label))| {
        kind(index).span(picture.span(&(span.start - first..span.end - first))).label(page(label))
    });
    let annotations: Vec<_> = annotations.collect();
    let path = shown(sources.path(file));
    elements.push(Snippet::source(picture.shown).line_start(line).path(path).annotations(annotations).into());
}

/// A piece of a file as it is shown, with as many characters as the piece has.
struct Picture<'a> {
    shown: Cow<'a, str>,
    /// The offsets behind each replaced character, in the piece and in what is shown.
    replaced: Vec<(usize, usize)>,
}

impl<'a> Picture<'a> {
    fn of(piece: &'a str) -> Self {
        let (shown, replaced) = in_place(piece);
        Self { shown, replaced }
    }

    /// Where a span of the piece is in what is shown.
    fn span(&self, span: &Span) -> Span {
        let moved = |offset: usize| {
            let behind = self.replaced.partition_point(|(there, _)| *there <= offset);
            let (there, here) = behind.checked_sub(1).map_or((0, 0), |last| self.replaced[last]);
            here + (offset - there)
        };
        moved(span.start)..moved(span.end)
    }
}

/// What is shown of a long line around a label, and where the label is in it.
fn excerpt(text: &str, line: &Span, label: &Span) -> (String, Span) {
    let from = text.ceil_char_boundary(label.start.saturating_sub(AROUND)).max(line.start).min(label.start);
    let end = label.end.min(line.end).min(text.floor_char_boundary(label.start + AROUND)).max(label.start);
    let to = text.floor_char_boundary((end + AROUND).min(line.end)).max(end);
    let before = if from > line.start { "…" } else { "" };
    let after = if to < line.end { "…" } else { "" };
    let source = format!("{before}{}{after}", text[from..to].trim_end_matches(['\r', '\n']));
    let shift = |at: usize| (at - from + before.len()).min(source.len());
    let at = shift(label.start)..shift(end);
    (source, at)
}

/// A span that lies within the text, on character boundaries.
fn clamp(text: &str, span: &Span) -> Span {
    let boundary = |mut offset: usize| {
        offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = boundary(span.start);
    start..boundary(span.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn looks_like_rustc() {
        let mut sources = Sources::default();
        let a = sources.add("a.toml", "[plugin]\ncomponent = 7\n");
        let b = sources.add("b.toml", "x = 1\n");
        let diagnostic = Diagnostic::error(Code::Pw001, "wrong type for `component`")
            .label(a, 21..22, "expected a string, found an integer")
            .label(b, 0..1, "as here")
            .note("a note")
            .help("write a path");
        let text = render(&diagnostic, &sources, Style::Plain);
        let expected = "\
error[PW001]: wrong type for `component`
 --> a.toml:2:13
  |
2 | component = 7
  |             ^ expected a string, found an integer
  |
 ::: b.toml:1:1
  |
1 | x = 1
  | - as here
  |
  = note: a note
  = help: write a path";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_a_file_holds_does_not_move_the_marks() {
        let mut sources = Sources::default();
        let text = "a\u{9b}\u{202e}b = 'c\u{200b}'\n";
        let file = sources.add("f\u{1b}[31m.toml", text);
        let place = text.find("'c").unwrap()..text.len() - 1;
        let diagnostic = Diagnostic::error(Code::Pw001, "m\u{9b}").label(file, place, "l\u{2066}").note("n\u{7f}");
        let expected = "\
error[PW001]: m\\u{9b}
 --> f\\u{1b}[31m.toml:1:8
  |
1 | a\u{fffd}\u{fffd}b = 'c\u{fffd}'
  |        ^^^^ l\\u{2066}
  |
  = note: n\\u{7f}";
        assert_eq!(render(&diagnostic, &sources, Style::Plain), expected);
        assert_eq!(sources.position(file, text.find("'c").unwrap()).column, 8);
    }

    #[test]
    fn of_a_long_line_only_what_is_around_a_label_is_shown() {
        let mut sources = Sources::default();
        let text = format!("x = 1\n[{}é-here, {}]\n", "é, ".repeat(500_000), "b, ".repeat(500_000));
        let at = text.find("é-here").unwrap();
        let file = sources.add("a.toml", text);
        let label = |diagnostic: Diagnostic| diagnostic.label(file, at..at + 7, "this").label(file, 0..1, "and this");
        let told = render(&label(Diagnostic::error(Code::Pw001, "m")), &sources, Style::Plain);
        assert!(told.len() < 2_000 && told.contains("a.toml:2:1500002") && told.contains("a.toml:1:1"), "{told}");
        let lines: Vec<&str> = told.lines().collect();
        let shown = lines.iter().position(|line| line.contains("é-here")).unwrap();
        let column = |line: &str, what: &str| line[..line.find(what).unwrap()].chars().count();
        assert_eq!(column(lines[shown], "é-here"), column(lines[shown + 1], "^^^^^^ this"), "{told}");
        let whole = label(Diagnostic::error(Code::Pw001, "m").label(file, 8..3_000_000, "all of it"));
        assert!(render(&whole, &sources, Style::Plain).len() < 3_000);
    }

    #[test]
    fn of_a_file_that_is_not_quoted_places_are_told_and_no_lines() {
        let mut sources = Sources::default();
        let file = sources.add_unquoted("a.toml", "first\nsecret = 1\n");
        let told = render(&Diagnostic::error(Code::Pw001, "m").label(file, 6..12, "here"), &sources, Style::Plain);
        assert_eq!(told, "error[PW001]: m\n--> a.toml:2:1\n = note: here");
    }

    #[test]
    fn of_many_problems_the_first_are_told_and_the_rest_is_counted() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml", "x = 1");
        let problem = Diagnostic::error(Code::Pw001, "m").label(file, 0..1, "here");
        let told = render_all(&vec![problem.clone(); MOST_TOLD + 3_300], &sources, Style::Plain);
        assert_eq!(told.matches("error[PW001]").count(), MOST_TOLD);
        assert!(told.ends_with("\n\nand 3,300 more problems; `plugweave check --format json` has all"));
        assert_eq!(untold(&vec![problem; MOST_TOLD]), None);
    }

    #[test]
    fn odd_spans_do_not_panic() {
        let mut sources = Sources::default();
        let file = sources.add("é.toml", "é");
        for span in [0..99, 1..1, 50..60, 2..2] {
            let diagnostic = Diagnostic::error(Code::Pw001, "m").label(file, span, "here");
            assert!(render(&diagnostic, &sources, Style::Plain).contains("PW001"));
        }
    }
}
