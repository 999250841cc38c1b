//! What is resolved: the manifests, binaries and host interfaces of one app.

use std::sync::Arc;

use crate::diagnostic::{FileId, Sources, Spanned};
use crate::manifest::{AppFile, Manifest, Settings, Unknown};
use crate::model::{ExternName, PluginId};
use crate::world::{Extern, World};

/// Everything that is known of an app before it is resolved.
#[derive(Debug, Default)]
pub struct App {
    /// The texts that diagnostics point into.
    pub sources: Sources,
    /// `app.toml`, where there is one.
    pub file: Option<AppFile>,
    /// The plugins whose manifests could be read, the disabled ones too, in any order.
    pub plugins: Vec<Plugin>,
    /// The interfaces that the embedding application offers, with what their WIT says.
    pub host: Vec<HostInterface>,
    /// What the files that could not be read, or not whole, leave unknown.
    pub unknown: Unknown,
}

/// A plugin before it is resolved.
#[derive(Debug)]
pub struct Plugin {
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest together with the app's word over it.
    pub settings: Settings,
    /// Path of the binary, relative to the app's folder.
    pub component: String,
    /// What the binary says, shared by plugins with one binary; `None` when the plugin is disabled or broken.
    pub world: Option<Arc<World>>,
}

/// An interface that the embedding application offers, or will offer.
#[derive(Debug)]
pub struct HostInterface {
    /// The text that says so: `app.toml`, or the WIT that the application has handed in.
    pub file: FileId,
    /// Its name as it is written there.
    pub written: Spanned<ExternName>,
    /// What its WIT says; `None` when that is broken.
    pub interface: Option<Extern>,
}

impl HostInterface {
    /// Its name with the version that its WIT declares, which a line of `[host]` may leave out.
    pub(super) fn name(&self) -> &ExternName {
        self.interface.as_ref().map_or(&self.written.value, |interface| &interface.name)
    }
}

impl Plugin {
    pub(super) fn id(&self) -> &PluginId {
        &self.manifest.id.value
    }

    /// Whether it should take part and cannot: its manifest has mistakes, or its binary cannot be used.
    pub(super) fn is_broken(&self) -> bool {
        self.settings.enabled && self.world.is_none()
    }
}
