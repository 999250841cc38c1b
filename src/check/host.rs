use std::collections::HashMap;

use crate::diagnostic::{Sources, Span, Spanned};
use crate::files::Files;
use crate::manifest::path::join;
use crate::manifest::{AppFile, HostEntry};
use crate::model::ExternName;
use crate::resolve::{HostInterface, serves};
use crate::words::{list, shown, told};
use crate::world::{Extern, WitSource, WorldError, read_interface, read_interfaces};

use super::APP_FILE;
use super::containment::Containment;
use super::problem::HostProblem;

/// An interface that the embedding application offers, with the WIT that declares it.
///
/// ```
/// use plugweave::check::HostOffer;
///
/// let wit = "package shell:ui@1.0.0; interface window { title: func(text: string); }";
/// let offer = HostOffer::new("shell:ui/window", wit)?;
/// assert_eq!(offer.name().to_string(), "shell:ui/window@1.0.0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HostOffer {
    path: String,
    text: String,
    place: Span,
    interface: Extern,
}

/// Why an interface cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOffer {
    /// The name is none.
    #[error("the host cannot offer `{}`: {}", shown(name), told(reason))]
    Name {
        /// The name.
        name: String,
        /// Why it is none.
        reason: String,
    },
    /// It is offered already.
    #[error("the host offers `{name}` twice")]
    Twice {
        /// The interface.
        name: ExternName,
    },
    /// The WIT does not declare it, or cannot be read.
    #[error("the host cannot offer `{name}`: {error}")]
    Wit {
        /// The interface.
        name: ExternName,
        /// What is wrong.
        error: Box<WorldError>,
    },
}

impl HostOffer {
    /// The interface of this name, as WIT text declares it. The version may be left out of the name
    /// when the text has only one.
    ///
    /// # Errors
    /// [`BadOffer`] when the name is none, the WIT does not parse, or it has no such interface.
    pub fn new(name: &str, wit: impl Into<WitSource>) -> Result<Self, BadOffer> {
        let parsed = ExternName::parse(name);
        let parsed = parsed.map_err(|error| BadOffer::Name { name: name.to_owned(), reason: error.to_string() })?;
        let mut wit = wit.into();
        let unnamed = format!("WIT of {parsed}");
        for (path, _) in wit.main.iter_mut().filter(|(path, _)| path.is_empty()) {
            path.clone_from(&unnamed);
        }
        let interface =
            read_interface(&wit, &parsed).map_err(|error| BadOffer::Wit { name: parsed, error: Box::new(error) })?;
        let (path, text, place) = declared(&wit, interface.name.short());
        let path = if path == unnamed { format!("WIT of {}", interface.name) } else { path };
        Ok(Self { path, text, place, interface })
    }

    /// The name of the interface, with its version.
    pub fn name(&self) -> &ExternName {
        &self.interface.name
    }

    /// The offer as the resolver sees it.
    pub(super) fn resolved(&self, sources: &mut Sources) -> HostInterface {
        HostInterface {
            file: sources.add(self.path.clone(), self.text.clone()),
            written: Spanned::new(self.interface.name.clone(), self.place.clone()),
            interface: Some(self.interface.clone()),
        }
    }

    /// Whether this is what a line of `[host]` announces.
    pub(super) fn fulfils(&self, entry: &HostEntry) -> bool {
        let announced = &entry.name.value;
        let same = announced.version().is_none() && announced.base() == self.name().base();
        same || serves(announced, self.name()) || serves(self.name(), announced)
    }
}

/// Where WIT declares an interface: the file, its text and the place in it.
fn declared(wit: &WitSource, short: &str) -> (String, String, Span) {
    let needle = format!("interface {short}");
    // What follows the name keeps `log` from being found in `logger`, and in most comments.
    let is_declared = |rest: &str| rest.trim_start().starts_with('{');
    let find = |text: &str| {
        let mut found = text.match_indices(&needle).map(|(at, _)| at);
        found.find(|at| is_declared(&text[at + needle.len()..]))
    };
    let mut files = wit.main.iter().chain(wit.deps.iter().flatten());
    let found = files.find_map(|(path, text)| Some((path, text, find(text)?)));
    match found {
        Some((path, text, at)) => (path.clone(), text.clone(), at..at + needle.len()),
        // The keyword and the name may be on different lines.
        None => wit.main.first().map(|(path, text)| (path.clone(), text.clone(), 0..0)).unwrap_or_default(),
    }
}

/// Reads what `[host]` announces: each WIT once, however many lines name it.
pub(super) struct Announced<'a> {
    files: &'a dyn Files,
    containment: Containment,
    /// How many lines name each WIT.
    lines: HashMap<String, usize>,
    /// The interfaces of the WIT that was read last, or why it has none, where several lines name it.
    last: Option<(String, Result<Wit, WorldError>)>,
}

/// A WIT that several lines name.
struct Wit {
    interfaces: HashMap<ExternName, Extern>,
    by_base: HashMap<String, Vec<ExternName>>,
    /// The interfaces that are there, for a sentence.
    told: String,
}

impl<'a> Announced<'a> {
    pub(super) fn new(files: &'a dyn Files, app_file: &AppFile, containment: Containment) -> Self {
        let mut lines = HashMap::new();
        for entry in &app_file.host {
            *lines.entry(join(APP_FILE, &entry.wit.value)).or_default() += 1;
        }
        Self { files, containment, lines, last: None }
    }

    /// Reads the interface of a line. There may be no problem to tell where it cannot be read.
    pub(super) fn read(&mut self, entry: &HostEntry) -> Result<Extern, Option<HostProblem>> {
        let (name, path) = (&entry.name.value, join(APP_FILE, &entry.wit.value));
        if let Some((_, wit)) = self.last.as_ref().filter(|(last, _)| *last == path) {
            let wit = wit.as_ref().map_err(|error| Some(HostProblem::Unusable(error.clone())))?;
            let absent = || HostProblem::NoInterface { wanted: name.to_string(), there: wit.told.clone() };
            return wit.find(name).ok_or_else(|| Some(absent()));
        }
        let hides = |reason: &str| self.containment.hides_wit(reason);
        let source = self.files.wit(&path, self.containment.reach(APP_FILE));
        let source = source.map_err(|reason| (!hides(&reason)).then_some(HostProblem::Unreadable(reason)))?;
        let all = self.lines.get(&path).is_some_and(|lines| *lines > 1).then(|| read_interfaces(&source));
        let broken = match all {
            Some(Ok(interfaces)) => {
                self.last = Some((path, Ok(Wit::new(interfaces))));
                return self.read(entry);
            }
            Some(Err(error)) => Some(error),
            None => None,
        };
        read_interface(&source, name).map_err(|error| match error {
            WorldError::NoInterface { wanted, found } => Some(HostProblem::NoInterface { wanted, there: list(&found) }),
            other => {
                // Only what is wrong with one interface may leave the others usable.
                if broken.as_ref() == Some(&other) {
                    self.last = Some((path, Err(other.clone())));
                }
                Some(HostProblem::Unusable(other))
            }
        })
    }
}

impl Wit {
    fn new(interfaces: Vec<Extern>) -> Self {
        let mut names: Vec<&ExternName> = interfaces.iter().map(|interface| &interface.name).collect();
        names.sort();
        let told = list(&names);
        let mut by_base: HashMap<String, Vec<ExternName>> = HashMap::new();
        for name in names {
            by_base.entry(name.base().to_owned()).or_default().push(name.clone());
        }
        let interfaces = interfaces.into_iter().map(|interface| (interface.name.clone(), interface)).collect();
        Self { interfaces, by_base, told }
    }

    /// The interface of this name: the same base and version, or the same base where the name has no version and there
    /// is one version only.
    fn find(&self, name: &ExternName) -> Option<Extern> {
        let only = || match self.by_base.get(name.base())?.as_slice() {
            [only] if name.version().is_none() => self.interfaces.get(only),
            _ => None,
        };
        self.interfaces.get(name).or_else(only).cloned()
    }
}
