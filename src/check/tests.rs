use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use super::*;
use crate::files::{FileStatus, MAX_MANIFESTS, Memory, Reach};
use crate::world::WitSource;

/// Files that count how often each manifest is read.
struct Counting {
    files: Memory,
    reads: Mutex<BTreeMap<String, usize>>,
}

impl Files for Counting {
    fn manifests(&self) -> Result<Vec<String>, String> {
        self.files.manifests()
    }

    fn manifest(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        *self.reads.lock().unwrap().entry(path.to_owned()).or_default() += 1;
        self.files.manifest(path, reach)
    }

    fn read(&self, path: &str, reach: Reach<'_>) -> Result<Vec<u8>, ReadError> {
        self.files.read(path, reach)
    }

    fn wit(&self, path: &str, reach: Reach<'_>) -> Result<WitSource, String> {
        self.files.wit(path, reach)
    }

    fn status(&self, path: &str, manifest: &str) -> FileStatus {
        self.files.status(path, manifest)
    }
}

/// What is wrong with an app, as codes and messages, and the most that one of its manifests is read.
fn checked(files: Memory) -> (Vec<String>, usize) {
    let files = Counting { files, reads: Mutex::default() };
    let checked = check_only(&files).unwrap();
    let told = checked.diagnostics.iter().map(|it| format!("{}: {}", it.code.as_str(), it.message)).collect();
    let most = files.reads.lock().unwrap().values().copied().max().unwrap_or(0);
    (told, most)
}

const PLUGIN: &str = "plugin.component = 'a.wat'\n";

#[test]
fn each_manifest_is_read_once_with_an_app_file_and_without() {
    let app = Memory::default().with("a.wat", "(component)").with("a.toml", PLUGIN).with("b.toml", PLUGIN);
    assert_eq!(checked(app.clone()), (vec![], 1));
    assert_eq!(checked(app.with("app.toml", "app.name = 'a'")), (vec![], 1));
}

#[test]
fn a_folder_is_no_app_when_no_file_is_a_manifest() {
    let no_app = |files: Memory| checked(files).0.iter().any(|told| told.contains("this folder is no app"));
    let two = Memory::default().with("b.toml", "x = 1").with("c.toml", "\u{feff}[y]\nplugin = 1 2 3");
    assert_eq!(checked(two.clone()).1, 1);
    assert!(no_app(two.clone()));
    // One problem, and no other.
    assert_eq!(checked(two.clone()).0.len(), 1);
    // A single file is a bad manifest, and one that cannot be read may be a manifest.
    assert!(!no_app(Memory::default().with("b.toml", "x = 1")));
    assert!(!no_app(two.clone().with("d.toml", b"\xff".as_slice())));
    assert!(!no_app(two.clone().with("d.toml", "plugin = 1")));
    assert!(!no_app(two.clone().with("app.toml", "")));
    // What lies behind the bytes of all manifests counts too.
    let large = "# ".repeat(usize::try_from(MAX_MANIFESTS).unwrap() / 4);
    let many = two.with("d.toml", large.as_str()).with("e.toml", large.as_str()).with("f.toml", large.as_str());
    assert!(no_app(many.clone()));
    assert!(!no_app(many.clone().with("g.toml", PLUGIN)));
    // What is too intricate is not parsed.
    assert!(no_app(many.clone().with("g.toml", "[[\n".repeat(500_000))));
    assert!(!no_app(many.with("g.toml", "[plugin]\n".repeat(100_000))));
}

/// An interface with so many functions, as an instance type, and what has 20 others.
fn interface(functions: usize) -> (String, String) {
    let (mut imported, mut exported) = (String::new(), String::new());
    for number in 0..functions {
        write!(imported, "(export \"f{number}\" (func))").unwrap();
    }
    for number in 0..20 {
        write!(exported, "(export \"g{number}\" (func $g))").unwrap();
    }
    let consumer = format!("(component (import \"a:b/c\" (instance {imported})))");
    let lifted = "(core module $m (func (export \"g\"))) (core instance $i (instantiate $m)) \
                  (func $g (canon lift (core func $i \"g\")))";
    (consumer, format!("(component {lifted} (instance $e {exported}) (export \"a:b/c\" (instance $e)))"))
}

#[test]
fn functions_that_many_providers_lack_are_told_up_to_a_bound() {
    let (consumer, provider) = interface(60);
    let import = "[imports]\n'a:b/c' = 'any'\n";
    let mut app = Memory::default().with("a.wat", consumer).with("p.wat", provider);
    app = app.with("a.toml", format!("{PLUGIN}{import}")).with("z.toml", format!("{PLUGIN}{import}"));
    let exporter = "plugin.component = 'p.wat'\nexports.'a:b/c' = {}\n";
    app = (0..50).fold(app, |app, number| app.with(format!("p{number}.toml"), exporter));
    let told = checked(app).0;
    assert!(told.iter().all(|told| told.starts_with("PW203")), "{told:?}");
    // Those of `a`, and the first of `z`; and for each how many others there are.
    assert_eq!(told.len(), 2_000 + 1 + 2);
    let more =
        |id: &str, count: &str| format!("PW203: {count} more functions of `a:b/c` do not fit what `{id}` imports");
    assert_eq!(told.iter().filter(|told| **told == more("a", "1,000")).count(), 1);
    assert_eq!(told.iter().filter(|told| **told == more("z", "2,999")).count(), 1);
}

#[test]
fn functions_without_a_provider_count_as_answers() {
    let (consumer, _) = interface(3_000);
    let app = Memory::default().with("a.wat", consumer);
    let import = "[imports]\n'a:b/c' = 'any'\n";
    let of = |plugins: usize| {
        let text = format!("{PLUGIN}{import}");
        checked((0..plugins).fold(app.clone(), |app, number| app.with(format!("p{number}.toml"), text.as_str()))).0
    };
    assert_eq!(of(80), [""; 0]);
    assert_eq!(of(100), ["PW202: the imports of the app have too many providers together"]);
}

#[test]
fn a_missing_provider_is_no_news_where_a_broken_plugin_lists_it() {
    let import = |name: &str| format!("(component (import \"{name}\" (instance (export \"f\" (func)))))");
    let of = |wanted: &str, broken: &[(&str, &str)]| {
        let mut app = Memory::default().with("a.wat", import(wanted));
        app = app.with("a.toml", format!("{PLUGIN}[imports]\n'{wanted}' = 'exactly-one'\n"));
        for (id, listed) in broken {
            app = app.with(format!("{id}.toml"), format!("plugin.component = 'no'\nexports.'{listed}' = {{}}"));
        }
        checked(app).0.iter().filter(|told| told.starts_with("PW201")).count()
    };
    assert_eq!(of("a:b/c@1.0.0", &[]), 1);
    assert_eq!(of("a:b/c@1.0.0", &[("b", "a:b/c@1.2.0")]), 0);
    assert_eq!(of("a:b/c@1.0.0", &[("b", "a:b/c")]), 0);
    assert_eq!(of("a:b/c@1.0.0", &[("b", "a:b/c@2.0.0"), ("c", "a:b/d@1.0.0")]), 1);
    assert_eq!(of("a:b/c@1.0.0", &[("b", "a:b/c@2.0.0"), ("c", "a:b/c@1.0.0")]), 0);
    // A plugin never provides for itself, broken twins included.
    let twin = "plugin.component = 'no'\nplugin.id = 'a'\nexports.'a:b/c@1.0.0' = {}";
    let app = Memory::default().with("a.wat", import("a:b/c@1.0.0")).with("twin.toml", twin);
    let app = app.with("a.toml", format!("{PLUGIN}[imports]\n'a:b/c@1.0.0' = 'exactly-one'\n"));
    assert!(checked(app.clone()).0.iter().any(|told| told.starts_with("PW201")));
    let other = app.with("other.toml", twin.replace("'a'", "'other'"));
    assert!(!checked(other).0.iter().any(|told| told.starts_with("PW201")));
}
