use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use super::{App, Live};

/// A way to an app for what the app itself holds: the functions and states of host interfaces. It does
/// not keep the app alive. Clones are the same handle.
///
/// ```
/// use plugweave::{App, AppHandle};
///
/// let handle = AppHandle::default();
/// assert!(handle.app().is_none());
/// let app = App::builder().folder("manifests/workbench").handle(&handle).build()?;
/// assert_eq!(handle.app().map(|app| app.plan().plugins.len()), Some(11));
/// drop(app);
/// assert!(handle.app().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct AppHandle(Arc<OnceLock<Weak<Live>>>);

impl AppHandle {
    /// The app; nothing while it is being built, and once it has ended.
    pub fn app(&self) -> Option<App> {
        let live = self.0.get()?.upgrade()?;
        Some(App { live })
    }

    /// Leads to this app, unless it has led to one before.
    pub(super) fn lead_to(&self, app: &App) {
        // A handle that changes its app would let the functions of one call the plugins of another.
        let _ = self.0.set(Arc::downgrade(&app.live));
    }
}

impl fmt::Debug for AppHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AppHandle").field(&self.app()).finish()
    }
}

impl App {
    /// A way to this app that does not keep it alive.
    pub fn handle(&self) -> AppHandle {
        let handle = AppHandle::default();
        handle.lead_to(self);
        handle
    }
}
