use super::LinkKind::*;
use super::*;

fn links(text: &str) -> Vec<(LinkKind, String, Target)> {
    read(text).links.into_iter().map(|link| (link.kind, link.text, link.target)).collect()
}

fn to(target: &str) -> Target {
    Target::To(target.to_string())
}

#[test]
fn links_and_images() {
    assert_eq!(links("[a *b*](c)"), [(Link, "a b".into(), to("c"))]);
    assert_eq!(links("![a](b.png \"title\")"), [(Image, "a".into(), to("b.png"))]);
    assert_eq!(links("[a]( <b c> 'title' )"), [(Link, "a".into(), to("b c"))]);
    assert_eq!(links("[a](b_(c))."), [(Link, "a".into(), to("b_(c)"))]);
    assert_eq!(links("[a]()"), [(Link, "a".into(), to(""))]);
}

#[test]
fn a_badge_is_an_image_in_a_link() {
    let found = read("x [![alt](img.svg)](page)").links;
    let offsets: Vec<_> = found.iter().map(|link| (link.kind, link.offset)).collect();
    assert_eq!(offsets, [(Link, 2), (Image, 3)]);
}

#[test]
fn references() {
    assert_eq!(links("[a][b]"), [(Link, "a".into(), Target::Label("b".into()))]);
    assert_eq!(links("[a][]"), [(Link, "a".into(), Target::Label("a".into()))]);
    assert_eq!(links("[a]"), [(Link, "a".into(), Target::Shortcut("a".into()))]);
    assert_eq!(links("[^1] []"), []);
}

#[test]
fn addresses() {
    assert_eq!(links("see https://a.test/b_(c)."), [(Address, String::new(), to("https://a.test/b_(c)"))]);
    assert_eq!(links("(http://a.test)"), [(Address, String::new(), to("http://a.test"))]);
    assert_eq!(links("<mailto:a@b.test>"), [(Address, String::new(), to("mailto:a@b.test"))]);
    assert_eq!(links("xhttp://no"), []);
}

#[test]
fn code_and_escapes_hide_links() {
    assert_eq!(links("`[a](b)` \\[c](d) ``[e](f) ` ``"), []);
    assert_eq!(links("[`]`](b)"), [(Link, "]".into(), to("b"))]);
}

#[test]
fn tags_give_anchors_and_links() {
    let inline = read("<a id=\"here\" href='#x'>go</a> <img alt=\"a > b\" src=c.png>");
    assert_eq!(inline.ids, ["here"]);
    assert_eq!(inline.plain, "go ");
    let targets: Vec<_> = inline.links.into_iter().map(|link| (link.kind, link.text, link.target)).collect();
    assert_eq!(targets, [(Link, "".into(), to("#x")), (Image, "a > b".into(), to("c.png"))]);
}

#[test]
fn plain_text_is_what_a_reader_sees() {
    assert_eq!(
        read("**bold** _it_ snake_case `co*de` 2 * 3 ~~no~~ a < b").plain,
        "bold it snake_case co*de 2 * 3 no a < b"
    );
    assert_eq!(read("![alt](x) <!-- c -->end").plain, " end");
}

#[test]
fn hostile_texts_end() {
    for text in
        ["[", "![", "[[[[](", "<", "<a href=", "`", "\\", "[a](", "[a](<", "[a](b \"", "]](", "ü[ü](ü \"ü\")", "[\\"]
    {
        read(text);
    }
}

#[test]
fn deep_nesting_is_cut_off() {
    let text = "[".repeat(2000) + &"](a)".repeat(2000);
    assert_eq!(read(&text).links.len(), DEEPEST);
    let text = "[".repeat(10) + &"](a)".repeat(10);
    assert_eq!(read(&text).links.len(), 10);
}
