//! `wasi:io` with waits that end when the deadline of the entry does.
//!
//! Epochs interrupt a guest that computes, not one that waits in the host. Everything that does not
//! wait is passed on to `wasmtime-wasi`.

use std::convert::identity;
use std::time::Duration;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime::{Result, Trap};
use wasmtime_wasi::p2::bindings::sync::io::{poll, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult};
use wasmtime_wasi::runtime::in_tokio;
use wasmtime_wasi_io::bindings::wasi::io as waiting;

use super::{OpenFiles, PluginState};

struct Waits<'a> {
    table: &'a mut ResourceTable,
    open: &'a mut OpenFiles,
    left: Option<Duration>,
}

/// So much may be written at once without a look at what the stream permits, which is more for none of WASI's own.
const USUAL_PERMIT: usize = 64 << 10;

struct HasWaits;

impl HasData for HasWaits {
    type Data<'a> = Waits<'a>;
}

fn waits(state: &mut PluginState) -> Waits<'_> {
    let left = state.time_left();
    let wasi = state.wasi();
    Waits { table: &mut wasi.table, open: &mut wasi.open_files, left }
}

/// Defines `wasi:io/poll` and `wasi:io/streams`, over what is defined already.
pub(super) fn add_to_linker(linker: &mut Linker<PluginState>) -> Result<()> {
    poll::add_to_linker::<PluginState, HasWaits>(linker, waits)?;
    streams::add_to_linker::<PluginState, HasWaits>(linker, waits)
}

/// Waits for the future, at most for the time that is left. After that the guest is interrupted as
/// if it had been computing.
pub(super) fn wait<T, E>(
    left: Option<Duration>,
    trap: impl FnOnce(wasmtime::Error) -> E,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    in_tokio(async {
        let Some(left) = left else { return future.await };
        tokio::time::timeout(left, future).await.unwrap_or_else(|_| Err(trap(Trap::Interrupt.into())))
    })
}

impl poll::Host for Waits<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        wait(self.left, identity, waiting::poll::Host::poll(self.table, pollables))
    }
}

impl poll::HostPollable for Waits<'_> {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        poll::HostPollable::ready(self.table, pollable)
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        wait(self.left, identity, waiting::poll::HostPollable::block(self.table, pollable))
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}

impl streams::Host for Waits<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> Result<streams::StreamError> {
        streams::Host::convert_stream_error(self.table, error)
    }
}

impl streams::HostInputStream for Waits<'_> {
    fn read(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<Vec<u8>> {
        streams::HostInputStream::read(self.table, stream, len)
    }

    fn blocking_read(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<Vec<u8>> {
        wait(self.left, StreamError::Trap, waiting::streams::HostInputStream::blocking_read(self.table, stream, len))
    }

    fn skip(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        streams::HostInputStream::skip(self.table, stream, len)
    }

    fn blocking_skip(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        wait(self.left, StreamError::Trap, waiting::streams::HostInputStream::blocking_skip(self.table, stream, len))
    }

    fn subscribe(&mut self, stream: Resource<DynInputStream>) -> Result<Resource<DynPollable>> {
        streams::HostInputStream::subscribe(self.table, stream)
    }

    // This waits for a read that has begun. A stream over a file may be the last that keeps it open.
    fn drop(&mut self, stream: Resource<DynInputStream>) -> Result<()> {
        let handle = stream.rep();
        wait(self.left, identity, waiting::streams::HostInputStream::drop(self.table, stream))?;
        self.open.closed(handle);
        Ok(())
    }
}

impl streams::HostOutputStream for Waits<'_> {
    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        streams::HostOutputStream::check_write(self.table, stream)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, contents: Vec<u8>) -> StreamResult<()> {
        // Streams over files take what they are given, and keep it until the disk has it.
        if contents.len() > USUAL_PERMIT && contents.len() > self.table.get_mut(&stream)?.check_write()? {
            return Err(StreamError::trap("more bytes are written than `check-write` permits"));
        }
        streams::HostOutputStream::write(self.table, stream, contents)
    }

    fn blocking_write_and_flush(&mut self, stream: Resource<DynOutputStream>, contents: Vec<u8>) -> StreamResult<()> {
        wait(
            self.left,
            StreamError::Trap,
            waiting::streams::HostOutputStream::blocking_write_and_flush(self.table, stream, contents),
        )
    }

    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        streams::HostOutputStream::flush(self.table, stream)
    }

    fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        wait(self.left, StreamError::Trap, waiting::streams::HostOutputStream::blocking_flush(self.table, stream))
    }

    fn subscribe(&mut self, stream: Resource<DynOutputStream>) -> Result<Resource<DynPollable>> {
        streams::HostOutputStream::subscribe(self.table, stream)
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        streams::HostOutputStream::write_zeroes(self.table, stream, len)
    }

    fn blocking_write_zeroes_and_flush(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        wait(
            self.left,
            StreamError::Trap,
            waiting::streams::HostOutputStream::blocking_write_zeroes_and_flush(self.table, stream, len),
        )
    }

    fn splice(
        &mut self,
        stream: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        streams::HostOutputStream::splice(self.table, stream, from, len)
    }

    fn blocking_splice(
        &mut self,
        stream: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        wait(
            self.left,
            StreamError::Trap,
            waiting::streams::HostOutputStream::blocking_splice(self.table, stream, from, len),
        )
    }

    // This waits until what was written is on its way, which is up to the peer of a socket.
    fn drop(&mut self, stream: Resource<DynOutputStream>) -> Result<()> {
        let handle = stream.rep();
        wait(self.left, identity, waiting::streams::HostOutputStream::drop(self.table, stream))?;
        self.open.closed(handle);
        Ok(())
    }
}
