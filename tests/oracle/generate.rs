//! Random small apps: mostly plausible, with a few odd things.

use plugweave::model::Cardinality;

use super::contract::is_enabled;
use super::model::{App, Bind, ExportLine, Extern, Fault, Function, ImportLine, Name, Plugin};
use super::names::serves;
use super::odd::nearly_declarations;
use super::random::Random;
use super::replies::declarations;
use super::types::{Ty, pool};

/// The interfaces that plugins export, each with the one by which a consumer may ask for it.
const BASES: [(&str, &str); 6] = [
    ("a:x/one", "a:x/ones"),
    ("a:x/two", "a:x/twos"),
    ("b:y/one", "b:y/ones"),
    ("b:y/two", "c:z/two"),
    ("run", "run-all"),
    ("wasi:random/random", "a:x/random"),
];

const VERSIONS: [Option<&str>; 14] = [
    None,
    Some("0.0.3"),
    Some("0.0.4"),
    Some("0.2.0"),
    Some("0.2.3"),
    Some("0.3.0"),
    Some("1.0.0"),
    Some("1.0.1"),
    Some("1.2.0"),
    Some("1.10.0"),
    Some("2.0.0"),
    Some("1.0.0-rc.1"),
    Some("1.3.0-beta"),
    Some("0.2.1-rc.1"),
];

/// The ids that plugins may have.
pub const IDS: [&str; 10] = ["m", "b.1", "a", "z-9", "0x", "c_c", "bb", "b", "a1", "q"];

const FUNCTIONS: [&str; 3] = ["get", "put", "scan"];

/// What an interface has, before anything odd happens to it.
pub struct Interface {
    /// Its name without the version.
    pub base: &'static str,
    asked_by: &'static str,
    versions: Vec<Option<&'static str>>,
    functions: Vec<Function>,
}

/// An app in the making.
pub struct Generator {
    /// What decides.
    pub random: Random,
    /// How often, in a hundred decisions, something is odd.
    odd: usize,
    /// What the plugins export and import.
    pub interfaces: Vec<Interface>,
    /// What functions take and return.
    types: Vec<Ty>,
    /// What there is so far.
    pub app: App,
}

/// The app of a seed.
pub fn app(seed: u64) -> App {
    let mut random = Random::new(seed);
    let odd = random.pick(&[0, 0, 2, 5, 15]);
    let mut generator = Generator { random, odd, interfaces: Vec::new(), types: pool(), app: App::default() };
    generator.interfaces();
    generator.plugins();
    generator.host();
    generator.host_again();
    generator.imports();
    generator.oddities();
    if generator.random.percent(80) {
        generator.break_cycles();
    }
    generator.app
}

impl Generator {
    /// Whether something is odd this time.
    pub fn odd(&mut self) -> bool {
        let odd = self.odd;
        self.random.percent(odd)
    }

    fn interfaces(&mut self) {
        let mut bases = BASES;
        self.random.shuffle(&mut bases);
        for (base, asked_by) in bases.into_iter().take(1 + self.random.below(4)) {
            let bare = !base.contains(':');
            let count = 1 + self.random.below(3);
            let mut versions: Vec<Option<&str>> = (0..count).map(|_| self.random.pick(&VERSIONS)).collect();
            let mut functions: Vec<Function> = Vec::new();
            for name in FUNCTIONS.into_iter().take(1 + self.random.below(3)) {
                functions.push(self.function(name));
            }
            match base {
                "wasi:random/random" => {
                    versions = vec![Some("0.2.0"), Some("0.2.9"), Some("0.2.1-rc.1"), Some("0.3.0-rc.1")];
                    functions.truncate(1);
                    functions[0].name = "get-random-u64";
                    // As the runtime has it, for the most part.
                    if self.random.percent(70) {
                        functions[0] = Function { name: "get-random-u64", params: Vec::new(), result: Some(Ty::U64) };
                    }
                }
                _ if bare => {
                    // A world could define types, but then they would be imports of their own.
                    self.types.retain(Ty::is_plain);
                    versions = vec![None];
                    functions = vec![self.function(base)];
                    self.types = pool();
                }
                _ => {}
            }
            self.interfaces.push(Interface { base, asked_by, versions, functions });
        }
    }

    fn function(&mut self, name: &'static str) -> Function {
        let names = ["text", "limit"];
        let params = names.into_iter().take(self.random.below(3));
        let types = &self.types;
        let params = params.map(|name| (name, self.random.pick(types))).collect();
        let result = if self.random.percent(25) { None } else { Some(self.random.pick(types)) };
        Function { name, params, result }
    }

    /// Functions of which one may be another than it should.
    fn changed(&mut self, mut functions: Vec<Function>, name: Name) -> Vec<Function> {
        let types: Vec<Ty> = self.types.iter().filter(|ty| !name.is_bare() || ty.is_plain()).cloned().collect();
        for function in &mut functions {
            if self.odd() {
                match self.random.below(3) {
                    0 => function.result = Some(self.random.pick(&types)),
                    1 => function.params.iter_mut().take(1).for_each(|(name, _)| *name = "other"),
                    _ => *function = Function { params: Vec::new(), ..function.clone() },
                }
            }
        }
        if functions.len() > 1 && self.odd() {
            functions.pop();
        }
        functions
    }

    /// Plugins with their exports.
    fn plugins(&mut self) {
        let mut ids = IDS;
        self.random.shuffle(&mut ids);
        let count = 2 + self.random.below(7);
        for (number, id) in ids.into_iter().take(count).enumerate() {
            let mut plugin = Plugin {
                id: id.to_owned(),
                file: format!("p{number}"),
                folder: self.random.percent(15),
                enabled: !self.random.percent(7),
                fault: Fault::None,
                exports: Vec::new(),
                imports: Vec::new(),
                export_lines: Vec::new(),
                import_lines: Vec::new(),
            };
            if self.odd() {
                let faults = [Fault::UnknownKey, Fault::Syntax, Fault::Missing, Fault::NotWasm, Fault::Hash];
                plugin.fault = self.random.pick(&faults);
                plugin.enabled |= plugin.fault == Fault::Syntax;
            }
            for _ in 0..self.random.pick(&[0, 1, 1, 2, 3]) {
                self.export(&mut plugin);
            }
            self.app.plugins.push(plugin);
        }
    }

    fn export(&mut self, plugin: &mut Plugin) {
        let interface = self.random.below(self.interfaces.len());
        let Interface { base, ref versions, ref functions, .. } = self.interfaces[interface];
        let (name, functions) = (Name { base, version: self.random.pick(versions) }, functions.clone());
        if plugin.exports.iter().any(|export| export.name == name) {
            return;
        }
        let mut functions = self.changed(functions, name);
        if !name.is_bare() && self.random.percent(20) {
            let extra = self.function("more");
            functions.push(extra);
        }
        plugin.exports.push(Extern { name, functions });
        let alone = plugin.exports.iter().filter(|export| export.name.base == base).count() == 1;
        let key = if alone && self.random.percent(10) { name.unversioned() } else { name };
        if !self.random.percent(12) && plugin.export_lines.iter().all(|line| line.key != key) {
            let priority = self.random.pick(&[0, 0, 0, 5, -1]);
            plugin.export_lines.push(ExportLine { key, priority });
        }
    }

    fn host(&mut self) {
        for _ in 0..self.random.pick(&[0, 0, 0, 0, 1, 2]) {
            let interface = self.random.below(self.interfaces.len());
            let Interface { base, ref versions, ref functions, .. } = self.interfaces[interface];
            let (version, functions) = (self.random.pick(versions), functions.clone());
            let name = Name { base, version };
            if !name.is_bare() && self.app.host.iter().all(|host| host.name != name) {
                let functions = self.changed(functions, name);
                self.app.host.push(Extern { name, functions });
            }
        }
    }

    /// The host may offer an interface again, in a version in which it is another.
    fn host_again(&mut self) {
        for index in 0..self.app.host.len() {
            let Extern { name, mut functions } = self.app.host[index].clone();
            let version = name.version.and_then(|version| self.versions_near(version));
            let name = Name { version, ..name };
            let is_new = self.app.host.iter().all(|host| host.name != name);
            if version.is_some() && is_new && self.random.percent(30) {
                functions.rotate_left(1);
                functions.truncate(1);
                self.app.host.push(Extern { name, functions });
            }
        }
    }

    /// Another version of the same series, if there is one.
    fn versions_near(&mut self, version: &str) -> Option<&'static str> {
        let series = version.split('.').next();
        let near =
            VERSIONS.into_iter().flatten().filter(|other| other.split('.').next() == series && *other != version);
        let near: Vec<&str> = near.collect();
        if near.is_empty() { None } else { Some(self.random.pick(&near)) }
    }

    fn imports(&mut self) {
        for plugin in 0..self.app.plugins.len() {
            for _ in 0..self.random.pick(&[0, 0, 1, 1, 2, 3]) {
                self.import(plugin);
            }
        }
    }

    /// The ids of the plugins that seem to serve a name.
    fn seem_to_serve(&self, consumer: usize, target: Name) -> Vec<String> {
        let serving = |plugin: &&Plugin| {
            let listed = |export: &Extern| {
                plugin.export_lines.iter().any(|line| line.key == export.name || line.key == export.name.unversioned())
            };
            let mut serving = plugin.exports.iter().filter(|export| serves(target, export.name));
            is_enabled(&self.app, plugin) && plugin.fault == Fault::None && serving.any(listed)
        };
        let others = self.app.plugins.iter().enumerate().filter(|(index, _)| *index != consumer);
        others.map(|(_, plugin)| plugin).filter(serving).map(|plugin| plugin.id.clone()).collect()
    }

    fn import(&mut self, consumer: usize) {
        let interface = self.random.below(self.interfaces.len());
        let Interface { base, asked_by, ref versions, ref functions } = self.interfaces[interface];
        let (version, functions) = (self.random.pick(versions), functions.clone());
        let version = if self.odd() && base.contains(':') { self.random.pick(&VERSIONS) } else { version };
        let target = Name { base, version };
        let asks = self.random.percent(30);
        let name = if asks { Name { base: asked_by, version } } else { target };
        if self.app.plugins[consumer].imports.iter().any(|import| import.name == name) {
            return;
        }
        let hosted = self.app.host.iter().any(|host| serves(target, host.name));
        let serving = self.seem_to_serve(consumer, target);
        let cardinality = self.cardinality(if hosted { 1 } else { serving.len() });
        let functions = match self.random.percent(4) && !name.is_bare() {
            true => Vec::new(),
            false => self.declared(functions, if hosted { None } else { Some(cardinality) }, name),
        };
        let types_only = functions.is_empty();
        let mut line = ImportLine {
            key: name,
            cardinality,
            from: asks.then_some(target),
            skip: !types_only && (self.odd() || cardinality != Cardinality::ExactlyOne && self.random.percent(8)),
            late: self.random.percent(15),
        };
        if asks && version.is_some() && self.random.percent(10) {
            line.from = Some(target.unversioned());
        }
        let plugin = &mut self.app.plugins[consumer];
        let alone = plugin.imports.iter().all(|import| import.name.base != name.base);
        plugin.imports.push(Extern { name, functions });
        if alone && self.random.percent(10) {
            line.key = name.unversioned();
        }
        let taken = plugin.import_lines.iter().any(|other| other.key == line.key);
        if taken || types_only && self.random.percent(50) || self.odd() {
            return;
        }
        self.app.plugins[consumer].import_lines.push(line);
        self.bind(consumer, name, &serving, hosted, cardinality);
    }

    /// A cardinality that so many providers suit, mostly.
    fn cardinality(&mut self, providers: usize) -> Cardinality {
        use Cardinality::{Any, AtLeastOne, AtMostOne, ExactlyOne};
        if self.odd() {
            return self.random.pick(&[ExactlyOne, AtMostOne, AtLeastOne, Any]);
        }
        match providers {
            0 => self.random.pick(&[AtMostOne, Any]),
            1 => self.random.pick(&[ExactlyOne, ExactlyOne, AtMostOne, AtLeastOne, Any]),
            _ => self.random.pick(&[AtLeastOne, Any, Any, AtMostOne, ExactlyOne]),
        }
    }

    /// Some of the functions, with a reply that suits the cardinality, if there is one.
    fn declared(&mut self, functions: Vec<Function>, cardinality: Option<Cardinality>, name: Name) -> Vec<Function> {
        let mut declared = Vec::new();
        for mut function in functions {
            if let Some(mut cardinality) = cardinality {
                if self.odd() {
                    cardinality = self.random.pick(&Cardinality::ALL);
                }
                let mut declarations = match self.odd() {
                    true => nearly_declarations(function.result.as_ref(), cardinality),
                    false => declarations(function.result.as_ref(), cardinality),
                };
                declarations.retain(|ty| !name.is_bare() || ty.as_ref().is_none_or(Ty::is_plain));
                function.result = self.random.pick(&declarations);
            }
            if name.is_bare() {
                function.name = name.base;
            }
            declared.push(function);
        }
        if declared.len() > 1 && self.random.percent(30) {
            declared.remove(0);
        }
        self.changed(declared, name)
    }

    /// A line of `[bind]`, where one is needed, and sometimes where not.
    fn bind(&mut self, consumer: usize, import: Name, serving: &[String], hosted: bool, cardinality: Cardinality) {
        let one = matches!(cardinality, Cardinality::ExactlyOne | Cardinality::AtMostOne);
        let needed = (one && serving.len() > 1) || (hosted && !serving.is_empty());
        if !(needed && !self.odd() || self.random.percent(4)) {
            return;
        }
        let mut providers = serving.to_vec();
        self.random.shuffle(&mut providers);
        providers.truncate(if one { 1 } else { 1 + self.random.below(4) });
        if hosted && (providers.is_empty() || self.random.percent(50)) {
            providers = vec!["host".to_owned()];
        }
        if self.odd() {
            let other = self.random.pick(&IDS).to_owned();
            if !providers.contains(&other) && providers != ["host"] {
                providers.push(other);
            }
        }
        let consumer = self.app.plugins[consumer].id.clone();
        self.app.bind.push(Bind { consumer, import, providers });
    }
}
