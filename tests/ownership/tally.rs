//! What has been done.

use std::collections::BTreeMap;
use std::fmt;

use plugweave::CallErrorKind;

use super::run::Reply;
use super::step::{Act, Step};

/// How many steps of each kind there were, and how they ended.
#[derive(Debug, Default)]
pub struct Tally {
    apps: usize,
    plugins: usize,
    /// By whether the host has the handles, and what was done.
    done: BTreeMap<(bool, Act), usize>,
    failed: BTreeMap<&'static str, usize>,
    /// Failures that became values on their way.
    softened: usize,
}

impl Tally {
    /// One app of so many plugins.
    pub fn of(plugins: usize) -> Self {
        Self { apps: 1, plugins, ..Self::default() }
    }

    pub fn note(&mut self, step: &Step, reply: &Reply) {
        if matches!(reply, Reply::Skipped) {
            return;
        }
        *self.done.entry(step.act()).or_default() += 1;
        match reply {
            Reply::Failed(kind, _) => *self.failed.entry(kind.code()).or_default() += 1,
            Reply::Number(number) if is_failure(*number) => self.softened += 1,
            Reply::Number(_) | Reply::Handles(_) | Reply::Skipped => {}
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.apps += other.apps;
        self.plugins += other.plugins;
        self.softened += other.softened;
        for (act, count) in &other.done {
            *self.done.entry(*act).or_default() += count;
        }
        for (kind, count) in &other.failed {
            *self.failed.entry(kind).or_default() += count;
        }
    }

    /// That nothing is left out by chance.
    pub fn assert_everything_happens(&self) {
        for act in Act::ALL {
            assert!(self.done.contains_key(&(false, act)), "no plugin does {act:?}: {self}");
            let of_host = !matches!(act, Act::Attach | Act::Trap | Act::Show | Act::Gather);
            assert_eq!(self.done.contains_key(&(true, act)), of_host, "{act:?} of the host: {self}");
        }
        let kinds = [
            CallErrorKind::Trap,
            CallErrorKind::WrongOwner,
            CallErrorKind::OwnerRestarted,
            CallErrorKind::BadArguments,
        ];
        for kind in kinds {
            assert!(self.failed.contains_key(kind.code()), "nothing fails with {kind}: {self}");
        }
        assert!(self.softened > 0, "no failure becomes a value: {self}");
    }
}

/// Whether a number stands for a failure that became a value.
pub fn is_failure(number: u32) -> bool {
    number >> 8 == super::guest::FAILED >> 8
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (steps, apps, plugins) = (self.done.values().sum::<usize>(), self.apps, self.plugins);
        writeln!(f, "{steps} steps in {apps} apps of {plugins} plugins")?;
        for of_host in [false, true] {
            let done = self.done.iter().filter(|((host, _), _)| *host == of_host);
            let done: Vec<String> = done.map(|((_, act), count)| format!("{} {count}", act.name())).collect();
            writeln!(f, "  {}: {}", if of_host { "the host" } else { "plugins" }, done.join(", "))?;
        }
        write!(f, "  failed: {:?}, and {} as values", self.failed, self.softened)
    }
}
