//! Which calls are open in which plugin, so that errors can tell the whole chain of a call.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_utils::CachePadded;

use super::purpose::Purpose;
use crate::call::{Frame, FunctionIndex, Target};
use crate::plan::PluginIndex;

/// A call that has not ended yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenCall {
    /// The plugin that it was made from; `None` for the host.
    pub(super) caller: Option<PluginIndex>,
    pub(super) purpose: Purpose,
}

/// The open calls of an app, by plugin. With its caller and its depth each of them leads to the one outside of it,
/// so that a chain needs no place of its own.
///
/// Only the chain that has a plugin's turn notes calls there and reads them, so that a note costs a few plain writes.
pub(super) struct Activations(Vec<CachePadded<Calls>>);

#[derive(Default)]
struct Calls {
    innermost: Innermost,
    /// Those that the innermost one has come back over, outermost first, with their depths.
    outer: Mutex<Vec<(u32, OpenCall)>>,
}

/// An [`OpenCall`] and its depth, which is 0 where there is none.
#[derive(Default)]
struct Innermost {
    depth: AtomicU32,
    /// The index and one; 0 for the host.
    caller: AtomicUsize,
    kind: AtomicU8,
    function: AtomicUsize,
}

/// Keeps a call noted until it is dropped.
pub(super) struct Noted<'a> {
    calls: &'a Calls,
    comes_back: bool,
}

impl Activations {
    pub(super) fn new(plugins: usize) -> Self {
        Self((0..plugins).map(|_| CachePadded::default()).collect())
    }

    /// Notes a call from `caller`, at the depth after its own.
    #[inline]
    pub(super) fn note(&self, caller: &Frame, purpose: Purpose) -> Noted<'_> {
        let plugin = purpose.plugin();
        let calls = &*self.0[plugin.0];
        let before = calls.innermost.read(plugin);
        if let Some(before) = before {
            calls.outer().push(before);
        }
        calls.innermost.write(Some((caller.depth + 1, OpenCall { caller: caller.plugin(), purpose })));
        Noted { calls, comes_back: before.is_some() }
    }

    /// The calls of a chain down to the entry of this frame, outermost first.
    pub(super) fn chain(&self, innermost: &Frame) -> Vec<OpenCall> {
        let (mut at, mut depth) = (innermost.plugin(), innermost.depth);
        let mut chain = Vec::new();
        while let Some(call) = at.and_then(|plugin| self.0[plugin.0].at(plugin, depth)) {
            chain.push(call);
            (at, depth) = (call.caller, depth.saturating_sub(1));
        }
        chain.reverse();
        chain
    }
}

impl Calls {
    fn at(&self, plugin: PluginIndex, depth: u32) -> Option<OpenCall> {
        let outer = self.outer();
        let all = self.innermost.read(plugin).into_iter().chain(outer.iter().copied());
        all.into_iter().find(|(of, _)| *of == depth).map(|(_, call)| call)
    }

    fn outer(&self) -> MutexGuard<'_, Vec<(u32, OpenCall)>> {
        self.outer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Innermost {
    #[inline]
    fn read(&self, plugin: PluginIndex) -> Option<(u32, OpenCall)> {
        let depth = self.depth.load(Ordering::Relaxed);
        if depth == 0 {
            return None;
        }
        let target = Target { plugin, function: FunctionIndex(self.function.load(Ordering::Relaxed)) };
        let purpose = match self.kind.load(Ordering::Relaxed) {
            0 => Purpose::Call(target),
            1 => Purpose::Run(target),
            2 => Purpose::Start(plugin),
            3 => Purpose::Use(plugin),
            _ => Purpose::Destroy(plugin),
        };
        let caller = self.caller.load(Ordering::Relaxed).checked_sub(1).map(PluginIndex);
        Some((depth, OpenCall { caller, purpose }))
    }

    #[inline]
    fn write(&self, call: Option<(u32, OpenCall)>) {
        let Some((depth, OpenCall { caller, purpose })) = call else {
            return self.depth.store(0, Ordering::Relaxed);
        };
        let (kind, function) = match purpose {
            Purpose::Call(target) => (0, target.function.0),
            Purpose::Run(target) => (1, target.function.0),
            Purpose::Start(_) => (2, 0),
            Purpose::Use(_) => (3, 0),
            Purpose::Destroy(_) => (4, 0),
        };
        self.depth.store(depth, Ordering::Relaxed);
        self.caller.store(caller.map_or(0, |caller| caller.0 + 1), Ordering::Relaxed);
        self.kind.store(kind, Ordering::Relaxed);
        self.function.store(function, Ordering::Relaxed);
    }
}

impl Drop for Noted<'_> {
    #[inline]
    fn drop(&mut self) {
        let before = if self.comes_back { self.calls.outer().pop() } else { None };
        self.calls.innermost.write(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{ChainId, InstanceId};

    fn frame(plugin: Option<usize>, depth: u32) -> Frame {
        let instance = plugin.map(|plugin| InstanceId { plugin: PluginIndex(plugin), generation: 1 });
        Frame { chain: ChainId(1), instance, depth, deadline: None }
    }

    fn call(plugin: usize, function: usize) -> Purpose {
        Purpose::Call(Target { plugin: PluginIndex(plugin), function: FunctionIndex(function) })
    }

    #[test]
    fn a_chain_is_told_through_plugins_that_are_on_it_several_times() {
        let calls = Activations::new(3);
        let purposes = [call(2, 7), call(1, 3), call(2, 1), Purpose::Use(PluginIndex(0)), call(2, 4)];
        let mut frames = vec![frame(None, 0)];
        let mut noted = Vec::new();
        for purpose in purposes {
            let caller = frames.last().unwrap();
            noted.push(calls.note(caller, purpose));
            frames.push(frame(Some(purpose.plugin().0), caller.depth + 1));
        }
        for length in (0..=purposes.len()).rev() {
            let chain = calls.chain(&frames[length]);
            assert_eq!(chain.iter().map(|call| call.purpose).collect::<Vec<_>>(), purposes[..length]);
            let callers: Vec<_> = frames[..length].iter().map(Frame::plugin).collect();
            assert_eq!(chain.iter().map(|call| call.caller).collect::<Vec<_>>(), callers);
            drop(noted.pop());
        }
        assert_eq!(calls.chain(&frames[1]), []);
    }

    #[test]
    fn every_purpose_is_noted_as_it_is() {
        let calls = Activations::new(4);
        let target = Target { plugin: PluginIndex(3), function: FunctionIndex(usize::MAX) };
        let plugin = PluginIndex(3);
        for purpose in [
            Purpose::Call(target),
            Purpose::Run(target),
            Purpose::Start(plugin),
            Purpose::Use(plugin),
            Purpose::Destroy(plugin),
        ] {
            let _noted = calls.note(&frame(Some(0), 4), purpose);
            let chain = calls.chain(&frame(Some(3), 5));
            assert_eq!(chain, [OpenCall { caller: Some(PluginIndex(0)), purpose }]);
        }
    }
}
