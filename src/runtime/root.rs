//! Where a chain of calls begins: each call of the host begins one, or goes on with the one that it was called from.

use super::blocking;
use super::handle::Home;
use super::live_app::LiveApp;
use super::outside::outside_async;
use super::settle::{drain_free, release};
use crate::call::{Caller, ChainId, Frame, Rep};

/// Does something at the beginning of a chain of calls, or goes on with the chain that a host function
/// was called from, while the clock runs and no async runtime is active.
#[inline]
pub(super) fn on_chain<T: Send>(app: &LiveApp, work: impl FnOnce(&Frame) -> T + Send) -> T {
    let _running = app.assembly.clock().run();
    let frame = chain(app);
    outside_async(|| {
        let done = work(&frame);
        drain_free(app, &frame);
        done
    })
}

/// The chain that the thread is on, or a new one.
pub(super) fn chain(app: &LiveApp) -> Frame {
    let new = || Frame { chain: ChainId::next(), instance: None, depth: 0, deadline: None };
    blocking::innermost(app.number).unwrap_or_else(new)
}

impl Home for LiveApp {
    fn let_go(&self, rep: Rep) {
        on_chain(self, |frame| release(self, Caller::alone(frame), [rep]));
    }
}
