use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::blocking::AppNumber;
use crate::call::Rep;
use crate::model::{PluginId, Resource};

/// A handle of a plugin's resource that the embedding application has.
///
/// It came out of a call, and can be an argument of further ones: where a parameter is a `borrow` it is
/// lent, where it is an `own` it moves, and none of its clones is of use any more. Clones are the same
/// handle. When the last of them is dropped, the plugin's destructor for it runs: at once when the plugin
/// is idle, else when it has been left. That can be on any thread, and also after the app has ended, when
/// nothing is left to be done.
#[derive(Clone)]
pub struct Handle(Arc<Held>);

/// The app that a handle belongs to.
pub(super) trait Home: Send + Sync {
    /// Releases what the host has let go of.
    fn let_go(&self, rep: Rep);
}

struct Held {
    app: AppNumber,
    home: Weak<dyn Home>,
    rep: Rep,
    resource: Arc<Resource>,
    owner: PluginId,
    use_: Mutex<Use>,
}

/// What has become of a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It can be used, and is lent to so many calls now.
    Here(usize),
    /// It has been passed as `own`.
    Moved,
}

impl Handle {
    pub(super) fn new(
        (app, home): (AppNumber, Weak<dyn Home>),
        rep: Rep,
        resource: Arc<Resource>,
        owner: PluginId,
    ) -> Self {
        Self(Arc::new(Held { app, home, rep, resource, owner, use_: Mutex::new(Use::Here(0)) }))
    }

    /// The name of the resource, such as `counter`.
    pub fn resource(&self) -> &str {
        &self.0.resource.name
    }

    /// The plugin that it belongs to.
    pub fn owner(&self) -> &PluginId {
        &self.0.owner
    }

    pub(super) fn rep(&self) -> Rep {
        self.0.rep
    }

    pub(super) fn is_of(&self, app: AppNumber) -> bool {
        self.0.app == app
    }

    /// The type, as its owner exports it.
    pub(super) fn ty(&self) -> &Resource {
        &self.0.resource
    }

    /// Begins to use it in a call, as `own` or as `borrow`.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(super) fn begin(&self, own: bool) -> Result<(), String> {
        let mut now = self.0.now();
        *now = match *now {
            Use::Moved => return Err("it has been moved into a call before".to_owned()),
            Use::Here(1..) if own => return Err("it is lent to a call that has not returned".to_owned()),
            Use::Here(_) if own => Use::Moved,
            Use::Here(calls) => Use::Here(calls + 1),
        };
        Ok(())
    }

    /// Ends its use in a call. `moved` says that it is gone.
    pub(super) fn end(&self, moved: bool) {
        let mut now = self.0.now();
        *now = match *now {
            _ if moved => Use::Moved,
            Use::Moved => Use::Here(0),
            Use::Here(calls) => Use::Here(calls.saturating_sub(1)),
        };
    }
}

impl Held {
    fn now(&self) -> MutexGuard<'_, Use> {
        self.use_.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if *self.now() == Use::Moved {
            return;
        }
        if let Some(home) = self.home.upgrade() {
            home.let_go(self.rep);
        }
    }
}

/// Handles are equal when they are the same one.
impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} of {}>", self.resource(), self.owner())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({self})")
    }
}

/// Why a handle cannot be where one of another resource is expected.
pub(super) fn told_mismatch(wanted: &Resource, given: &Resource, owner: &PluginId) -> String {
    let interface = |resource: &Resource| match &resource.interface {
        Some(interface) => format!("`{interface}`"),
        None => "the world".to_owned(),
    };
    format!(
        "expected a `{}` of {}, found `<{} of {owner}>`, of {}",
        wanted.name,
        interface(wanted),
        given.name,
        interface(given)
    )
}
