//! The host at work with the exports of a plugin.

use wasmtime::component::Instance as WasmInstance;
use wasmtime::{AsContextMut, StoreContextMut, Trap, WasmBacktrace};

use super::{Codec, exports, once};
use crate::call::{CallErrorKind, Called, InstanceId, PluginState};
use crate::runtime::explain::refuse;
use crate::runtime::live_app::LiveApp;
use crate::runtime::purpose::Ended;

/// Binds the exports of an instance, and does something with them.
pub(in crate::runtime) struct UseExports<Bind, Act>(Option<(Bind, Act)>);

impl<Bind, Act> UseExports<Bind, Act> {
    pub(in crate::runtime) fn new(bind: Bind, act: Act) -> Self {
        Self(Some((bind, act)))
    }
}

impl<B, R, Bind, Act> Codec for UseExports<Bind, Act>
where
    Bind: FnOnce(InstanceId, StoreContextMut<'_, PluginState>, &WasmInstance) -> wasmtime::Result<B>,
    Act: FnOnce(B, StoreContextMut<'_, PluginState>) -> wasmtime::Result<R>,
{
    type Passed = (B, Act);
    type Returned = R;
    type Answer = R;

    fn put_in(&mut self, app: &LiveApp, store: &mut StoreContextMut<'_, PluginState>) -> Result<(B, Act), Ended> {
        let (bind, act) = once(&mut self.0)?;
        let (id, instance) = (store.data().instance, exports(app, store)?.instance);
        let bound = bind(id, store.as_context_mut(), &instance);
        Ok((bound.map_err(|error| not_bound(app, id, error))?, act))
    }

    fn call(&mut self, store: StoreContextMut<'_, PluginState>, (bound, act): (B, Act)) -> wasmtime::Result<R> {
        act(bound, store)
    }

    fn take_out(&mut self, _: &LiveApp, _: &mut StoreContextMut<'_, PluginState>, done: R) -> Result<R, Ended> {
        Ok(done)
    }
}

/// Why exports cannot be bound: they do not fit, unless the plugin has been called for it and has failed.
fn not_bound(app: &LiveApp, instance: InstanceId, error: wasmtime::Error) -> Ended {
    if error.is::<Trap>() || error.is::<WasmBacktrace>() || error.is::<Called>() {
        return Ended::Failed(error);
    }
    Ended::Refused(refuse(&app.assembly, CallErrorKind::WrongType, instance.plugin, format!("{error:#}")))
}
