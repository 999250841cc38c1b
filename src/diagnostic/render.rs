use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};

use super::{Diagnostic, FileId, Label, Severity, Sources, Span};
use crate::foreign::{in_place, page, shown};

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

/// One diagnostic as text for people, in the manner of rustc, without a line break at its end. It holds nothing that
/// could change how a terminal shows the rest: what comes from outside is shown as [`foreign`](crate::foreign) says.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut elements: Vec<Element<'_>> = Vec::new();
    for (index, file) in files_in_order(&diagnostic.labels).into_iter().enumerate() {
        elements.push(snippet(diagnostic, sources, file, index == 0).into());
    }
    for note in &diagnostic.notes {
        elements.push(Level::NOTE.message(page(note)).into());
    }
    if !diagnostic.help.is_empty() {
        elements.push(Level::HELP.message(page(&diagnostic.help)).into());
    }
    let title = level.primary_title(page(&diagnostic.message)).id(diagnostic.code.as_str());
    let report: Vec<Group<'_>> = vec![title.elements(elements)];
    renderer(style).render(&report)
}

/// Several diagnostics as text for people, with an empty line between them.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let texts: Vec<String> = diagnostics.iter().map(|diagnostic| render(diagnostic, sources, style)).collect();
    texts.join("\n\n")
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

fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
    file: FileId,
    holds_primary: bool,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = sources.text(file);
    let labels = diagnostic.labels.iter().filter(|label| label.file == file);
    let labels: Vec<(Span, &str)> = labels.map(|label| (clamp(text, &label.span), label.text.as_str())).collect();
    // Of a long file with many mistakes, the renderer would go through all for each.
    let start = labels.iter().map(|(span, _)| span.start).min().unwrap_or(0);
    let end = labels.iter().map(|(span, _)| span.end).max().unwrap_or(0);
    let (line, lines) = sources.lines(file, &(start..end));
    let first = lines.start;
    let (excerpt, replaced) = in_place(&text[lines]);
    let moved = |offset: usize| {
        let behind = replaced.partition_point(|(there, _)| *there <= offset);
        let (there, here) = behind.checked_sub(1).map_or((0, 0), |last| replaced[last]);
        here + (offset - there)
    };
    let annotations = labels.into_iter().enumerate().map(|(index, (span, label))| {
        let kind = if holds_primary && index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        kind.span(moved(span.start - first)..moved(span.end - first)).label(page(label))
    });
    let annotations: Vec<_> = annotations.collect();
    Snippet::source(excerpt).line_start(line).path(shown(sources.path(file))).annotations(annotations)
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
    fn odd_spans_do_not_panic() {
        let mut sources = Sources::default();
        let file = sources.add("é.toml", "é");
        for span in [0..99, 1..1, 50..60, 2..2] {
            let diagnostic = Diagnostic::error(Code::Pw001, "m").label(file, span, "here");
            assert!(render(&diagnostic, &sources, Style::Plain).contains("PW001"));
        }
    }
}
