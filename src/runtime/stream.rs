//! An output stream of a guest that leads into the host, in all the forms that WASI asks for.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi_io::bytes::Bytes;

/// What a guest may write at once.
const PERMIT: usize = 64 << 10;

/// Where a stream leads.
pub(super) trait Drain: Send + 'static {
    /// Takes what the guest has written. It never blocks and never fails.
    fn take(&mut self, bytes: &[u8]);
}

/// A stream; its drain is dropped with the last clone.
pub(super) struct GuestStream<D>(Arc<Mutex<D>>);

impl<D> Clone for GuestStream<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Drain> GuestStream<D> {
    pub(super) fn new(drain: D) -> Self {
        Self(Arc::new(Mutex::new(drain)))
    }

    pub(super) fn drain(&self) -> MutexGuard<'_, D> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Drain> IsTerminal for GuestStream<D> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<D: Drain> StdoutStream for GuestStream<D> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl<D: Drain> OutputStream for GuestStream<D> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.drain().take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

#[wasmtime_wasi::async_trait]
impl<D: Drain> Pollable for GuestStream<D> {
    async fn ready(&mut self) {}
}

impl<D: Drain> AsyncWrite for GuestStream<D> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.drain().take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
