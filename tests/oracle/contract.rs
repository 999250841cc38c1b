//! The oracle: what the contract says of an app, written down slowly and obviously.
//!
//! It follows `docs/manifest.md` and `docs/diagnostics.md`, and shares nothing with the resolver but
//! the names of codes, cardinalities and replies.

use std::collections::BTreeSet;

use plugweave::diagnostic::Code;
use plugweave::model::Cardinality;

use super::model::{App, Bind, Extern, Fault, ImportLine, Name, Plugin};
use super::names::{Meant, highest, meant, serves};
use super::order::order;
use super::replies::{self, Function, Replies};
use super::types::Ty;

/// What is to be expected of an app.
#[derive(Debug, Default)]
pub struct Expected {
    /// The errors other than cycles: code and subject.
    pub errors: BTreeSet<(Code, String)>,
    /// Who needs whom to start: consumer, subject of the import, provider.
    pub needs: BTreeSet<(String, String, String)>,
    /// Each set of plugins that need each other to start.
    pub knots: Vec<BTreeSet<String>>,
    /// The plugins in the order of their start; empty where there are knots.
    pub start: Vec<String>,
    /// What each plugin offers: the export and its priority.
    pub exports: BTreeSet<(String, String, i64)>,
    /// Who serves what.
    pub imports: Vec<Import>,
}

/// An import and who serves it.
#[derive(Debug)]
pub struct Import {
    /// The consumer.
    pub consumer: String,
    /// The import's own name.
    pub name: String,
    /// Who serves it.
    pub source: Source,
}

/// Who serves an import.
#[derive(Debug, PartialEq)]
pub enum Source {
    /// The runtime.
    Runtime,
    /// The embedding application.
    Host,
    /// Nobody.
    TypesOnly,
    /// Plugins, each with the name of its export; whether the import is late, and skips failures.
    Plugins { providers: Vec<(String, String)>, cardinality: Cardinality, late: bool, skip: bool, replies: Replies },
}

/// A plugin that takes part.
struct Member<'a> {
    plugin: &'a Plugin,
    /// What it offers, with the priority.
    offers: Vec<(&'a Extern, i64)>,
    /// What it needs of others.
    needs: Vec<(&'a Extern, &'a ImportLine)>,
}

struct Oracle<'a> {
    app: &'a App,
    members: Vec<Member<'a>>,
    expected: Expected,
}

/// What the contract says of an app.
pub fn expected(app: &App) -> Expected {
    let mut oracle = Oracle { app, members: Vec::new(), expected: Expected::default() };
    oracle.plugins();
    oracle.overrides();
    for (index, bind) in app.bind.iter().enumerate() {
        oracle.bind(index, bind);
    }
    for consumer in 0..oracle.members.len() {
        for need in 0..oracle.members[consumer].needs.len() {
            let (import, line) = oracle.members[consumer].needs[need];
            oracle.import(consumer, import, line);
        }
    }
    let mut expected = oracle.expected;
    let ids = oracle.members.iter().map(|member| member.plugin.id.clone());
    (expected.start, expected.knots) = order(ids.collect(), &expected.needs);
    expected
}

/// Whether a function is the one that the runtime has in `wasi:random/random`, as apps of this test import it.
fn is_random(function: &super::model::Function) -> bool {
    function.name == "get-random-u64" && function.params.is_empty() && function.result == Some(Ty::U64)
}

/// Whether a plugin takes part, the app's word included.
pub fn is_enabled(app: &App, plugin: &Plugin) -> bool {
    let said = app.overrides.iter().find(|said| said.plugin == plugin.id);
    said.and_then(|said| said.enabled).unwrap_or(plugin.enabled)
}

impl<'a> Oracle<'a> {
    fn error(&mut self, code: Code, subject: impl Into<String>) {
        self.expected.errors.insert((code, subject.into()));
    }

    /// The errors of single plugins, and who takes part.
    fn plugins(&mut self) {
        let app = self.app;
        for (index, plugin) in app.plugins.iter().enumerate() {
            let same = app.plugins.iter().filter(|other| other.id == plugin.id).count();
            if same > 1 {
                self.error(Code::Pw002, &plugin.id);
            }
            match plugin.fault {
                Fault::UnknownKey | Fault::Syntax => self.error(Code::Pw001, &plugin.id),
                Fault::Missing | Fault::NotWasm | Fault::Hash if is_enabled(app, plugin) => {
                    self.error(Code::Pw003, &plugin.id);
                }
                Fault::None | Fault::Missing | Fault::NotWasm | Fault::Hash => {}
            }
            let first = app.plugins[..index].iter().all(|other| other.id != plugin.id);
            if plugin.fault == Fault::None && is_enabled(app, plugin) && first {
                let offers = self.offers(plugin);
                let needs = self.needs(plugin);
                self.members.push(Member { plugin, offers, needs });
            }
        }
    }

    fn offers(&mut self, plugin: &'a Plugin) -> Vec<(&'a Extern, i64)> {
        let names: Vec<Name> = plugin.exports.iter().map(|export| export.name).collect();
        let mut offers: Vec<(&Extern, i64)> = Vec::new();
        for line in &plugin.export_lines {
            match meant(&names, line.key) {
                Meant::One(found) if offers.iter().all(|(offer, _)| offer.name != names[found]) => {
                    let export = &plugin.exports[found];
                    let priority = self.priority(plugin, line.key).unwrap_or(line.priority);
                    offers.push((export, priority));
                    self.expected.exports.insert((plugin.id.clone(), export.name.to_string(), priority));
                }
                _ => self.error(Code::Pw103, format!("{} exports {}", plugin.id, line.key)),
            }
        }
        offers
    }

    /// The app's word over the priority of a line.
    fn priority(&self, plugin: &Plugin, key: Name) -> Option<i64> {
        let said = self.app.overrides.iter().find(|said| said.plugin == plugin.id)?;
        said.priority.iter().find(|(name, _)| *name == key).map(|(_, priority)| *priority)
    }

    fn needs(&mut self, plugin: &'a Plugin) -> Vec<(&'a Extern, &'a ImportLine)> {
        let names: Vec<Name> = plugin.imports.iter().map(|import| import.name).collect();
        let mut lines: Vec<Vec<&ImportLine>> = names.iter().map(|_| Vec::new()).collect();
        let mut vague = BTreeSet::new();
        for line in &plugin.import_lines {
            let is_fine = match meant(&names, line.key) {
                Meant::One(found) => {
                    lines[found].push(line);
                    lines[found].len() == 1
                }
                Meant::None => false,
                Meant::Several(all) => {
                    vague.extend(all);
                    false
                }
            };
            if !is_fine {
                self.error(Code::Pw102, format!("{} imports {}", plugin.id, line.key));
            }
        }
        let mut needs = Vec::new();
        for (index, (import, lines)) in plugin.imports.iter().zip(lines).enumerate() {
            let offered_by_runtime = import.name.base == "wasi:random/random"
                && import.name.version.is_some_and(|version| version.starts_with("0.2.") && !version.contains('-'));
            match lines.first() {
                _ if import.functions.is_empty() && offered_by_runtime => self.served(plugin, import, Source::Runtime),
                _ if import.functions.is_empty() => self.served(plugin, import, Source::TypesOnly),
                Some(line) => needs.push((import, *line)),
                None if offered_by_runtime => {
                    if !import.functions.iter().all(is_random) {
                        self.error(Code::Pw203, &plugin.id);
                    }
                    self.served(plugin, import, Source::Runtime);
                }
                // Which of them is meant is not clear, but each is listed.
                None if vague.contains(&index) => {}
                None => self.error(Code::Pw101, format!("{} lacks {}", plugin.id, import.name)),
            }
        }
        needs
    }

    fn served(&mut self, consumer: &Plugin, import: &Extern, source: Source) {
        let (consumer, name) = (consumer.id.clone(), import.name.to_string());
        self.expected.imports.push(Import { consumer, name, source });
    }

    /// Whether no manifest has this id. Those that are not TOML say theirs before it goes wrong.
    fn is_unknown(&self, id: &str) -> bool {
        self.app.plugins.iter().all(|plugin| plugin.id != id)
    }

    fn overrides(&mut self) {
        for said in &self.app.overrides {
            let plugins: Vec<&Plugin> = self.app.plugins.iter().filter(|plugin| plugin.id == said.plugin).collect();
            let lists = |plugin: &&&Plugin, key: &Name| plugin.export_lines.iter().any(|line| line.key == *key);
            let wrong = plugins.iter().any(|plugin| !said.priority.iter().all(|(key, _)| lists(&plugin, key)));
            if wrong || self.is_unknown(&said.plugin) {
                self.error(Code::Pw401, format!("plugins {}", said.plugin));
            }
        }
    }

    /// The import of a consumer that a line of `[bind]` names.
    fn bound(&self, consumer: usize, key: Name) -> Option<(&'a Extern, &'a ImportLine)> {
        let needs = &self.members[consumer].needs;
        let names: Vec<Name> = needs.iter().map(|(import, _)| import.name).collect();
        match meant(&names, key) {
            Meant::One(found) => Some(needs[found]),
            Meant::None | Meant::Several(_) => None,
        }
    }

    fn member(&self, id: &str) -> Option<usize> {
        self.members.iter().position(|member| member.plugin.id == id)
    }

    /// A line of `[bind]` and what is wrong with it.
    fn bind(&mut self, index: usize, bind: &Bind) {
        if self.is_unknown(&bind.consumer) {
            return self.error(Code::Pw401, format!("bind {}", bind.consumer));
        }
        let Some(consumer) = self.member(&bind.consumer) else { return };
        let subject = format!("bind {} {}", bind.consumer, bind.import);
        let Some((import, line)) = self.bound(consumer, bind.import) else {
            return self.error(Code::Pw401, subject);
        };
        let again = self.app.bind[..index].iter().any(|other| {
            let bound = self.bound(consumer, other.import);
            other.consumer == bind.consumer && bound.is_some_and(|(other, _)| other.name == import.name)
        });
        if again {
            self.error(Code::Pw401, &subject);
        }
        let target = self.target(import, line);
        let host_serves = |target| self.app.host.iter().any(|host| serves(target, host.name));
        for provider in &bind.providers {
            let wrong = match provider.as_str() {
                // Where the target is not clear, nobody knows what the providers should export.
                "host" => target.is_some_and(|target| !host_serves(target)),
                id if self.is_unknown(id) || id == bind.consumer => true,
                id => match self.member(id) {
                    Some(member) => target.is_some_and(|target| self.offer(member, target).is_none()),
                    None => self.app.plugins.iter().any(|plugin| plugin.id == id && !is_enabled(self.app, plugin)),
                },
            };
            if wrong {
                self.error(Code::Pw401, format!("{subject} {provider}"));
            }
        }
    }

    /// The interface that providers export; none where that is not clear.
    fn target(&self, import: &Extern, line: &ImportLine) -> Option<Name> {
        let Some(from) = line.from else { return Some(import.name) };
        let listed: BTreeSet<Name> =
            self.members.iter().flat_map(|member| &member.offers).map(|(export, _)| export.name).collect();
        let listed: Vec<Name> = listed.into_iter().collect();
        match meant(&listed, from) {
            _ if from.version.is_some() => Some(from),
            Meant::One(found) => Some(listed[found]),
            Meant::None => Some(from),
            Meant::Several(_) => None,
        }
    }

    /// The export by which a plugin serves a name: the highest version of those that do.
    fn offer(&self, member: usize, target: Name) -> Option<(&'a Extern, i64)> {
        let offers = &self.members[member].offers;
        highest(offers.iter().copied().filter(|(export, _)| serves(target, export.name)), |(export, _)| export.name)
    }

    /// Whether a plugin that has an error as a whole may have been meant to serve.
    fn may_be_broken(&self, consumer: &Plugin, target: Name, line: &ImportLine) -> bool {
        let broken = |plugin: &&Plugin| {
            let twins = self.app.plugins.iter().filter(|other| other.id == plugin.id).count();
            is_enabled(self.app, plugin) && (plugin.fault != Fault::None || twins > 1) && plugin.id != consumer.id
        };
        // A `from` without a version would have meant whatever is there.
        let any_version = line.from.is_some_and(|from| from.version.is_none());
        let could =
            |key: Name| serves(target, key) || (key.base == target.base && (key.version.is_none() || any_version));
        let mut broken = self.app.plugins.iter().filter(broken);
        // A manifest that is not TOML could have offered anything.
        let unclear = self.app.plugins.iter().any(|plugin| plugin.fault == Fault::Syntax);
        unclear || broken.any(|plugin| plugin.export_lines.iter().any(|line| could(line.key)))
    }

    /// An import that others serve.
    fn import(&mut self, consumer: usize, import: &'a Extern, line: &'a ImportLine) {
        let plugin = self.members[consumer].plugin;
        let subject = format!("{} imports {}", plugin.id, line.key);
        if line.skip && line.cardinality == Cardinality::ExactlyOne {
            self.error(Code::Pw204, &subject);
        }
        let Some(target) = self.target(import, line) else { return self.error(Code::Pw201, subject) };
        match self.choose(consumer, import, line, target) {
            Err(code) => code.into_iter().for_each(|code| self.error(code, &subject)),
            Ok(None) => {
                let fitting = self.app.host.iter().filter(|host| serves(target, host.name));
                let Some(host) = highest(fitting, |host| host.name) else { return };
                let fits = |function| replies::find(host, import, function).is_some_and(|own| function.is_same(own));
                if !import.functions.iter().map(Function::of).all(fits) {
                    self.error(Code::Pw203, &subject);
                }
                self.served(plugin, import, Source::Host);
            }
            Ok(Some(chosen)) => self.link(plugin, import, line, &subject, &chosen),
        }
    }

    /// The host, or the plugins that serve an import, or why there is neither; silent where that is no news.
    #[allow(clippy::type_complexity, reason = "one caller")]
    fn choose(
        &self,
        consumer: usize,
        import: &Extern,
        line: &ImportLine,
        target: Name,
    ) -> Result<Option<Vec<(&'a Plugin, &'a Extern)>>, Option<Code>> {
        let plugin = self.members[consumer].plugin;
        let host = self.app.host.iter().any(|host| serves(target, host.name));
        let bind = self.app.bind.iter().find(|bind| {
            let bound = || self.bound(consumer, bind.import);
            bind.consumer == plugin.id && bound().is_some_and(|(bound, _)| bound.name == import.name)
        });
        let chosen: Vec<(&Plugin, &Extern)> = match bind {
            Some(bind) if bind.providers == ["host"] => return if host { Ok(None) } else { Err(None) },
            Some(bind) => {
                let offer = |id: &String| {
                    let member = self.member(id).filter(|member| *member != consumer)?;
                    Some((self.members[member].plugin, self.offer(member, target)?.0))
                };
                bind.providers.iter().map(offer).collect::<Option<_>>().ok_or(None)?
            }
            None => self.candidates(consumer, target),
        };
        match (line.cardinality, chosen.len()) {
            (_, 0) if host && bind.is_none() => Ok(None),
            (_, 1..) if host && bind.is_none() => Err(Some(Code::Pw202)),
            (Cardinality::ExactlyOne | Cardinality::AtLeastOne, 0) => {
                let is_news = bind.is_some() || !self.may_be_broken(plugin, target, line);
                Err(is_news.then_some(Code::Pw201))
            }
            (Cardinality::ExactlyOne | Cardinality::AtMostOne, 2..) => Err(Some(Code::Pw202)),
            _ => Ok(Some(chosen)),
        }
    }

    /// All that serve, but not the consumer itself: by priority from high to low, then by id.
    fn candidates(&self, consumer: usize, target: Name) -> Vec<(&'a Plugin, &'a Extern)> {
        let others = (0..self.members.len()).filter(|member| *member != consumer);
        let mut found: Vec<(i64, &str, &Plugin, &Extern)> = others
            .filter_map(|member| {
                let (export, priority) = self.offer(member, target)?;
                let plugin = self.members[member].plugin;
                Some((-priority, plugin.id.as_str(), plugin, export))
            })
            .collect();
        found.sort_by_key(|(priority, id, ..)| (*priority, *id));
        found.into_iter().map(|(_, _, plugin, export)| (plugin, export)).collect()
    }

    /// Plugins serve an import: whether it fits, and what it means.
    fn link(
        &mut self,
        consumer: &Plugin,
        import: &Extern,
        line: &ImportLine,
        subject: &str,
        chosen: &[(&Plugin, &Extern)],
    ) {
        let exports: Vec<&Extern> = chosen.iter().map(|(_, export)| *export).collect();
        let (replies, problems) = replies::of_import(import, line, &exports);
        problems.into_iter().for_each(|code| self.error(code, subject));
        if !line.late {
            let need = |provider: &Plugin| (consumer.id.clone(), subject.to_owned(), provider.id.clone());
            self.expected.needs.extend(chosen.iter().map(|(provider, _)| need(provider)));
        }
        let providers =
            chosen.iter().map(|(provider, export)| (provider.id.clone(), export.name.to_string())).collect();
        let (cardinality, late, skip) = (line.cardinality, line.late, line.skip);
        self.served(consumer, import, Source::Plugins { providers, cardinality, late, skip, replies });
    }
}
