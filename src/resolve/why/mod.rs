//! Why an import is bound as it is, as plain data.

mod candidates;
mod explanation;

use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::manifest::ImportEntry;
use crate::model::{ExternName, OnFailure};
use crate::words::{Effort, closest};
use crate::world::Extern;

use super::input::{App, Plugin};
use super::listed::ListedImport;
use super::listing::unlisted_import;
use super::member::Member;
use super::names::{Found, Names};
use super::offers::binding;
use super::problem::Problem;
use super::providers::{self, Link, Served};
use super::render;
use super::scene::Scene;

use explanation::place;
pub use explanation::{Bound, Candidate, CannotExplain, Explained, Explanation, Place, Source, Terms, Verdict};

/// Explains why an import of a plugin is bound as it is, as far as that is known: other problems of
/// the app do not matter. The import may be named without its version.
///
/// # Errors
/// [`CannotExplain`] when there is no such plugin or import, or the plugin does not take part.
pub fn explain(app: &App, plugin: &str, import: &str) -> Result<Explanation, CannotExplain> {
    let (scene, _) = Scene::new(app);
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
    let problems: Vec<Diagnostic> = problems.iter().map(render::diagnostic).collect();
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
    let is_unlisted = undecided && entry.is_none();
    let problem = is_unlisted.then(|| Problem::from(unlisted_import(member.plugin, import)));
    Explanation {
        plugin: member.id().clone(),
        import: import.name.clone(),
        wanted: import.name.clone(),
        terms: entry.map(|entry| terms(&scene.app.sources, member.plugin, entry)),
        bound: None,
        source,
        candidates: if undecided { candidates::of_unlisted(scene, consumer, import) } else { Vec::new() },
        functions: functions(import, None),
        problems: problem.iter().map(render::diagnostic).collect(),
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
