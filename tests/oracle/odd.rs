//! What is odd in random apps, and mending what is too odd.

use std::collections::BTreeSet;

use plugweave::model::Cardinality;

use super::contract::expected;
use super::generate::{Generator, IDS};
use super::model::{Bind, ExportLine, Fault, ImportLine, Name, Override, Plugin};
use super::types::{Ty, list, map, option, result, with_id};

/// Results that look as if a consumer could declare them.
pub fn nearly_declarations(r: Option<&Ty>, cardinality: Cardinality) -> Vec<Option<Ty>> {
    let value = r.cloned().unwrap_or(Ty::U32);
    let error =
        |fields: &[&'static str]| Ty::Record("failure", fields.iter().map(|field| (*field, Ty::String)).collect());
    let answers = [
        Ty::Tuple(vec![Ty::U32, value.clone()]),
        Ty::Tuple(vec![Ty::String, value.clone(), Ty::String]),
        result(r.cloned(), Some(Ty::U32)),
        result(r.cloned(), Some(error(&["code", "provider", "message", "more"]))),
        result(r.cloned(), Some(error(&["code", "provider"]))),
        result(r.cloned(), Some(error(&["provider", "code", "message"]))),
        Ty::String,
        option(value.clone()),
    ];
    let mut nearly: Vec<Option<Ty>> = match cardinality {
        Cardinality::ExactlyOne => answers.into_iter().map(Some).collect(),
        Cardinality::AtMostOne => answers.into_iter().map(|answer| Some(option(answer))).collect(),
        Cardinality::AtLeastOne | Cardinality::Any => answers.into_iter().map(|answer| Some(list(answer))).collect(),
    };
    nearly.push(Some(Ty::Map(Box::new(Ty::U32), Box::new(value.clone()))));
    nearly.push(Some(map(with_id(value))));
    nearly
}

impl Generator {
    /// What concerns the whole app or lines that fit nothing.
    pub fn oddities(&mut self) {
        for index in 0..self.app.plugins.len() {
            let interface = self.random.below(self.interfaces.len());
            let key = Name { base: self.interfaces[interface].base, version: Some("9.0.0") };
            let key = if key.is_bare() { key.unversioned() } else { key };
            let (export, import, again) = (self.odd(), self.odd(), self.odd());
            let plugin = &mut self.app.plugins[index];
            if export && plugin.export_lines.iter().all(|line| line.key != key) {
                plugin.export_lines.push(ExportLine { key, priority: 0 });
            }
            let any = ImportLine { key, cardinality: Cardinality::Any, from: None, skip: false, late: false };
            if import && plugin.import_lines.iter().all(|line| line.key != key) {
                plugin.import_lines.push(any.clone());
            }
            // A second line, in other words, about an import that is listed already, or about two of them.
            let again = plugin.imports.first().filter(|_| again).map(|import| import.name);
            if let Some(name) = again
                && plugin.import_lines.iter().all(|line| line.key != name.unversioned())
            {
                let several = plugin.imports.iter().filter(|import| import.name.base == name.base).count() > 1;
                plugin.import_lines.retain(|line| !several || line.key.base != name.base);
                plugin.import_lines.push(ImportLine { key: name.unversioned(), ..any });
            }
            if self.random.percent(6) {
                self.overridden(index);
            }
        }
        if self.odd() {
            let plugin = "nobody".to_owned();
            self.app.overrides.push(Override { plugin, enabled: Some(true), priority: Vec::new() });
        }
        self.odd_bindings();
        if self.odd() {
            let mut twin = self.random.pick(&self.app.plugins);
            twin.file = "twin".to_owned();
            if twin.fault != Fault::Syntax {
                self.app.plugins.push(twin);
            }
        }
    }

    fn overridden(&mut self, plugin: usize) {
        let Plugin { id, fault, export_lines, .. } = &self.app.plugins[plugin];
        let priority = export_lines.iter().map(|line| (line.key, 7)).take(self.random.below(3)).collect();
        let enabled = if *fault == Fault::Syntax { None } else { Some(!self.random.percent(30)) };
        self.app.overrides.push(Override { plugin: id.clone(), enabled, priority });
    }

    fn odd_bindings(&mut self) {
        if self.odd() {
            let providers = vec![self.random.pick(&IDS).to_owned()];
            let import = Name { base: "a:x/one", version: Some("9.0.0") };
            let consumer = self.random.pick(&IDS).to_owned();
            self.app.bind.push(Bind { consumer, import, providers });
        }
        if self.odd() && !self.app.bind.is_empty() {
            let bind = self.random.pick(&self.app.bind);
            self.app.bind.push(Bind { import: bind.import.unversioned(), ..bind });
        }
        if self.odd() && !self.app.bind.is_empty() {
            let index = self.random.below(self.app.bind.len());
            self.app.bind[index].providers.clear();
        }
        // One key is there once.
        let mut seen = BTreeSet::new();
        self.app.bind.retain(|bind| seen.insert((bind.consumer.clone(), bind.import)));
    }

    /// Makes imports late until no cycle is left.
    pub fn break_cycles(&mut self) {
        loop {
            let expected = expected(&self.app);
            let Some(knot) = expected.knots.first() else { return };
            let inside = |need: &&(String, String, String)| knot.contains(&need.0) && knot.contains(&need.2);
            let Some((_, subject, _)) = expected.needs.iter().find(inside) else { return };
            for plugin in &mut self.app.plugins {
                for line in &mut plugin.import_lines {
                    line.late |= format!("{} imports {}", plugin.id, line.key) == *subject;
                }
            }
        }
    }
}
