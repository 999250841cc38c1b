//! A live app: the parts that own its state, and what all of them work with.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;

use super::activations::Activations;
use super::admission::Admission;
use super::blocking::AppNumber;
use super::destructors::Destructors;
use super::folders::Folders;
use super::instances::Instances;
use super::options::StartOptions;
use crate::call::{Handles, Wiring};
use crate::link::Assembly;

/// A live app. What it does is in the files that take it as a parameter; [`route`](super::route) calls them in order.
pub(super) struct LiveApp {
    pub(super) this: Weak<LiveApp>,
    pub(super) number: AppNumber,
    pub(super) assembly: Arc<Assembly>,
    pub(super) options: StartOptions,
    pub(super) folders: Folders,
    /// Who serves whom now.
    pub(super) wiring: ArcSwap<Wiring>,
    /// Whose turn it is to be in which plugin.
    pub(super) admission: Admission,
    /// The instances of the plugins.
    pub(super) instances: Instances,
    /// The calls that have not ended.
    pub(super) activations: Activations,
    /// The resources that wait for their destructors.
    pub(super) destructors: Destructors,
    /// The handles that plugins and the host have of each other's resources.
    pub(super) handles: Handles,
    /// Whether it is being dropped.
    pub(super) is_ended: AtomicBool,
}

impl LiveApp {
    pub(super) fn new(assembly: Arc<Assembly>, options: StartOptions, folders: Folders) -> Arc<Self> {
        let plugins = assembly.plan().plugins.len();
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            number: AppNumber::next(),
            options,
            folders,
            wiring: ArcSwap::new(assembly.wiring().clone()),
            admission: Admission::new(assembly.clone()),
            instances: Instances::new(assembly.clone()),
            activations: Activations::new(plugins),
            destructors: Destructors::new(plugins),
            handles: Handles::default(),
            is_ended: AtomicBool::new(false),
            assembly,
        })
    }
}
