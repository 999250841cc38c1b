//! Choosing providers: PW201, PW202, and the bindings of `app.toml`.

use crate::manifest::BindEntry;
use crate::plan::Reply;

use super::few::Few;
use super::input::HostInterface;
use super::listed::{ListedImport, Offer};
use super::near_misses::near_misses;
use super::offers::{Candidates, best_offer, binding, import_of, is_vague, serving_host};
use super::problem::{Problem, ProviderProblem};
use super::resource_rules::is_by_owner;
use super::scene::Scene;
use super::type_check;

/// Most answers, functions times providers, of all imports of an app, and how many more for each plugin: the plan has
/// each.
const MAX_ANSWERS: usize = 250_000;
const FREE_ANSWERS: usize = 64;

/// Who serves one import, and how.
pub struct Link<'a> {
    /// The consumer.
    pub consumer: usize,
    /// The import.
    pub import: &'a ListedImport<'a>,
    /// Who serves it.
    pub served: Served<'a>,
    /// Every plugin that exports the interface, in provider order, where some function goes to the owner
    /// of a handle.
    pub owners: Vec<Offer<'a>>,
}

/// Who serves an import.
pub enum Served<'a> {
    /// The embedding application, by this interface.
    Host(&'a HostInterface),
    /// Plugins, in provider order, with the reply of each function.
    Plugins(Vec<Offer<'a>>, Vec<Reply>),
}

/// Binds every import of every member and checks that the types fit.
pub fn bind_all<'a>(scene: &'a Scene<'a>, problems: &mut Vec<Problem<'a>>) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    for (consumer, member) in scene.members.iter().enumerate() {
        for import in &member.listing.imports {
            links.extend(bind(scene, consumer, import, problems));
        }
    }
    links
}

/// Binds one import and checks that the types fit.
pub fn bind<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
    problems: &mut Vec<Problem<'a>>,
) -> Option<Link<'a>> {
    problems.extend(type_check::skip_of_one(import_of(scene, consumer, import)).map(Problem::from));
    let chosen = choose(scene, consumer, import);
    let chosen = chosen.map_err(|problem| problems.extend(problem.map(Problem::from))).ok()?;
    match chosen {
        Chosen::Host(host) => {
            type_check::check_host(scene, consumer, import, host, problems);
            Some(Link { consumer, import, served: Served::Host(host), owners: Vec::new() })
        }
        Chosen::Plugins(offers) => {
            let owners = owners(scene, consumer, import);
            if !is_within_answers(scene, import, offers.len() + owners.len()) {
                problems.extend(too_many_answers(scene, consumer, import).map(Problem::from));
                return None;
            }
            let replies = type_check::check_plugins(scene, consumer, import, &offers, &owners, problems);
            Some(Link { consumer, import, served: Served::Plugins(offers, replies), owners })
        }
    }
}

/// Whoever may own a handle that decides where a call goes: any other plugin that exports the interface.
fn owners<'a>(scene: &'a Scene<'a>, consumer: usize, import: &ListedImport<'_>) -> Vec<Offer<'a>> {
    if !import.import.functions.iter().any(|function| is_by_owner(import, function)) {
        return Vec::new();
    }
    Candidates::of(scene, consumer, import).offers().collect()
}

/// Counts the answers of an import, with so many providers and owners; whether they are still within what an app may
/// have. An import without any counts as with one: the plan has its functions all the same.
fn is_within_answers(scene: &Scene<'_>, import: &ListedImport<'_>, providers: usize) -> bool {
    let most = MAX_ANSWERS.saturating_add(scene.members.len().saturating_mul(FREE_ANSWERS));
    let answers = providers.max(1).saturating_mul(import.import.functions.len().max(1));
    let before = scene.answers.get();
    scene.answers.set(before.saturating_add(answers));
    before.saturating_add(answers) <= most
}

/// PW202, once for an app.
fn too_many_answers<'a>(
    scene: &Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
) -> Option<ProviderProblem<'a>> {
    let is_first = scene.answers.replace(usize::MAX) != usize::MAX;
    let of = import_of(scene, consumer, import);
    is_first.then_some(ProviderProblem::TooManyAnswers { of, most: MAX_ANSWERS, free: FREE_ANSWERS })
}

enum Chosen<'a> {
    Host(&'a HostInterface),
    Plugins(Vec<Offer<'a>>),
}

/// Who serves an import. Nothing where that cannot be said, with the problem unless that is no news.
fn choose<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
) -> Result<Chosen<'a>, Option<ProviderProblem<'a>>> {
    if let Some(problem) = vague_from(scene, consumer, import) {
        return Err(Some(problem));
    }
    let host = serving_host(scene, &import.target);
    match binding(scene, consumer, import) {
        // A host that does not offer the interface is reported with the binding.
        Some(entry) if entry.host.is_some() => host.map(Chosen::Host).ok_or(None),
        Some(entry) => choose_bound(scene, consumer, import, entry),
        None => choose_unbound(scene, consumer, import, host),
    }
}

fn choose_bound<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
    entry: &'a BindEntry,
) -> Result<Chosen<'a>, Option<ProviderProblem<'a>>> {
    let offers = bound_offers(scene, consumer, import, entry).ok_or(None)?;
    let cardinality = import.entry.cardinality.value;
    let fits = match offers.len() {
        0 => cardinality.allows_none(),
        1 => true,
        _ => cardinality.allows_many(),
    };
    if fits {
        return Ok(Chosen::Plugins(offers));
    }
    let Some(file) = scene.app.file.as_ref().filter(|_| !scene.poison.hides_bindings()) else { return Err(None) };
    let (of, list) = (import_of(scene, consumer, import), (file.file, &entry.providers.span));
    Err(Some(match offers.len() {
        // Who is bound to nobody would find none among broken plugins either.
        0 => ProviderProblem::NoneBound { of, list },
        count => ProviderProblem::TooManyBound { of, count, list },
    }))
}

fn choose_unbound<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &'a ListedImport<'a>,
    host: Option<&'a HostInterface>,
) -> Result<Chosen<'a>, Option<ProviderProblem<'a>>> {
    let (of, cardinality) = (import_of(scene, consumer, import), import.entry.cardinality.value);
    let candidates = Candidates::of(scene, consumer, import);
    // What `app.toml` would have bound is unknown where it is broken.
    let news = |problem: ProviderProblem<'a>| Some(problem).filter(|_| !scene.poison.hides_bindings());
    match (host, candidates.len()) {
        (Some(host), 0) => Ok(Chosen::Host(host)),
        (Some(host), _) => Err(news(ProviderProblem::HostAndPlugins { of, host, offers: candidates.several() })),
        (None, 2..) if !cardinality.allows_many() => {
            Err(news(ProviderProblem::TooMany { of, offers: candidates.several() }))
        }
        // Too many to be linked: it is told of the import that there are.
        (None, _) if scene.answers.get() == usize::MAX => Err(None),
        (None, 0) if !cardinality.allows_none() => Err(no_provider(scene, consumer, import)),
        (None, _) => Ok(Chosen::Plugins(candidates.offers().collect())),
    }
}

/// PW201
fn no_provider<'a>(scene: &'a Scene<'a>, consumer: usize, import: &'a ListedImport<'a>) -> Option<ProviderProblem<'a>> {
    let of = import_of(scene, consumer, import);
    if scene.poison.hides_bindings() || scene.poison.hides_provider(of.plugin.id(), import) {
        return None;
    }
    Some(ProviderProblem::None { of, misses: near_misses(scene, consumer, &import.target) })
}

/// A `from` without a version, where there are several: whichever is meant, none may silently be
/// left out.
fn vague_from<'a>(scene: &'a Scene<'a>, consumer: usize, import: &'a ListedImport<'a>) -> Option<ProviderProblem<'a>> {
    let from = import.entry.from.as_ref().filter(|_| is_vague(scene, import))?;
    let versions = Few::of(scene.index.versions(&import.target));
    Some(ProviderProblem::Vague { of: import_of(scene, consumer, import), from, versions })
}

/// The offers of exactly the listed providers, in the listed order; `None` when one of them
/// cannot serve, which [`super::app_file`] reports.
fn bound_offers<'a>(
    scene: &'a Scene<'a>,
    consumer: usize,
    import: &ListedImport<'_>,
    entry: &BindEntry,
) -> Option<Vec<Offer<'a>>> {
    entry
        .providers
        .value
        .iter()
        .map(|id| best_offer(scene, scene.member(&id.value).filter(|provider| *provider != consumer)?, import))
        .collect()
}
