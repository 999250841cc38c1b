//! Why an import is bound as it is, as plain data.

mod candidates;

use crate::diagnostic::{Diagnostic, FileId, Severity, Sources, Span};
use crate::manifest::ImportEntry;
use crate::model::{Cardinality, ExternName, FuncType, OnFailure, PluginId};
use crate::words::{Effort, closest, list};
use crate::world::Extern;

use super::listing::{ListedImport, unlisted_import};
use super::names::{Found, Names};
use super::providers::{self, Link, Served, binding};
use super::version::Mismatch;
use super::{App, Member, Plugin, Scene, version};

/// Why an import is bound as it is.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The consumer.
    pub plugin: PluginId,
    /// The import, as the binary names it.
    pub import: ExternName,
    /// The interface that a provider has to export: that of `from`, else the import's own.
    pub wanted: ExternName,
    /// What the consumer's manifest says, where it lists the import.
    pub terms: Option<Terms>,
    /// What `[bind]` in `app.toml` says, where it does.
    pub bound: Option<Bound>,
    /// Who serves the import.
    pub source: Source,
    /// Who serves it or might be thought to: first the providers, in provider order, then others by id.
    pub candidates: Vec<Candidate>,
    /// The functions that the consumer imports.
    pub functions: Vec<Explained>,
    /// What is wrong with this import.
    pub problems: Vec<Diagnostic>,
}

impl Explanation {
    /// The versions of an export that would serve, for people; nothing where the import has none.
    pub fn fitting_versions(&self) -> Option<String> {
        version::fitting(&self.wanted)
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the app's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A line of `[imports]`.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where it stands.
    pub place: Place,
    /// How many providers there may be.
    pub cardinality: Cardinality,
    /// The interface that providers export, where it is not the import's own.
    pub from: Option<ExternName>,
    /// What happens when a provider fails and the reply has no place for it.
    pub on_failure: OnFailure,
    /// Whether the import does not order the start.
    pub late: bool,
}

/// A line of `[bind]`.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Where it stands.
    pub place: Place,
    /// The plugins that it names, in its order; none where it names the host.
    pub providers: Vec<PluginId>,
    /// Whether it names the host.
    pub host: bool,
}

/// Who serves an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The runtime itself.
    Runtime,
    /// The embedding application, by this line of `[host]`.
    Host(Place),
    /// Nobody: it has no functions, only types.
    TypesOnly,
    /// Plugins: the candidates that serve, possibly none.
    Plugins,
    /// Nobody, because something is wrong: with the import, or with a file that decides about it.
    Undecided,
}

/// A plugin's export that serves an import, or nearly.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The plugin.
    pub plugin: PluginId,
    /// Its export.
    pub export: ExternName,
    /// Where its manifest lists it, or would have to.
    pub place: Place,
    /// Its place among other providers; higher comes first.
    pub priority: i64,
    /// Whether it serves, or why not.
    pub verdict: Verdict,
}

/// Whether an export serves an import, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It serves.
    Serves,
    /// It would do, but who serves is not decided.
    WouldServe,
    /// Its version does not fit.
    Version(Mismatch),
    /// It is the consumer's own, and no plugin provides for itself.
    Itself,
    /// Its plugin is disabled.
    Disabled,
    /// Its plugin has problems of its own.
    Broken,
    /// The binary exports it, but the manifest does not list it.
    Private,
    /// The manifest lists it, but the binary does not export it.
    NotInBinary,
    /// One is an interface, the other a function.
    OtherKind,
    /// `[bind]` names others.
    NotBound,
    /// Another export of the same plugin has a higher version that fits.
    HigherVersion,
    /// It is another interface, which only looks similar.
    OtherInterface,
}

/// A function of an import.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Its name in the binary.
    pub name: String,
    /// Its type as the consumer declares it.
    pub ty: FuncType,
    /// How the answers become one value, in terms of the provider's result `R`; nothing where that is
    /// not decided, or where plugins do not serve the import.
    pub reply: Option<String>,
}

/// Why there is nothing to explain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotExplain {
    /// The app has no such plugin.
    #[error("there is no plugin `{wanted}`; {}", near_or_list(near.as_deref(), "plugins", there))]
    NoPlugin {
        /// What was asked for.
        wanted: String,
        /// What was probably meant.
        near: Option<String>,
        /// The plugins that there are.
        there: Vec<String>,
    },
    /// The plugin is disabled, so that nothing is bound for it.
    #[error("`{plugin}` is disabled, so that nothing is bound for it")]
    Disabled {
        /// The plugin.
        plugin: PluginId,
    },
    /// The plugin's manifest or binary has problems, so that its imports are not known.
    #[error("`{plugin}` has problems of its own, so that its imports are not known; `plugweave check` tells them")]
    Broken {
        /// The plugin.
        plugin: PluginId,
    },
    /// The plugin has no such import.
    #[error("`{plugin}` does not import `{wanted}`; {}", near_or_list(near.as_deref(), "imports", there))]
    NoImport {
        /// The plugin.
        plugin: PluginId,
        /// What was asked for.
        wanted: String,
        /// What was probably meant.
        near: Option<String>,
        /// The imports that there are.
        there: Vec<String>,
    },
    /// The plugin imports several versions of the interface.
    #[error("`{plugin}` imports several versions of `{wanted}`: {}", list(there))]
    Ambiguous {
        /// The plugin.
        plugin: PluginId,
        /// What was asked for.
        wanted: String,
        /// The versions that there are.
        there: Vec<String>,
    },
}

fn near_or_list(near: Option<&str>, what: &str, there: &[String]) -> String {
    match near {
        _ if there.is_empty() => format!("there are no {what}"),
        Some(near) => format!("did you mean `{near}`? The {what} are {}", list(there)),
        None => format!("the {what} are {}", list(there)),
    }
}

/// Explains why an import of a plugin is bound as it is, as far as that is known: other problems of
/// the app do not matter. The import may be named without its version.
///
/// # Errors
/// [`CannotExplain`] when there is no such plugin or import, or the plugin does not take part.
pub fn explain(app: &App, plugin: &str, import: &str) -> Result<Explanation, CannotExplain> {
    let scene = Scene::new(app, &mut Vec::new());
    let found = find_plugin(app, plugin)?;
    let Some(consumer) = scene.member(found.id()) else {
        let plugin = found.id().clone();
        return Err(if found.settings.enabled {
            CannotExplain::Broken { plugin }
        } else {
            CannotExplain::Disabled { plugin }
        });
    };
    // Of two plugins with one id the first takes part.
    let member = &scene.members[consumer];
    let found = find_import(member, &scene.effort, import)?;
    let listed = member.listing.imports.iter().find(|listed| std::ptr::eq(listed.import, found));
    Ok(match listed {
        Some(listed) => explain_listed(&scene, consumer, listed),
        None => explain_unlisted(&scene, consumer, found),
    })
}

fn find_plugin<'a>(app: &'a App, wanted: &str) -> Result<&'a Plugin, CannotExplain> {
    app.plugins.iter().find(|plugin| plugin.id().as_str() == wanted).ok_or_else(|| {
        let mut ids: Vec<&str> = app.plugins.iter().map(|plugin| plugin.id().as_str()).collect();
        ids.sort_unstable();
        CannotExplain::NoPlugin {
            wanted: wanted.to_owned(),
            near: closest(wanted, ids.iter().copied()).map(str::to_owned),
            there: ids.into_iter().map(str::to_owned).collect(),
        }
    })
}

fn find_import<'a>(member: &Member<'a>, effort: &Effort, wanted: &str) -> Result<&'a Extern, CannotExplain> {
    let plugin = member.id();
    let imports: &'a [Extern] = member.plugin.world.as_ref().map(|world| world.imports.as_slice()).unwrap_or_default();
    let names = Names::new(imports.iter().enumerate().map(|(number, import)| (number, &import.name)));
    let key = ExternName::parse(wanted).ok();
    let found = key.as_ref().map(|key| names.find(key));
    let texts = |names: Vec<&ExternName>| names.into_iter().map(ToString::to_string).collect::<Vec<_>>();
    match found {
        Some(Found::One(number)) => Ok(&imports[number]),
        Some(Found::Several(names)) => {
            Err(CannotExplain::Ambiguous { plugin: plugin.clone(), wanted: wanted.to_owned(), there: texts(names) })
        }
        Some(Found::None) | None => {
            let there = texts(imports.iter().map(|import| &import.name).collect());
            let by_name = key.as_ref().and_then(|key| names.nearest(key, effort)).map(|(near, _)| near.to_string());
            let by_text = || effort.closest(wanted, there.iter().map(String::as_str)).map(str::to_owned);
            let by_short_name = || {
                let mut same = there.iter().filter(|name| {
                    let end = name.split('@').next().unwrap_or(name);
                    end.rsplit('/').next() == Some(wanted)
                });
                same.next().cloned()
            };
            let near = by_short_name().or(by_name).or_else(by_text);
            Err(CannotExplain::NoImport { plugin: plugin.clone(), wanted: wanted.to_owned(), near, there })
        }
    }
}

fn explain_listed<'a>(scene: &'a Scene<'a>, consumer: usize, listed: &'a ListedImport<'a>) -> Explanation {
    let member = &scene.members[consumer];
    let mut problems = Vec::new();
    let link = providers::bind(scene, consumer, listed, &mut problems);
    let sources = &scene.app.sources;
    let source = match link.as_ref().map(|link| &link.served) {
        Some(Served::Plugins(..)) => Source::Plugins,
        Some(Served::Host(host)) => Source::Host(place(sources, host.file, &host.written.span)),
        None => Source::Undecided,
    };
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    let entry = listed.entry;
    Explanation {
        plugin: member.id().clone(),
        import: listed.import.name.clone(),
        wanted: listed.target.clone(),
        terms: Some(terms(sources, member.plugin, entry)),
        bound: bound(scene, consumer, listed),
        source,
        candidates: candidates::of_listed(scene, consumer, listed, link.as_ref()),
        functions: functions(listed.import, link.as_ref().filter(|_| !failed)),
        problems,
    }
}

fn explain_unlisted<'a>(scene: &'a Scene<'a>, consumer: usize, import: &'a Extern) -> Explanation {
    let member = &scene.members[consumer];
    let is = |other: &&Extern| std::ptr::eq(*other, import);
    let source = if member.listing.runtime.iter().any(is) {
        Source::Runtime
    } else if member.listing.types_only.iter().any(is) {
        Source::TypesOnly
    } else {
        Source::Undecided
    };
    let undecided = source == Source::Undecided;
    // A line without a version may mean this import among others; that line has its own problem then.
    let entry = member.plugin.manifest.imports.iter().find(|entry| entry.name.value.base() == import.name.base());
    let problems = if undecided && entry.is_none() { vec![unlisted_import(member.plugin, import)] } else { Vec::new() };
    Explanation {
        plugin: member.id().clone(),
        import: import.name.clone(),
        wanted: import.name.clone(),
        terms: entry.map(|entry| terms(&scene.app.sources, member.plugin, entry)),
        bound: None,
        source,
        candidates: if undecided { candidates::of_unlisted(scene, consumer, import) } else { Vec::new() },
        functions: functions(import, None),
        problems,
    }
}

fn terms(sources: &Sources, plugin: &Plugin, entry: &ImportEntry) -> Terms {
    Terms {
        place: place(sources, plugin.manifest.file, &entry.name.span),
        cardinality: entry.cardinality.value,
        from: entry.from.as_ref().map(|from| from.value.clone()),
        on_failure: entry.on_failure.as_ref().map_or(OnFailure::Trap, |policy| policy.value),
        late: entry.late,
    }
}

fn bound(scene: &Scene<'_>, consumer: usize, listed: &ListedImport<'_>) -> Option<Bound> {
    let entry = binding(scene, consumer, listed)?;
    let file = scene.app.file.as_ref()?.file;
    Some(Bound {
        place: place(&scene.app.sources, file, &entry.import.span),
        providers: entry.providers.value.iter().map(|provider| provider.value.clone()).collect(),
        host: entry.host.is_some(),
    })
}

fn functions(import: &Extern, link: Option<&Link<'_>>) -> Vec<Explained> {
    let (offers, replies) = match link.map(|link| &link.served) {
        Some(Served::Plugins(offers, replies)) => (offers.as_slice(), replies.as_slice()),
        Some(Served::Host(_)) | None => (&[][..], &[][..]),
    };
    let answers_nothing = |name: &str| {
        let provided = offers.first().and_then(|offer| offer.export.export.function(name));
        provided.is_some_and(|function| function.ty.result.is_none())
    };
    let explained = |(index, function): (usize, &crate::world::Function)| Explained {
        name: function.name.clone(),
        ty: function.ty.clone(),
        reply: replies.get(index).map(|reply| reply.formula(answers_nothing(&function.name))),
    };
    import.functions.iter().enumerate().map(explained).collect()
}

fn place(sources: &Sources, file: FileId, span: &Span) -> Place {
    let position = sources.position(file, span.start);
    Place { file: sources.path(file).to_owned(), line: position.line, column: position.column }
}
