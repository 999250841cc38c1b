//! The live plugins, as dispatchers see them.

use arc_swap::ArcSwap;

use super::codec::ByValue;
use super::explain::describe;
use super::live_app::LiveApp;
use super::preflight::check_bytes;
use super::purpose::Purpose;
use super::route::{Call, perform};
use super::settle::release;
use crate::call::{CallError, Caller, Handles, Live, Rep, Returned, Sent, Target, Wiring};
use crate::model::PluginId;
use crate::plan::PluginIndex;

impl Live for LiveApp {
    fn call(&self, caller: Caller<'_>, target: Target, sent: Sent<'_>) -> Result<Returned, CallError> {
        let (frame, purpose) = (caller.frame, Purpose::Call(target));
        check_bytes(&self.assembly, target.plugin, sent.bytes)
            .map_err(|error| error.called(describe(&self.assembly, frame.plugin(), purpose)))?;
        let mut codec = ByValue::new(self, target, sent, frame, frame.plugin());
        perform(self, Call { caller, purpose }, &mut codec)?;
        Ok(codec.returned())
    }

    fn wiring(&self) -> &ArcSwap<Wiring> {
        &self.wiring
    }

    fn handles(&self) -> &Handles {
        &self.handles
    }

    fn name(&self, plugin: PluginIndex) -> &PluginId {
        self.assembly.id(plugin)
    }

    fn release(&self, caller: Caller<'_>, rep: Rep) {
        release(self, caller, [rep]);
    }

    fn release_many(&self, caller: Caller<'_>, reps: Vec<Rep>) {
        release(self, caller, reps);
    }
}
