//! Folders of the host: what may be done in them, and that nothing leads out.

use std::fs;

use plugweave::App;

use crate::place::{Place, ask, expect, expect_nothing, failure};

const READ: &str = "[wasi]\ndirs = [{ host = 'data', guest = '/data', access = 'read' }]\n";
const WRITE: &str = "[wasi]\ndirs = [{ host = 'data', guest = '/data', access = 'read-write' }]\n";

/// Every kind of change, in an order in which all of them can be done.
const CHANGES: &[&str] = &[
    r#"write(("new.txt", "new"))"#,
    r#"write(("a.txt", "b"))"#,
    r#"append(("a.txt", "c"))"#,
    r#"truncate("a.txt")"#,
    r#"touch("a.txt")"#,
    r#"create-dir("dir")"#,
    r#"write(("dir/x", "x"))"#,
    r#"rename(("new.txt", "dir/y"))"#,
    r#"link(("dir/y", "z"))"#,
    r#"symlink(("dir/y", "s"))"#,
    r#"remove-file("z")"#,
    r#"remove-dir("sub")"#,
];

fn apply(app: &App, plugin: &str, change: &str) -> String {
    ask(app, plugin, &format!("apply(\"/data\", {change})"))
}

#[test]
fn to_read_can_only_be_read() {
    let place = Place::new("read-only");
    place.probe("p.toml", READ).file("data/a.txt", "hello").file("data/deep/er/b.txt", "ä");
    fs::create_dir(place.path("data/sub")).unwrap();
    let app = place.app();
    expect(
        &app,
        "p",
        &[
            ("dirs()", "[\"/data\"]"),
            ("list-dir(\"/data\", \".\")", r#"ok(["a.txt", "deep", "sub"])"#),
            ("read-file(\"/data\", \"a.txt\")", "ok(\"hello\")"),
            ("read-file(\"/data\", \"deep/er/b.txt\")", "ok(\"ä\")"),
            ("read-file(\"/data\", \"deep/../a.txt\")", "ok(\"hello\")"),
            ("read-file(\"/data\", \"none\")", "err(\"no-entry\")"),
            ("read-file(\"/\", \"data/a.txt\")", "err(\"no directory /\")"),
        ],
    );
    for change in CHANGES {
        let answer = apply(&app, "p", change);
        assert!(["err(\"not-permitted\")", "err(\"read-only\")"].contains(&answer.as_str()), "{change}: {answer}");
    }
    assert_eq!(place.text("data/a.txt"), "hello");
    expect(&app, "p", &[("list-dir(\"/data\", \".\")", r#"ok(["a.txt", "deep", "sub"])"#)]);
}

#[test]
fn to_read_and_write_can_be_changed() {
    let place = Place::new("read-write");
    place.probe("p.toml", WRITE).file("data/a.txt", "hello");
    fs::create_dir(place.path("data/sub")).unwrap();
    let app = place.app();
    for change in CHANGES {
        assert_eq!(apply(&app, "p", change), "ok", "{change}");
    }
    expect(
        &app,
        "p",
        &[
            ("list-dir(\"/data\", \".\")", r#"ok(["a.txt", "dir", "s"])"#),
            ("list-dir(\"/data\", \"dir\")", r#"ok(["x", "y"])"#),
            ("read-file(\"/data\", \"s\")", "ok(\"new\")"),
        ],
    );
    assert_eq!(place.text("data/a.txt"), "");
}

/// Paths from `data` to something outside of it.
#[cfg(unix)]
fn ways_out(place: &Place) -> Vec<String> {
    use std::os::unix::fs::symlink;
    let secret = place.path("secret.txt");
    symlink(&secret, place.path("data/absolute")).unwrap();
    symlink("../secret.txt", place.path("data/relative")).unwrap();
    symlink("..", place.path("data/up")).unwrap();
    symlink("absolute", place.path("data/chained")).unwrap();
    let ways = ["../secret.txt", "sub/../../secret.txt", "./../data/../secret.txt", "absolute", "relative"];
    let mut ways: Vec<String> = ways.into_iter().chain(["up/secret.txt", "chained"]).map(str::to_owned).collect();
    ways.push(secret.to_str().unwrap().to_owned());
    ways
}

#[test]
#[cfg(unix)]
fn cannot_be_left() {
    let place = Place::new("escapes");
    place.file("secret.txt", "secret").file("data/sub/a.txt", "a").file("data/database/b.txt", "b");
    place.probe("p.toml", WRITE).file("data-too/b.txt", "b");
    std::os::unix::fs::symlink("sub/a.txt", place.path("data/inside")).unwrap();
    let ways = ways_out(&place);
    let app = place.app();
    for way in &ways {
        let refused = |question: &str| {
            assert_eq!(ask(&app, "p", question), "err(\"not-permitted\")", "{question}");
        };
        refused(&format!("read-file(\"/data\", \"{way}\")"));
        refused(&format!("apply(\"/data\", write((\"{way}\", \"x\")))"));
        refused(&format!("apply(\"/data\", truncate(\"{way}\"))"));
        refused(&format!("apply(\"/data\", touch(\"{way}\"))"));
    }
    assert_eq!(place.text("secret.txt"), "secret");
    let outside = [
        r#"remove-file("../secret.txt")"#,
        r#"remove-file("up/secret.txt")"#,
        r#"create-dir("../dir")"#,
        r#"remove-dir("../data-too")"#,
        r#"rename(("../secret.txt", "mine"))"#,
        r#"rename(("sub/a.txt", "../a.txt"))"#,
        r#"link(("../secret.txt", "mine"))"#,
        r#"link(("sub/a.txt", "up/a.txt"))"#,
        r#"symlink(("/etc", "etc"))"#,
    ];
    for change in outside {
        assert_eq!(apply(&app, "p", change), "err(\"not-permitted\")", "{change}");
    }
    expect(
        &app,
        "p",
        &[
            ("read-file(\"/data\", \"inside\")", "ok(\"a\")"),
            ("list-dir(\"/data\", \"..\")", "err(\"not-permitted\")"),
            ("list-dir(\"/data\", \"/\")", "err(\"not-permitted\")"),
            ("list-dir(\"/data\", \"up\")", "err(\"not-permitted\")"),
            ("list-dir(\"/data\", \"../data-too\")", "err(\"not-permitted\")"),
        ],
    );
}

#[test]
#[cfg(unix)]
fn cannot_be_left_by_a_link_that_the_plugin_makes() {
    let place = Place::new("own-links");
    let app = place.probe("p.toml", WRITE).file("secret.txt", "secret").file("data/a.txt", "a").app();
    // Whether such a link can be made does not matter: following it leads nowhere.
    apply(&app, "p", r#"symlink(("../secret.txt", "mine"))"#);
    let answer = ask(&app, "p", "read-file(\"/data\", \"mine\")");
    assert!(["err(\"not-permitted\")", "err(\"no-entry\")"].contains(&answer.as_str()), "{answer}");
}

#[test]
fn each_has_its_own_access() {
    let place = Place::new("two-directories");
    let dirs = "[wasi]\ndirs = [\n{ host = 'data', guest = '/data', access = 'read' },\n\
        { host = 'data/out', guest = '/out/put', access = 'read-write' }]\n";
    let app = place.probe("p.toml", dirs).file("data/a.txt", "a").file("data/out/b.txt", "b").app();
    expect(
        &app,
        "p",
        &[
            ("dirs()", r#"["/data", "/out/put"]"#),
            ("read-file(\"/data\", \"out/b.txt\")", "ok(\"b\")"),
            ("apply(\"/data\", write((\"out/b.txt\", \"c\")))", "err(\"not-permitted\")"),
            ("apply(\"/out/put\", write((\"b.txt\", \"c\")))", "ok"),
            ("read-file(\"/data\", \"out/b.txt\")", "ok(\"c\")"),
            ("read-file(\"/out/put\", \"../a.txt\")", "err(\"not-permitted\")"),
        ],
    );
}

#[test]
fn are_relative_to_the_folder_of_the_manifest() {
    let place = Place::new("relative");
    place.file("data/a.txt", "of the app").file("deep/data/a.txt", "of the folder");
    let absolute = place.path("deep/data");
    let dirs = format!(
        "[wasi]\ndirs = [\n{{ host = 'data', guest = '/own', access = 'read' }},\n\
         {{ host = '../data', guest = '/shared', access = 'read' }},\n\
         {{ host = '{}', guest = '/absolute', access = 'read' }}]\n",
        absolute.display()
    );
    let app = place.probe("top.toml", READ).probe("deep/plugin.toml", &dirs).app();
    expect(&app, "top", &[("read-file(\"/data\", \"a.txt\")", "ok(\"of the app\")")]);
    expect(
        &app,
        "deep",
        &[
            ("read-file(\"/own\", \"a.txt\")", "ok(\"of the folder\")"),
            ("read-file(\"/shared\", \"a.txt\")", "ok(\"of the app\")"),
            ("read-file(\"/absolute\", \"a.txt\")", "ok(\"of the folder\")"),
        ],
    );
}

#[test]
fn that_are_missing_fail_the_plugin_until_they_are_there() {
    let place = Place::new("missing");
    place.probe("p.toml", READ).probe("q.toml", "");
    let app = App::open(&place.root).unwrap();
    let [(id, error)] = app.failures() else { panic!("{:?}", app.failures()) };
    assert_eq!((id.as_str(), error.kind().code()), ("p", "failed"));
    let told = error.to_string();
    assert!(told.contains("`p`") && told.contains("`data`"), "{told}");
    expect_nothing(&app, "q");
    let (error, _) = failure(&app, "p", "args()");
    assert_eq!(error.kind().code(), "failed");
    assert!(error.to_string().contains("cannot be opened"), "{error}");
    // A file is not a folder.
    place.file("data", "");
    assert_eq!(failure(&app, "p", "args()").0.kind().code(), "failed");
    fs::remove_file(place.path("data")).unwrap();
    place.file("data/a.txt", "a");
    expect(&app, "p", &[("read-file(\"/data\", \"a.txt\")", "ok(\"a\")")]);
}
