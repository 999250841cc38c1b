//! An app while it is being resolved.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::manifest::BindEntry;
use crate::model::PluginId;
use crate::words::Effort;
use crate::world::World;

use super::exporters::Exporters;
use super::few::Few;
use super::index::Index;
use super::input::{App, HostInterface, Plugin};
use super::listing;
use super::member::Member;
use super::names::Found;
use super::poison::Poison;
use super::problem::Problem;

/// The app while it is being resolved. Members are numbered by id, so that no answer depends on
/// the order in which plugins were handed in.
pub struct Scene<'a> {
    pub app: &'a App,
    pub members: Vec<Member<'a>>,
    /// What is broken: no problem is told that only follows from it.
    pub poison: Poison<'a>,
    /// Who exports what.
    pub index: Index,
    /// Every plugin by its id, the disabled and broken ones too; of one id, the first.
    plugins: HashMap<&'a PluginId, &'a Plugin>,
    /// The first line of `[bind]` about each import, by the numbers of the consumer and of its import.
    pub bindings: HashMap<(usize, usize), &'a BindEntry>,
    /// What the host offers, by interface without version.
    pub hosts: HashMap<&'a str, Vec<&'a HostInterface>>,
    /// The ids of all plugins, in order; none where no `app.toml` could name one.
    pub ids: Vec<&'a str>,
    /// The first of them.
    pub few_ids: Rc<Few<'a, str>>,
    /// What may still be spent on similar names.
    pub effort: Effort,
    /// How many answers the bound imports have so far: functions times providers.
    pub answers: Cell<usize>,
    /// Where near misses are looked for once many imports lack a provider.
    pub exporters: OnceCell<Exporters>,
    /// How many imports were found without a provider so far.
    pub missing: Cell<usize>,
    /// How many problems of functions are told so far.
    pub told_functions: Cell<usize>,
}

impl<'a> Scene<'a> {
    /// Sets the scene, and holds each manifest against its binary on the way.
    pub fn new(app: &'a App) -> (Self, Vec<Problem<'a>>) {
        let mut plugins: Vec<(&'a Plugin, &'a World)> =
            app.plugins.iter().filter_map(|plugin| Some((plugin, plugin.world.as_deref()?))).collect();
        plugins.sort_by(|(a, _), (b, _)| a.id().cmp(b.id()));
        let mut broken: Vec<&'a Plugin> = app.plugins.iter().filter(|plugin| plugin.is_broken()).collect();
        plugins.dedup_by(|(later, _), (first, _)| {
            let taken = later.id() == first.id();
            if taken {
                broken.push(later);
            }
            taken
        });
        let (effort, mut problems) = (Effort::default(), Vec::new());
        let mut members = Vec::with_capacity(plugins.len());
        for (plugin, world) in plugins {
            members.push(Member::new(plugin, listing::read(plugin, world, &effort, &mut problems)));
        }
        let index = Index::new(&members);
        index.complete_targets(&mut members);
        let mut by_id = HashMap::with_capacity(app.plugins.len());
        for plugin in &app.plugins {
            by_id.entry(plugin.id()).or_insert(plugin);
        }
        let mut ids: Vec<&str> = Vec::new();
        if app.file.is_some() {
            ids = app.plugins.iter().map(|plugin| plugin.id().as_str()).collect();
            ids.sort_unstable();
        }
        let mut scene = Self {
            app,
            members,
            poison: Poison::new(app.unknown, broken),
            index,
            plugins: by_id,
            bindings: HashMap::new(),
            hosts: HashMap::new(),
            few_ids: Rc::new(Few::of(ids.iter().copied())),
            ids,
            effort,
            answers: Cell::new(0),
            exporters: OnceCell::new(),
            missing: Cell::new(0),
            told_functions: Cell::new(0),
        };
        scene.read_app_file();
        (scene, problems)
    }

    fn read_app_file(&mut self) {
        for host in &self.app.host {
            self.hosts.entry(host.name().base()).or_default().push(host);
        }
        for entry in self.app.file.iter().flat_map(|file| &file.bind) {
            let Some(consumer) = self.member(&entry.consumer.value) else { continue };
            if let Found::One(import) = self.members[consumer].imports.find(&entry.import.value) {
                self.bindings.entry((consumer, import)).or_insert(entry);
            }
        }
    }

    /// The member with this id.
    pub fn member(&self, id: &PluginId) -> Option<usize> {
        self.members.binary_search_by(|member| member.id().cmp(id)).ok()
    }

    /// The plugin with this id, also a disabled or broken one.
    pub fn plugin(&self, id: &PluginId) -> Option<&'a Plugin> {
        self.plugins.get(id).copied()
    }
}
