//! Counting what a plugin has open.

use std::collections::HashMap;
use std::task::{Context, Waker};

use wasmtime_wasi::p2::Pollable;

use crate::call::{log_own, targets};
use crate::model::PluginId;

/// No place is left for another open file.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

/// Which way a stream over a file leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// It reads the file.
    Read,
    /// It writes the file.
    Write,
}

/// The files, folders and sockets that a plugin has open, as far as it has opened them itself.
///
/// Each takes a place as long as some handle keeps it open: the file's own or that of a stream over it, which may
/// outlive it. Places are counted, not handles, so that a file takes one place together with one stream that reads
/// and one that writes it. Each further stream of the same kind takes a place too, because it has a buffer.
pub struct OpenFiles {
    /// The plugin, unless it is granted nothing.
    owner: Option<PluginId>,
    /// Whether it has been told that the limit was reached: a plugin could do that without end.
    told: bool,
    limit: u32,
    taken: u32,
    next: u64,
    files: HashMap<u64, Opened>,
    /// What each handle keeps open, by its number in the table of resources.
    handles: HashMap<u32, (u64, Kind)>,
    /// What goes on although its handle has been dropped, and keeps its place until it ends.
    lingering: Vec<(u64, Box<dyn Pollable>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Itself,
    Reader,
    Writer,
}

/// An open file and what keeps it open.
#[derive(Debug, Default)]
struct Opened {
    itself: bool,
    readers: u32,
    writers: u32,
    /// Whether it is a socket that listens: that may hold a connection that the plugin has not accepted yet.
    listens: bool,
}

impl Opened {
    fn is_open(&self) -> bool {
        self.itself || self.readers > 0 || self.writers > 0
    }

    fn places(&self) -> u32 {
        if !self.is_open() {
            return 0;
        }
        self.readers.max(self.writers).max(1).saturating_add(u32::from(self.listens))
    }

    fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Itself => self.itself = true,
            Kind::Reader => self.readers = self.readers.saturating_add(1),
            Kind::Writer => self.writers = self.writers.saturating_add(1),
        }
    }

    fn remove(&mut self, kind: Kind) {
        match kind {
            Kind::Itself => self.itself = false,
            Kind::Reader => self.readers = self.readers.saturating_sub(1),
            Kind::Writer => self.writers = self.writers.saturating_sub(1),
        }
    }
}

impl OpenFiles {
    /// Nothing is open, and at most so much may be.
    pub fn new(owner: Option<PluginId>, limit: u32) -> Self {
        Self {
            owner,
            told: false,
            limit,
            taken: 0,
            next: 0,
            files: HashMap::new(),
            handles: HashMap::new(),
            lingering: Vec::new(),
        }
    }

    /// Whether one more file may be opened, or one more socket listen.
    ///
    /// # Errors
    /// When all places are taken.
    pub fn room(&mut self) -> Result<(), Full> {
        if self.taken < self.limit {
            return Ok(());
        }
        self.free_ended();
        if self.taken < self.limit {
            return Ok(());
        }
        if let (false, Some(plugin)) = (self.told, self.owner.clone()) {
            let limit = self.limit;
            let told = format!("it has {limit} files, folders and sockets open and may have no more (`open-files`)");
            log_own(told.len(), move || tracing::warn!(target: targets::OPEN_FILES, %plugin, "{told}"));
        }
        self.told = true;
        Err(Full)
    }

    /// Whether another stream over what a handle is of may be opened. The granted folders are not counted, and
    /// there are no streams over them.
    ///
    /// # Errors
    /// When all places are taken, and the stream would take another one.
    pub fn room_for(&mut self, stream: Stream, handle: u32) -> Result<(), Full> {
        let file = self.handles.get(&handle).and_then(|(file, _)| self.files.get(file));
        let more = file.is_some_and(|file| {
            let others = match stream {
                Stream::Read => file.readers,
                Stream::Write => file.writers,
            };
            others >= file.readers.max(file.writers).max(1)
        });
        if more { self.room() } else { Ok(()) }
    }

    /// Notes that a file has been opened, under this handle.
    pub fn opened(&mut self, handle: u32) {
        let file = self.next;
        self.next += 1;
        self.note(file, handle, Kind::Itself);
    }

    /// Notes a stream over what a handle is of.
    pub fn streams(&mut self, stream: Stream, handle: u32, of: u32) {
        let Some(&(file, _)) = self.handles.get(&of) else { return };
        let kind = match stream {
            Stream::Read => Kind::Reader,
            Stream::Write => Kind::Writer,
        };
        self.note(file, handle, kind);
    }

    /// Notes that a socket listens.
    pub fn listens(&mut self, handle: u32) {
        if let Some(&(file, _)) = self.handles.get(&handle) {
            self.change(file, |file| file.listens = true);
        }
    }

    /// Notes that a handle has been dropped. Handles that keep no file open are not counted, and change nothing.
    pub fn closed(&mut self, handle: u32) {
        if let Some((file, kind)) = self.handles.remove(&handle) {
            self.close(file, kind);
        }
    }

    /// Notes that the handle of work in the background has been dropped. Its place is free when the work has ended.
    pub fn lingers(&mut self, handle: u32, mut work: Box<dyn Pollable>) {
        match self.handles.remove(&handle) {
            Some((file, _)) if !has_ended(&mut *work) => self.lingering.push((file, work)),
            Some((file, kind)) => self.close(file, kind),
            None => {}
        }
    }

    /// Frees the places of work that has ended.
    fn free_ended(&mut self) {
        for (file, mut work) in std::mem::take(&mut self.lingering) {
            if has_ended(&mut *work) {
                self.close(file, Kind::Itself);
            } else {
                self.lingering.push((file, work));
            }
        }
    }

    fn note(&mut self, file: u64, handle: u32, kind: Kind) {
        self.files.entry(file).or_default();
        self.handles.insert(handle, (file, kind));
        self.change(file, |file| file.add(kind));
    }

    fn close(&mut self, file: u64, kind: Kind) {
        self.change(file, |file| file.remove(kind));
        if self.files.get(&file).is_some_and(|file| !file.is_open()) {
            self.files.remove(&file);
        }
    }

    /// Changes a file, and counts it anew.
    fn change(&mut self, file: u64, change: impl FnOnce(&mut Opened)) {
        let Some(file) = self.files.get_mut(&file) else { return };
        let before = file.places();
        change(file);
        self.taken = self.taken.saturating_sub(before).saturating_add(file.places());
    }
}

fn has_ended(work: &mut dyn Pollable) -> bool {
    work.ready().as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_file_takes_its_place_until_nothing_keeps_it_open() {
        let mut open = OpenFiles::new(None, 2);
        assert_eq!(open.room(), Ok(()));
        open.opened(7);
        open.streams(Stream::Read, 8, 7);
        open.streams(Stream::Write, 9, 7);
        assert_eq!(open.taken, 1);
        // The file goes first, its streams keep it open.
        open.closed(7);
        open.closed(9);
        assert_eq!(open.taken, 1);
        open.opened(7);
        assert_eq!((open.taken, open.room()), (2, Err(Full)));
        open.closed(8);
        open.closed(7);
        assert_eq!((open.taken, open.files.len(), open.handles.len()), (0, 0, 0));
    }

    #[test]
    fn further_streams_of_a_file_take_places() {
        let mut open = OpenFiles::new(None, 2);
        open.opened(1);
        for stream in [Stream::Read, Stream::Write] {
            assert_eq!(open.room_for(stream, 1), Ok(()));
        }
        open.streams(Stream::Read, 2, 1);
        open.streams(Stream::Read, 3, 1);
        assert_eq!((open.taken, open.room_for(Stream::Read, 1)), (2, Err(Full)));
        // As many as read the file may write it.
        open.streams(Stream::Write, 4, 1);
        assert_eq!((open.taken, open.room_for(Stream::Write, 1)), (2, Ok(())));
        open.streams(Stream::Write, 5, 1);
        assert_eq!(open.room_for(Stream::Write, 1), Err(Full));
        for handle in [2, 3, 4] {
            open.closed(handle);
        }
        assert_eq!((open.taken, open.room_for(Stream::Read, 1)), (1, Ok(())));
    }

    #[test]
    fn a_socket_that_listens_takes_two_places() {
        let mut open = OpenFiles::new(None, 2);
        open.opened(1);
        open.listens(1);
        open.listens(1);
        assert_eq!((open.taken, open.room()), (2, Err(Full)));
        open.closed(1);
        assert_eq!(open.taken, 0);
    }

    /// Work that ends when it is told to.
    struct Work(Arc<AtomicBool>);

    #[wasmtime_wasi::async_trait]
    impl Pollable for Work {
        async fn ready(&mut self) {
            if !self.0.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        }
    }

    #[test]
    fn what_goes_on_keeps_its_place_until_it_ends() {
        let mut open = OpenFiles::new(None, 2);
        let ended = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        for ended in &ended {
            open.opened(1);
            // The number of the handle is used again.
            open.lingers(1, Box::new(Work(ended.clone())));
        }
        assert_eq!((open.taken, open.room()), (2, Err(Full)));
        ended[1].store(true, Ordering::Relaxed);
        assert_eq!((open.room(), open.taken), (Ok(()), 1));
        ended[0].store(true, Ordering::Relaxed);
        open.opened(1);
        assert_eq!((open.room(), open.taken), (Ok(()), 1));
        open.lingers(1, Box::new(Work(ended[0].clone())));
        assert_eq!((open.taken, open.files.len(), open.handles.len(), open.lingering.len()), (0, 0, 0, 0));
    }

    #[test]
    fn what_is_not_counted_changes_nothing() {
        let mut open = OpenFiles::new(None, 1);
        open.opened(1);
        open.closed(2);
        open.listens(2);
        open.streams(Stream::Read, 3, 2);
        assert_eq!((open.taken, open.room_for(Stream::Read, 2)), (1, Ok(())));
        // A number of the table is used again.
        open.closed(1);
        open.closed(1);
        assert_eq!((open.taken, open.room()), (0, Ok(())));
    }
}
