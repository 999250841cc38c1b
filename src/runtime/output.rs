//! What plugins print, in the hands of the embedding application.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::stream::Drain;
use crate::model::PluginId;

/// An output stream of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    /// `stdout` or `stderr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl fmt::Display for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

type Take = dyn Fn(&PluginId, OutputStream, &[u8]) + Send + Sync;

/// Takes what plugins print, in the pieces in which they write it.
#[derive(Clone)]
pub struct OutputSink(Arc<Take>);

impl OutputSink {
    /// A sink that hands each piece to a function. The plugin waits until it returns.
    pub fn new(take: impl Fn(&PluginId, OutputStream, &[u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }
}

impl fmt::Debug for OutputSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputSink").finish_non_exhaustive()
    }
}

/// One stream of one plugin that leads to a sink.
pub(super) struct ToSink {
    pub(super) sink: OutputSink,
    pub(super) plugin: PluginId,
    pub(super) stream: OutputStream,
}

impl Drain for ToSink {
    fn take(&mut self, bytes: &[u8]) {
        (self.sink.0)(&self.plugin, self.stream, bytes);
    }
}

/// Most that is kept of one stream, so that a plugin cannot fill the host's memory by printing.
const MAX_CAPTURED: usize = 16 << 20;

/// Keeps what plugins print, of each stream the first 16 MiB. Clones share what they keep.
///
/// ```
/// use plugweave::{App, CapturedOutput};
///
/// let output = CapturedOutput::default();
/// let app = App::builder().folder("manifests/workbench").args(["--help"]).capture(&output).build()?;
/// app.run()?;
/// assert!(output.stdout("shell").contains("Usage"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CapturedOutput(Arc<Mutex<Printed>>);

/// What has been printed, by plugin and stream.
type Printed = BTreeMap<(String, OutputStream), Vec<u8>>;

impl CapturedOutput {
    /// What a plugin has printed to its standard output so far. What is not UTF-8 is replaced.
    pub fn stdout(&self, plugin: &str) -> String {
        self.text(plugin, OutputStream::Stdout)
    }

    /// What a plugin has printed to its standard error so far. What is not UTF-8 is replaced.
    pub fn stderr(&self, plugin: &str) -> String {
        self.text(plugin, OutputStream::Stderr)
    }

    /// The bytes that a plugin has printed to one of its streams so far.
    pub fn bytes(&self, plugin: &str, stream: OutputStream) -> Vec<u8> {
        self.kept().get(&(plugin.to_owned(), stream)).cloned().unwrap_or_default()
    }

    /// Forgets everything that has been printed so far.
    pub fn clear(&self) {
        self.kept().clear();
    }

    /// The sink that fills this.
    pub(crate) fn sink(&self) -> OutputSink {
        let output = self.clone();
        OutputSink::new(move |plugin, stream, bytes| output.keep(plugin, stream, bytes))
    }

    fn keep(&self, plugin: &PluginId, stream: OutputStream, bytes: &[u8]) {
        let mut kept = self.kept();
        let printed = kept.entry((plugin.to_string(), stream)).or_default();
        let room = MAX_CAPTURED.saturating_sub(printed.len());
        printed.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn text(&self, plugin: &str, stream: OutputStream) -> String {
        String::from_utf8_lossy(&self.bytes(plugin, stream)).into_owned()
    }

    fn kept(&self) -> MutexGuard<'_, Printed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stream_is_kept_without_end() {
        let output = CapturedOutput::default();
        let plugin = PluginId::parse("p").unwrap();
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..17 {
            output.keep(&plugin, OutputStream::Stdout, &piece);
        }
        output.keep(&plugin, OutputStream::Stderr, b"err");
        assert_eq!(output.bytes("p", OutputStream::Stdout).len(), MAX_CAPTURED);
        assert_eq!((output.stderr("p").as_str(), output.stderr("q").as_str()), ("err", ""));
        output.clear();
        assert_eq!(output.stdout("p"), "");
    }
}
