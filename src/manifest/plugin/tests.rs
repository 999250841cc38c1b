use super::*;
use crate::diagnostic::Sources;
use crate::manifest::testing::{below_plugin, good_manifest, manifest};

#[test]
fn everything_is_read_in_the_order_of_the_file() {
    let hash = "9f".repeat(32);
    let manifest = good_manifest(&format!(
        r#"
        [plugin]
        id = "markdown"
        component = "wasm/markdown.wasm"
        version = "1.2.0"
        description = "Markdown to HTML"
        enabled = false
        sha256 = "{hash}"
        wit = "../wit"
        world = "renderer"
        [exports]
        "text:render/renderer@1.2.0" = {{}}
        "text:lint/rule@1.0.0" = {{ priority = -10 }}
        run = {{}}
        [imports]
        "text:store/documents@1.0.0" = "exactly-one"
        "text:lint/rules@1.0.0" = {{ cardinality = "any", from = "text:lint/rule@1.0.0", on-failure = "skip", late = true }}
        engine = "at-most-one"
        [config]
        "locale.main" = "fr-FR"
        "#
    ));
    assert_eq!(manifest.id.value.as_str(), "markdown");
    assert_eq!(manifest.component.value, "wasm/markdown.wasm");
    assert_eq!(manifest.version.map(|it| it.value.to_string()).as_deref(), Some("1.2.0"));
    assert_eq!(manifest.description.as_deref(), Some("Markdown to HTML"));
    assert!(!manifest.enabled && manifest.enabled_span.is_some());
    assert_eq!(manifest.sha256.map(|it| it.value), Some([0x9f; 32]));
    assert_eq!(manifest.world.map(|it| it.value).as_deref(), Some("renderer"));
    let exports: Vec<_> = manifest.exports.iter().map(|it| (it.name.value.to_string(), it.priority)).collect();
    let expected = [("text:render/renderer@1.2.0", 0), ("text:lint/rule@1.0.0", -10), ("run", 0)];
    assert_eq!(exports, expected.map(|(name, priority)| (name.to_owned(), priority)));
    let imports: Vec<_> = manifest.imports.iter().map(|it| it.name.value.to_string()).collect();
    assert_eq!(imports, ["text:store/documents@1.0.0", "text:lint/rules@1.0.0", "engine"]);
    let rules = &manifest.imports[1];
    assert_eq!(rules.cardinality.value, Cardinality::Any);
    assert_eq!(rules.from.as_ref().map(|it| it.value.to_string()).as_deref(), Some("text:lint/rule@1.0.0"));
    assert_eq!(rules.on_failure.as_ref().map(|it| it.value), Some(OnFailure::Skip));
    assert!(rules.late);
    assert_eq!(manifest.config["locale.main"].value, "fr-FR");
}

#[test]
fn spans_lead_to_keys_values_and_headers() {
    let text = "[plugin]\ncomponent = 'é.wasm'\n[exports]\nrun = {}\n[imports]\n'a:b/c' = 'any'\n";
    let manifest = good_manifest(text);
    assert_eq!(&text[manifest.header.clone()], "[plugin]");
    assert_eq!(manifest.id.span, manifest.header);
    assert_eq!(&text[manifest.component.span], "'é.wasm'");
    assert_eq!(manifest.exports_header.map(|span| &text[span]), Some("[exports]"));
    assert_eq!(manifest.imports_header.map(|span| &text[span]), Some("[imports]"));
    assert_eq!(&text[manifest.imports[0].name.span.clone()], "'a:b/c'");
    assert_eq!(&text[manifest.imports[0].cardinality.span.clone()], "'any'");
}

#[test]
fn dotted_keys_inline_tables_and_line_ends_are_all_the_same() {
    for text in [
        "plugin.component = 'a.wasm'\nexports.run.priority = 3",
        "plugin = { component = 'a.wasm' }\nexports = { run = { priority = 3 } }",
        "[plugin]\r\ncomponent = 'a.wasm'\r\n[exports.run]\r\npriority = 0b11\r\n",
        "\u{feff}[plugin]\ncomponent = '''a.wasm'''\n[exports]\n\"r\\u0075n\".priority = 3",
    ] {
        let manifest = good_manifest(text);
        assert_eq!(manifest.component.value, "a.wasm");
        assert_eq!((manifest.exports[0].name.value.short(), manifest.exports[0].priority), ("run", 3));
    }
}

#[test]
fn all_mistakes_are_told_in_the_order_of_the_file() {
    let (manifest, told) = manifest(
        "[plugin]\nid = 7\ncomponnent = 'a.wasm'\nversion = '1.2'\n[import]\nx = 1\n[exports]\n'a:b' = {}\nrun = 1\n",
    );
    assert_eq!(
        told,
        [
            "1:1 missing key `plugin.component`",
            "2:6 wrong type for `plugin.id`",
            "3:1 unknown key `plugin.componnent`",
            "4:11 `plugin.version` is not a semantic version",
            "5:2 unknown key `import`",
            "8:1 the key `exports.\"a:b\"` is not the name of an interface",
            "9:7 wrong type for `exports.run`",
        ]
    );
    let manifest = manifest.expect("the id is known");
    assert_eq!(manifest.id.value.as_str(), "a");
    assert_eq!(manifest.exports.iter().map(|it| it.name.value.to_string()).collect::<Vec<_>>(), ["run"]);
}

#[test]
fn wrong_plugin_tables_are_told() {
    for (text, expected) in [
        ("", "1:1 missing table `[plugin]`"),
        ("[exports]\nrun = {}", "1:1 missing table `[plugin]`"),
        ("plugin = 1", "1:10 wrong type for `plugin`"),
        ("[[plugin]]\ncomponent = 'a'", "1:1 wrong type for `plugin`"),
        ("plugin = {}", "1:1 missing key `plugin.component`"),
        ("[plugin]\ncomponent = ''", "2:13 `plugin.component` must not be empty"),
        ("[plugin.component]\n", "1:1 wrong type for `plugin.component`"),
        ("[plugin]\ncomponent = 1979-05-27", "2:13 wrong type for `plugin.component`"),
    ] {
        let (manifest, told) = manifest(text);
        assert_eq!(told, [expected], "{text}");
        assert!(manifest.is_some());
    }
}

#[test]
fn wrong_values_are_told_at_the_value() {
    for (line, expected) in [
        ("id = 'Big One'", "3:6 `plugin.id` is not a plugin id"),
        ("id = 'host'", "3:6 `plugin.id` is not a plugin id"),
        ("id = ''", "3:6 `plugin.id` is not a plugin id"),
        ("version = 1.2", "3:11 wrong type for `plugin.version`"),
        ("enabled = 'yes'", "3:11 wrong type for `plugin.enabled`"),
        ("description = []", "3:15 wrong type for `plugin.description`"),
        ("sha256 = 'abc'", "3:10 `plugin.sha256` is not a SHA-256"),
        ("wit = ''", "3:7 `plugin.wit` must not be empty"),
        ("world = 'x'", "3:1 `plugin.world` needs `wit`"),
        ("imports.x = 'any'", "3:1 unknown key `plugin.imports`"),
        ("[exports]\n'a:b/c@1' = {}", "4:1 the key `exports.\"a:b/c@1\"` is not the name of an interface"),
        ("[exports]\nrun = { priority = '1' }", "4:20 wrong type for `exports.run.priority`"),
        ("[exports]\nrun = { prio = 1 }", "4:9 unknown key `exports.run.prio`"),
        ("[exports]\nrun = { priority = 9223372036854775808 }", "4:20 `exports.run.priority` is out of range"),
        ("[exports]\nrun = 'x'", "4:7 wrong type for `exports.run`"),
        ("[imports]\n'' = 'any'", "4:1 the key `imports.\"\"` is not the name of an interface"),
        ("[imports]\nrun = 'one'", "4:7 `imports.run` cannot be `one`"),
        ("[imports]\nrun = 1", "4:7 wrong type for `imports.run`"),
        ("[imports]\nrun = {}", "4:1 missing key `imports.run.cardinality`"),
        ("[imports.run]\nlate = true", "3:1 missing key `imports.run.cardinality`"),
        ("[imports.run]\ncardinality = 'any'\nlate = 1", "5:8 wrong type for `imports.run.late`"),
        ("[imports.run]\ncardinality = 'any'\non-failure = 'x'", "5:14 `imports.run.on-failure` cannot be `x`"),
        ("[imports.run]\ncardinality = 'any'\nfrom = 'a:b'", "5:8 `imports.run.from` is not the name of an interface"),
        ("[config]\nx = 1", "4:5 wrong type for `config.x`"),
        ("[config]\n'' = 'x'", "4:1 the key `config.\"\"` must have characters, and not NUL"),
    ] {
        assert_eq!(below_plugin(line), [expected], "{line}");
    }
    assert_eq!(below_plugin(&format!("sha256 = '{}'", "é".repeat(32))), ["3:10 `plugin.sha256` is not a SHA-256"]);
}

#[test]
fn a_default_id_may_be_bad() {
    let text = "[plugin]\ncomponent = 'a.wasm'\n";
    let mut sources = Sources::default();
    let file = sources.add("My Plugin.toml", text);
    let (manifest, diagnostics) = parse_manifest(file, text, "My Plugin");
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].message, "`My Plugin` cannot be the id of a plugin");
    assert_eq!(diagnostics[0].help, "add an id such as `id = \"my-plugin\"`, or rename the file");
    assert_eq!(manifest.map(|manifest| manifest.id.value.to_string()).as_deref(), Some("my-plugin"));
    assert!(parse_manifest(file, text, "host").0.is_none());
    let text = "[plugin]\nid = 'x'\ncomponent = 'a.wasm'\n";
    assert_eq!(parse_manifest(file, text, "My Plugin").1, []);
}

#[test]
fn helps_say_what_to_do() {
    let help = |lines: &str| {
        let text = format!("[plugin]\ncomponent = 'a.wasm'\n{lines}");
        let mut sources = Sources::default();
        let file = sources.add("a.toml", text.as_str());
        let diagnostic = parse_manifest(file, &text, "a").1.remove(0);
        (diagnostic.labels[0].text.clone(), diagnostic.help)
    };
    for (lines, label, advice) in [
        (
            "verison = '1.0.0'",
            "not a key of `plugin`",
            "did you mean `version`? known keys: `id`, `component`, `version`, `description`, `enabled`, \
             `sha256`, `wit` and `world`",
        ),
        ("wit = 7", "expected a string, found an integer", "write for example `wit = \"../wit\"`"),
        (
            "[imports]\nx = 'exactly_one'",
            "expected one of `exactly-one`, `at-most-one`, `at-least-one` and `any`",
            "did you mean `\"exactly-one\"`?",
        ),
        ("[wasi]\nargs = [1]", "expected a string, found an integer", "write a value such as `\"--fast\"`"),
    ] {
        assert_eq!(help(lines), (label.to_owned(), advice.to_owned()), "{lines}");
    }
}
