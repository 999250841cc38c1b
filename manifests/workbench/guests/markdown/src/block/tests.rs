use super::Kind::*;
use super::*;

fn kinds(source: &str) -> Vec<Kind> {
    Blocks::read(source).lines.iter().map(|line| line.kind).collect()
}

#[test]
fn both_kinds_of_headings() {
    assert_eq!(
        kinds("# One\nTwo\n---\na\nb\n==="),
        [Heading(1), Heading(2), Underline, Heading(1), Heading(1), Underline]
    );
    assert_eq!(kinds("#hash\n####### seven"), [Text, Text]);
}

#[test]
fn no_underline_without_a_paragraph_in_the_same_place() {
    assert_eq!(kinds("- item\n---"), [Text, Break]);
    assert_eq!(kinds("a\n\n---"), [Text, Blank, Break]);
    assert_eq!(kinds("> quote\n---"), [Text, Break]);
}

#[test]
fn fences_hide_what_is_in_them() {
    assert_eq!(kinds("```rust\n# no\n~~~\n````\n# yes"), [Fence, Code, Code, Fence, Heading(1)]);
    assert_eq!(kinds("- a\n\n      ```\n      x\n      ```\n"), [Text, Blank, Code, Code, Code]);
    assert_eq!(kinds("1. a\n\n   ```\n   x\n   ```\nb"), [Text, Blank, Fence, Code, Fence, Text]);
    assert_eq!(kinds("```inline``` code"), [Text]);
}

#[test]
fn code_blocks_are_counted() {
    let blocks = Blocks::read("```rust,ignore x\nfn\n```\n\n    one\n\n    two\n\n~~~\nopen");
    let expected = [("rust", 1, 1, true, true), ("", 5, 3, false, true), ("", 9, 1, true, false)];
    let found: Vec<_> =
        blocks.code.iter().map(|code| (&*code.language, code.line, code.lines, code.fenced, code.closed)).collect();
    assert_eq!(found, expected);
}

#[test]
fn indented_code_needs_a_gap() {
    assert_eq!(kinds("text\n    still text"), [Text, Text]);
    assert_eq!(kinds("text\n\n    code"), [Text, Blank, Code]);
    assert_eq!(kinds("- item\n\n    its paragraph\n    - nested"), [Text, Blank, Text, Text]);
}

#[test]
fn tables_take_their_head_along() {
    let source = "intro\na | b\n--|:-:\n1 | 2\n\nafter | all";
    assert_eq!(kinds(source), [Text, Table, Table, Table, Blank, Text]);
    let blocks = Blocks::read(source).blocks;
    let kinds: Vec<_> = blocks.iter().map(|block| (block.kind, block.first, block.last)).collect();
    assert_eq!(kinds, [(BlockKind::Paragraph, 0, 0), (BlockKind::Table, 1, 3), (BlockKind::Paragraph, 5, 5)]);
}

#[test]
fn front_matter_and_comments() {
    assert_eq!(kinds("---\na: b\n---\ntext"), [FrontMatter, FrontMatter, FrontMatter, Text]);
    assert_eq!(kinds("<!-- one -->\n<!--\n# no\n-->\ntext"), [Comment, Comment, Comment, Comment, Text]);
}

#[test]
fn definitions_stand_alone() {
    assert_eq!(kinds("[a]: https://x.test\n[^note]: text"), [Definition, Text]);
    assert_eq!(definition("[a b]: <to> \"title\""), Some(("a b", "to")));
    assert_eq!(definition("[a] : b"), None);
}

#[test]
fn atx_texts_lose_their_marks() {
    assert_eq!(atx_text("## C# ##"), "C#");
    assert_eq!(atx_text("# C#"), "C#");
    assert_eq!(atx_text("###"), "");
}

#[test]
fn breaks_are_not_list_items() {
    assert_eq!(kinds("* * *\n- - -\n- -"), [Break, Break, Text]);
}
