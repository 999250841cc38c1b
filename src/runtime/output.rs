//! What plugins print, in the hands of the embedding application.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::log::Lines;
use super::output_stream::OutputStream;
use super::stream::{Drain, GuestStream};
use crate::model::PluginId;

type Take<T> = dyn Fn(&PluginId, OutputStream, &T) + Send + Sync;

/// Takes what plugins print.
#[derive(Clone)]
pub struct OutputSink(Kind);

#[derive(Clone)]
enum Kind {
    Pieces(Arc<Take<[u8]>>),
    Lines(Arc<Take<str>>),
}

impl OutputSink {
    /// A sink that hands each piece to a function, as the plugin writes it: lines may come in parts, or
    /// several at once. The plugin waits until it returns.
    pub fn new(take: impl Fn(&PluginId, OutputStream, &[u8]) + Send + Sync + 'static) -> Self {
        Self(Kind::Pieces(Arc::new(take)))
    }

    /// A sink that hands each line to a function, without its end. It can be shown on a terminal:
    /// control characters and others that would change the rest are codes, as [`foreign`](crate::foreign) says. What is not UTF-8 is replaced, and lines
    /// of more than 8 KiB come in several parts. A last line without an end comes when the plugin
    /// ends. The plugin waits until the function returns.
    pub fn lines(take: impl Fn(&PluginId, OutputStream, &str) + Send + Sync + 'static) -> Self {
        Self(Kind::Lines(Arc::new(take)))
    }

    /// The standard stream of a plugin that leads here.
    pub(super) fn stream(&self, plugin: &PluginId, stream: OutputStream) -> GuestStream<ToSink> {
        let plugin = plugin.clone();
        GuestStream::new(match &self.0 {
            Kind::Pieces(take) => ToSink::Pieces { take: take.clone(), plugin, stream },
            Kind::Lines(take) => {
                let take = take.clone();
                ToSink::Lines(Lines::new(Box::new(move |line| take(&plugin, stream, line))))
            }
        })
    }
}

impl fmt::Debug for OutputSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputSink").finish_non_exhaustive()
    }
}

/// One stream of one plugin that leads to a sink.
pub(super) enum ToSink {
    Pieces { take: Arc<Take<[u8]>>, plugin: PluginId, stream: OutputStream },
    Lines(Lines),
}

impl Drain for ToSink {
    fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Pieces { take, plugin, stream } => take(plugin, *stream, bytes),
            Self::Lines(lines) => lines.take(bytes),
        }
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
