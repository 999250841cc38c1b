//! The binaries of an app: each is read once, however many plugins name it, and few at a time.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::diagnostic::Sources;
use crate::files::{Files, Reach, ReadError};
use crate::manifest::Manifest;
use crate::manifest::path::join;
use crate::parallel;
use crate::resolve::Plugin;
use crate::world::{Gated, World, WorldError, componentize, gated, is_component, read_component};

use super::BinaryError;
use super::containment::Containment;
use super::problem::BinaryProblem;

/// What the files that are read at the same time may have together, where one alone does not have more.
const AT_ONCE: u64 = 16 << 20;

/// Most files that are read before what they gave is counted.
const MOST_AT_ONCE: usize = 32;

/// What the worlds of an app may take of memory together, about, and how much each plugin may besides.
const MAX_WORLDS: usize = 24 << 20;
const FREE_WORLD: usize = 12 << 10;

/// What a plugin's binary gave.
pub(super) struct Loaded {
    pub(super) world: Arc<World>,
    /// The component, where it is to be kept.
    pub(super) binary: Option<Arc<[u8]>>,
}

pub(super) type Outcome = Result<Loaded, BinaryProblem>;

/// Reads binaries and their WIT.
pub(super) struct Loader<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) sources: &'a Sources,
    /// From where the files may come.
    pub(super) containment: Containment,
    /// Whether the components are kept for linking.
    pub(super) keeps_binaries: bool,
}

/// One file, and the plugins that name it, by their numbers.
struct Job {
    size: u64,
    is_inside: bool,
    plugins: Vec<usize>,
}

impl Loader<'_> {
    /// What the binary of each plugin gave, in the order of the plugins; nothing for those that are left out.
    pub(super) fn load(&self, plugins: &[Plugin], is_read: &[bool]) -> Vec<Option<Outcome>> {
        let jobs = self.jobs(plugins, is_read);
        let mut outcomes: Vec<Option<Outcome>> = plugins.iter().map(|_| None).collect();
        let mut worlds = Worlds::new(plugins.len());
        let mut rest = jobs.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(together(rest));
            rest = later;
            let loaded = parallel::map("plugweave-check", now, |job| self.load_one(plugins, job));
            for (job, loaded) in now.iter().zip(loaded) {
                for (&plugin, outcome) in job.plugins.iter().zip(loaded) {
                    outcomes[plugin] =
                        outcome.map(|outcome| outcome.and_then(|loaded| worlds.admit(&plugins[plugin], loaded)));
                }
            }
        }
        outcomes
    }

    /// The files, in the order of the first plugin of each.
    fn jobs(&self, plugins: &[Plugin], is_read: &[bool]) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        let mut known: HashMap<(String, bool), usize> = HashMap::new();
        for (index, (plugin, _)) in plugins.iter().zip(is_read).enumerate().filter(|(_, (_, is_read))| **is_read) {
            let status = self.files.status(&plugin.component, self.sources.path(plugin.manifest.file));
            let job = *known.entry((status.place, status.is_inside)).or_insert_with(|| {
                let size = status.size.unwrap_or(AT_ONCE);
                jobs.push(Job { size, is_inside: status.is_inside, plugins: Vec::new() });
                jobs.len() - 1
            });
            jobs[job].plugins.push(index);
        }
        jobs
    }

    /// What one file gave each of its plugins; nothing where a file is not to be read, and that is no problem.
    fn load_one(&self, plugins: &[Plugin], job: &Job) -> Vec<Option<Outcome>> {
        let plugins: Vec<&Plugin> = job.plugins.iter().map(|&plugin| &plugins[plugin]).collect();
        let Some(first) = plugins.first() else { return Vec::new() };
        let manifest = self.sources.path(first.manifest.file);
        let read = |reach: Reach<'_>| self.files.read(&first.component, reach);
        let (bytes, is_inside) = match job.is_inside {
            true => self.containment.read_inside_first(manifest, read),
            false => (read(self.reach(first)), false),
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(reason) if self.containment.hides(&reason) => return plugins.iter().map(|_| None).collect(),
            Err(reason) => {
                return plugins.iter().map(|plugin| Some(Err(unreadable(plugin, reason.clone()).into()))).collect();
            }
        };
        let is_pinned = plugins.iter().any(|plugin| plugin.manifest.sha256.is_some());
        let hash = is_pinned.then(|| Sha256::digest(&bytes).into());
        // WIT is for core modules: of a component it does not matter.
        let is_component = is_component(&bytes);
        let mut variants: HashMap<(Option<String>, Option<String>), Result<Loaded, WorldError>> = HashMap::new();
        let mut load = |plugin: &Plugin| -> Result<Loaded, Option<BinaryProblem>> {
            let manifest = &plugin.manifest;
            check_hash(manifest, hash.as_ref(), is_inside)?;
            let wit = manifest.wit.as_ref().map(|wit| join(self.sources.path(manifest.file), &wit.value));
            let world = manifest.world.as_ref().map(|world| world.value.clone());
            let key = if is_component { (None, None) } else { (wit.clone(), world) };
            let known = variants.contains_key(&key);
            let source = match &wit {
                Some(wit) if is_component || !known => Some(self.wit(plugin, wit)?),
                _ => None,
            };
            let loaded = variants.entry(key).or_insert_with_key(|(_, named)| {
                let component = componentize(&bytes, source.as_ref(), named.as_deref())?;
                let mut world = read_component(&component)?;
                if let Some(source) = &source {
                    note_gated(&mut world, gated(&bytes, source, named.as_deref())?);
                }
                let world = Arc::new(world);
                Ok(Loaded { world, binary: self.keeps_binaries.then(|| Arc::from(&*component)) })
            });
            match loaded {
                Ok(Loaded { world, binary }) => Ok(Loaded { world: world.clone(), binary: binary.clone() }),
                Err(error) => Err(Some(unusable(plugin, error.clone()).into())),
            }
        };
        plugins
            .iter()
            .map(|plugin| load(plugin).map_or_else(|error| error.map(Err), |loaded| Some(Ok(loaded))))
            .collect()
    }

    fn wit(&self, plugin: &Plugin, path: &str) -> Result<crate::world::WitSource, Option<BinaryProblem>> {
        self.files.wit(path, self.reach(plugin)).map_err(|reason| {
            if self.containment.hides_wit(&reason) {
                return None;
            }
            Some(BinaryError::UnreadableWit { path: path.to_owned(), reason }.into())
        })
    }

    fn reach<'b>(&'b self, plugin: &Plugin) -> Reach<'b> {
        self.containment.reach(self.sources.path(plugin.manifest.file))
    }
}

/// Keeps with each export of a plugin what its WIT gates there and it does not have.
fn note_gated(world: &mut World, left_out: Vec<Gated>) {
    for Gated { interface, function, feature } in left_out {
        let is_it = |name: &str| interface.as_deref() == Some(name);
        if let Some(export) = world.exports.iter_mut().find(|export| is_it(&export.name.to_string())) {
            export.gated.push((function, feature));
        }
    }
}

/// How many of the files, from the first on, are read at the same time.
fn together(jobs: &[Job]) -> usize {
    let mut bytes = 0_u64;
    let fits = |job: &&Job| {
        bytes = bytes.saturating_add(job.size);
        bytes <= AT_ONCE
    };
    jobs.iter().take(MOST_AT_ONCE).take_while(fits).count().max(1)
}

/// Counts what the worlds of an app take.
struct Worlds {
    left: usize,
    /// Of the worlds that were counted, by their addresses: they live as long as their plugins.
    counted: HashMap<*const World, Result<(), ()>>,
}

impl Worlds {
    fn new(plugins: usize) -> Self {
        Self { left: MAX_WORLDS.saturating_add(plugins.saturating_mul(FREE_WORLD)), counted: HashMap::new() }
    }

    /// Lets a world in, or drops it: PW003.
    fn admit(&mut self, plugin: &Plugin, loaded: Loaded) -> Outcome {
        let left = &mut self.left;
        let admitted = *self.counted.entry(Arc::as_ptr(&loaded.world)).or_insert_with(|| {
            *left = left.checked_sub(loaded.world.memory()).ok_or(())?;
            Ok(())
        });
        let refused = |()| unusable(plugin, WorldError::TooManyWorlds).into();
        admitted.map(|()| loaded).map_err(refused)
    }
}

fn unreadable(plugin: &Plugin, reason: ReadError) -> BinaryError {
    BinaryError::Unreadable { path: plugin.component.clone(), reason }
}

fn unusable(plugin: &Plugin, error: WorldError) -> BinaryError {
    BinaryError::Unusable { path: plugin.component.clone(), error }
}

fn check_hash(manifest: &Manifest, found: Option<&[u8; 32]>, is_inside: bool) -> Result<(), BinaryProblem> {
    match (&manifest.sha256, found) {
        // Else a manifest could ask for the hash of any file that the user may read.
        (Some(wanted), Some(found)) if *found != wanted.value => {
            Err(BinaryProblem::OtherHash(is_inside.then_some(*found)))
        }
        _ => Ok(()),
    }
}
