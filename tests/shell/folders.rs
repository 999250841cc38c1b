//! Apps of several folders, and of none.

use std::fs;
use std::path::PathBuf;

use plugweave::diagnostic::Style;
use plugweave::manifest::ManifestBuilder;
use plugweave::{App, AppBuilder, OpenError, Val};

const ANSWER: &str = r#"(component
    (core module $m (func (export "answer") (result i32) (i32.const NUMBER)))
    (core instance $i (instantiate $m))
    (func (export "answer") (result u32) (canon lift (core func $i "answer"))))"#;

fn component(number: u32) -> String {
    ANSWER.replace("NUMBER", &number.to_string())
}

const MANIFEST: &str = "plugin.component = 'answer.wat'\nexports.answer = {}\n";

/// A folder of this test, emptied.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shell-folders").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn answer(app: &App, plugin: &str) -> Option<Val> {
    app.call_plugin(plugin, "answer", &[]).unwrap()
}

#[test]
fn plugins_come_from_several_folders_and_from_code() {
    let (first, second) = (folder("first"), folder("second"));
    fs::write(first.join("one.toml"), MANIFEST).unwrap();
    fs::write(first.join("answer.wat"), component(1)).unwrap();
    fs::create_dir(second.join("two")).unwrap();
    fs::write(second.join("two/plugin.toml"), MANIFEST.replace("answer.wat", "../sub.wat")).unwrap();
    fs::write(second.join("sub.wat"), component(2)).unwrap();
    let app = App::builder()
        .folder(&first)
        .folder(&second)
        .file("three.toml", MANIFEST.replace("answer.wat", "three.wat"))
        .file("three.wat", component(3))
        .build()
        .unwrap();
    let answers = ["one", "two", "three"].map(|plugin| answer(&app, plugin));
    assert_eq!(answers, [1, 2, 3].map(|number| Some(Val::U32(number))));
}

#[test]
fn problems_in_further_folders_are_told_by_absolute_paths() {
    let (first, second) = (folder("good"), folder("bad"));
    fs::write(second.join("bad.toml"), MANIFEST).unwrap();
    fs::write(second.join("app.toml"), "app.name = 'x'").unwrap();
    let error = App::builder().folder(&first).folder(&second).build().unwrap_err().to_string();
    assert!(error.contains(&format!("{}/bad.toml:1:20", second.display())), "{error}");
    assert!(error.contains("error[PW401]") && error.contains("in a further folder of the app"), "{error}");
}

#[test]
fn of_equal_ids_the_one_in_the_further_folder_is_second() {
    // Whichever comes first by its path.
    for (own, further) in [("zz", "aa"), ("aa", "zz")] {
        let (first, second) = (folder(&format!("ids-{own}")), folder(&format!("ids-{further}")));
        for folder in [&first, &second] {
            fs::write(folder.join("same.toml"), MANIFEST).unwrap();
            fs::write(folder.join("answer.wat"), component(1)).unwrap();
        }
        let error = App::builder().folder(&first).folder(&second).build().unwrap_err().to_string();
        let place = format!("error[PW002]: two plugins have the id `same`\n --> {}/same.toml:1:1\n", second.display());
        assert!(error.contains(&place) && error.contains("\n ::: same.toml:1:1\n"), "{error}");
    }
    // What is given in code stands in the app's own folder, too.
    let further = folder("ids-code");
    fs::write(further.join("same.toml"), MANIFEST).unwrap();
    fs::write(further.join("answer.wat"), component(1)).unwrap();
    let app = App::builder().file("same.toml", MANIFEST).file("answer.wat", component(2)).folder(folder("ids-empty"));
    let error = app.folder(&further).build().unwrap_err().to_string();
    assert!(error.contains(&format!("\n --> {}/same.toml:1:1\n", further.display())), "{error}");
}

#[test]
fn a_manifest_is_never_silently_replaced() {
    let first = folder("twice");
    fs::write(first.join("one.toml"), MANIFEST).unwrap();
    fs::write(first.join("answer.wat"), component(1)).unwrap();
    let error = App::builder().folder(&first).file("one.toml", MANIFEST).build().unwrap_err();
    assert!(matches!(&error, OpenError::Twice { path } if path == "one.toml"), "{error}");
    let error = App::builder().folder(folder("empty")).folder(&first).folder(&first).build().unwrap_err();
    assert!(matches!(&error, OpenError::Twice { .. }), "{error}");
    // A component in code takes the place of the one on disk.
    let app = App::builder().folder(&first).file("answer.wat", component(5)).build().unwrap();
    assert_eq!(answer(&app, "one"), Some(Val::U32(5)));
}

#[test]
fn nothing_in_code_is_silently_replaced() {
    let twice = |builder: AppBuilder| match builder.check() {
        Err(OpenError::Twice { path }) => path,
        other => panic!("{other:?}"),
    };
    let one = || App::builder().file("one.toml", MANIFEST).file("answer.wat", component(1));
    assert_eq!(twice(one().file("one.toml", MANIFEST)), "one.toml");
    assert_eq!(twice(one().file("answer.wat", component(2)).file("one.toml", "")), "answer.wat");
    // Plugins may share a component.
    let app = one().file("two.toml", MANIFEST).file("answer.wat", component(1)).build().unwrap();
    assert_eq!(answer(&app, "two"), Some(Val::U32(1)));
}

fn manifest(id: &str) -> ManifestBuilder {
    ManifestBuilder::new(id).export("answer")
}

#[test]
fn a_plugin_is_a_manifest_and_a_component() {
    // `app` is a good id, though `app.toml` is no manifest.
    let app = App::builder()
        .file("app.toml", "app.name = 'plugins'")
        .plugin(&manifest("app"), component(1))
        .plugin(&manifest("two").component("bin/../bin/./answer.wat"), component(2))
        .plugin(&manifest("three").component("bin/answer.wat"), component(2))
        .build()
        .unwrap();
    assert_eq!(app.plan().name.as_deref(), Some("plugins"));
    assert_eq!(["app", "two", "three"].map(|id| answer(&app, id)), [1, 2, 2].map(|number| Some(Val::U32(number))));
    let component_of = |id| &app.plan().plugin(app.plan().index_of(id).unwrap()).component;
    assert_eq!((component_of("app").as_str(), component_of("two").as_str()), ("app.wasm", "bin/answer.wat"));
}

#[test]
fn a_plugin_in_code_stands_beside_those_on_disk() {
    let first = folder("beside");
    fs::write(first.join("one.toml"), MANIFEST).unwrap();
    fs::write(first.join("answer.wat"), component(1)).unwrap();
    let with = |id: &str| App::builder().folder(&first).plugin(&manifest(id), component(2)).build();
    assert_eq!(answer(&with("two").unwrap(), "two"), Some(Val::U32(2)));
    assert!(matches!(with("one").unwrap_err(), OpenError::Twice { path } if path == "one.toml"));
    let twice = App::builder().plugin(&manifest("x"), component(1)).plugin(&manifest("x"), component(1)).build();
    assert!(matches!(twice.unwrap_err(), OpenError::Twice { path } if path == "x.toml"));
}

#[test]
fn mistakes_of_a_plugin_in_code_are_told_whatever_its_id() {
    for id in ["", ".x", "a/b", "Cargo", "../x", "host"] {
        let error = App::builder().plugin(&manifest(id), component(1)).build().unwrap_err().to_string();
        assert!(error.contains("error[PW001]") && error.contains(&format!("id = \"{id}\"")), "{id}: {error}");
    }
    let typo = manifest("one").export("ansver");
    let checked = App::builder().plugin(&typo, component(1)).check().unwrap();
    let told = checked.render(Style::Plain);
    assert!(told.contains("error[PW103]") && told.contains(" --> one.toml:7:1"), "{told}");
    let error = App::builder().plugin(&typo, component(1)).build().unwrap_err();
    assert_eq!((error.to_string(), format!("{error:?}")), (told.clone(), told));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let missing = folder("missing").join("nowhere");
    for builder in [App::builder().folder(&missing), App::builder().folder(folder("there")).folder(&missing)] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains("nowhere") && error.contains("no such file or folder"), "{error}");
    }
}

#[test]
fn without_a_folder_the_file_system_is_not_touched() {
    // This path exists, relative to where tests run.
    let manifest = MANIFEST.replace("answer.wat", "Cargo.toml");
    let error = App::builder().file("one.toml", manifest).build().unwrap_err().to_string();
    assert!(error.contains("PW003") && error.contains("no such file"), "{error}");
    assert_eq!(App::builder().build().unwrap().plan().plugins.len(), 0);
}

#[test]
fn a_path_in_code_may_be_written_in_any_way() {
    let app = App::builder()
        .file("./one.toml", MANIFEST.replace("answer.wat", "./bin/../one.wat"))
        .file("bin//../one.wat", component(4))
        .build()
        .unwrap();
    assert_eq!(answer(&app, "one"), Some(Val::U32(4)));
}

#[test]
fn wit_in_code_joins_the_wit_on_disk() {
    let first = folder("overlay");
    fs::create_dir_all(first.join("wit/deps/d")).unwrap();
    fs::write(
        first.join("wit/w.wit"),
        "package t:t; world w { use d:d/types.{number}; export answer: func() -> number; }",
    )
    .unwrap();
    fs::write(first.join("wit/deps/d/d.wit"), "package d:d; interface types { type number = u64; }").unwrap();
    let manifest = "plugin = { component = 'c.wat', wit = 'wit', world = 'w' }\nexports.answer = {}\n";
    fs::write(first.join("one.toml"), manifest).unwrap();
    fs::write(first.join("c.wat"), r#"(module (func (export "answer") (result i32) (i32.const 6)))"#).unwrap();
    let types = "package d:d; interface types { type number = u32; }";
    let app = App::builder().folder(&first).file("wit/deps/d/d.wit", types).build();
    let app = app.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer(&app, "one"), Some(Val::U32(6)));
    // A file of the package itself that is in code only leaves those on disk.
    let more = "package t:t; interface more { }";
    let app = App::builder().folder(&first).file("wit/deps/d/d.wit", types).file("wit/more.wit", more).build();
    let app = app.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer(&app, "one"), Some(Val::U32(6)));
}

#[test]
fn the_wit_of_a_core_module_may_lie_in_the_folder_itself() {
    let manifest = "plugin = { component = 'c.wat', wit = '.' }\nexports.answer = {}\n";
    let core = r#"(module (func (export "answer") (result i32) (i32.const 6)))"#;
    let with = |builder: AppBuilder| builder.file("one.toml", manifest).file("c.wat", core);
    let text = "package t:t; world w { export answer: func() -> u32; }";
    let app = with(App::builder()).file("w.wit", text).build().unwrap();
    assert_eq!(answer(&app, "one"), Some(Val::U32(6)));
    let first = folder("wit-itself");
    fs::write(first.join("w.wit"), text.replace("u32", "u64")).unwrap();
    let app = with(App::builder().folder(&first)).file("w.wit", text).build().unwrap();
    assert_eq!(answer(&app, "one"), Some(Val::U32(6)));
}
