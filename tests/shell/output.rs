//! What plugins print, in the hands of the shell.

use std::sync::{Arc, Mutex};

use plugweave::{App, CapturedOutput, OutputStream, PluginId};

#[test]
fn the_output_of_the_sample_is_captured() {
    let output = CapturedOutput::default();
    let app = App::builder().folder("manifests/workbench").args(["--help"]).capture(&output).build().unwrap();
    app.run().unwrap();
    assert!(!output.stdout("shell").is_empty() || !output.stderr("shell").is_empty());
    assert_eq!(output.stdout("stats"), "");
    let once = output.bytes("shell", OutputStream::Stdout).len() + output.bytes("shell", OutputStream::Stderr).len();
    app.run().unwrap();
    let twice = output.bytes("shell", OutputStream::Stdout).len() + output.bytes("shell", OutputStream::Stderr).len();
    assert_eq!(twice, once * 2);
    output.clear();
    assert_eq!(output.stdout("shell"), "");
}

#[test]
fn output_is_handed_over_as_it_comes() {
    let pieces: Arc<Mutex<Vec<(String, OutputStream, usize)>>> = Arc::default();
    let sink = pieces.clone();
    let app = App::builder()
        .folder("manifests/workbench")
        .args(["--help"])
        .on_output(move |plugin, stream, bytes| sink.lock().unwrap().push((plugin.to_string(), stream, bytes.len())))
        .build()
        .unwrap();
    app.run().unwrap();
    let pieces = pieces.lock().unwrap();
    assert!(!pieces.is_empty());
    assert!(pieces.iter().all(|(plugin, _, length)| plugin == "shell" && *length > 0), "{pieces:?}");
}

#[test]
fn output_is_handed_over_line_by_line() {
    let whole = CapturedOutput::default();
    let sample = || App::builder().folder("manifests/workbench").args(["--help"]);
    sample().capture(&whole).build().unwrap().run().unwrap();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let taken = lines.clone();
    let take = move |plugin: &PluginId, stream, line: &str| {
        assert_eq!((plugin.as_str(), stream), ("shell", OutputStream::Stdout));
        taken.lock().unwrap().push(line.to_owned());
    };
    sample().on_line(take).build().unwrap().run().unwrap();
    let whole = whole.stdout("shell");
    assert!(whole.lines().count() > 3, "{whole}");
    assert_eq!(*lines.lock().unwrap(), whole.lines().collect::<Vec<_>>());
}
