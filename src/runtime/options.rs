use std::path::PathBuf;

use super::output::OutputSink;

/// How an app is started.
#[derive(Debug, Clone, Default)]
pub struct StartOptions {
    /// The app's folder: granted directories are relative to it. They are opened when the app is started.
    pub base: PathBuf,
    /// Arguments for the plan's entry, in place of those of its manifest. With them it also gets the
    /// standard streams of the process.
    pub entry_args: Option<Vec<String>>,
    /// Where everything goes that plugins print, in place of what their manifests say.
    pub output: Option<OutputSink>,
}
