//! Whatever is said to a builder is what the text says: random words, held against what they mean.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::{ImportTerms, ManifestBuilder};
use crate::diagnostic::Sources;
use crate::manifest::path::{guest as guest_path, join};
use crate::manifest::testing::told;
use crate::manifest::{ImportEntry, Manifest, Settings, parse_manifest, settle};
use crate::model::{
    Access, Budget, Cardinality, DirGrant, ExternName, Limits, NetworkGrant, OnFailure, RestartBudget, Stdio,
    WasiGrants,
};

/// Texts that are odd in TOML.
const PIECES: [&str; 35] = [
    "a", "Z", "0", "-", "_", ".", " ", "\"", "\"\"\"", "'", "'''", "\\", "\\u0041", "\\n", "\n", "\r", "\r\n", "\t",
    "\u{1}", "\u{8}", "\u{1b}", "\u{7f}", "\u{85}", "\u{feff}", "\u{2028}", "é", "\u{301}", "😀", "#", "=", "[x]", "{",
    "}", ",", "true",
];

const NAMES: [&str; 7] = [
    "text:stats/words@1.0.0",
    "text:lint/rule@0.2.1-rc.1",
    "text:lint/rule",
    "a:b:c/d/e@1.0.0",
    "run",
    "engine",
    "[method]thing.get",
];

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 31
    }

    fn pick<T: Clone>(&mut self, things: &[T]) -> T {
        things[usize::try_from(self.next()).unwrap() % things.len()].clone()
    }

    /// Often empty.
    fn text(&mut self) -> String {
        (0..self.next() % 6).map(|_| self.pick(&PIECES)).collect()
    }

    fn filled_text(&mut self) -> String {
        self.pick(&PIECES).to_owned() + &self.text()
    }

    fn size(&mut self) -> u64 {
        let any = self.next();
        self.pick(&[1, 1023, 1 << 10, 1536, 64 << 20, 6 << 30, 3 << 40, (1 << 40) + 1, 1 << 63, u64::MAX, any.max(1)])
    }

    fn count(&mut self) -> u32 {
        let any = u32::try_from(self.next() % 1_000_000).unwrap();
        self.pick(&[1, 64, 100_000, u32::MAX, any.max(1)])
    }

    /// Up to 100 years, where the parser stops.
    fn duration(&mut self) -> Duration {
        let (seconds, nanos) = (self.next() % 3_153_600_000, self.next() % 1_000_000_000);
        let seconds = self.pick(&[0, 0, 1, 59, 60, 90, 3600, 86_400, 2_630_016, 31_557_600, seconds]);
        let nanos = self.pick(&[0, 0, 1, 1_000, 500_000_000, 999_999_999, nanos]);
        Duration::new(seconds, u32::try_from(nanos).unwrap()).max(Duration::from_nanos(1))
    }
}

/// What a manifest says, without its places.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    /// `component`, `version`, `description`, `wit`, `world`: those that are written.
    texts: BTreeMap<&'static str, String>,
    sha256: Option<[u8; 32]>,
    exports: Vec<(String, i64)>,
    imports: Vec<(String, Terms)>,
    settings: Settings,
}

/// `cardinality`, `from`, `on-failure`, `late`.
type Terms = (Cardinality, Option<String>, Option<OnFailure>, bool);

impl Said {
    fn nothing() -> Self {
        Self {
            texts: BTreeMap::from([("component", "odd.wasm".to_owned())]),
            sha256: None,
            exports: Vec::new(),
            imports: Vec::new(),
            settings: Settings {
                enabled: true,
                limits: Limits::default(),
                wasi: WasiGrants::default(),
                config: BTreeMap::new(),
                priorities: BTreeMap::new(),
            },
        }
    }

    fn by(manifest: Manifest, settings: Settings) -> Self {
        let texts = [
            ("component", Some(manifest.component.value)),
            ("version", manifest.version.map(|it| it.value.to_string())),
            ("description", manifest.description),
            ("wit", manifest.wit.map(|it| it.value)),
            ("world", manifest.world.map(|it| it.value)),
        ];
        let terms = |entry: ImportEntry| {
            let from = entry.from.map(|from| from.value.to_string());
            let terms = (entry.cardinality.value, from, entry.on_failure.map(|it| it.value), entry.late);
            (entry.name.value.to_string(), terms)
        };
        Self {
            texts: texts.into_iter().filter_map(|(key, text)| Some((key, text?))).collect(),
            sha256: manifest.sha256.map(|it| it.value),
            exports: manifest.exports.into_iter().map(|it| (it.name.value.to_string(), it.priority)).collect(),
            imports: manifest.imports.into_iter().map(terms).collect(),
            settings,
        }
    }

    fn export(&mut self, name: &str, priority: i64) {
        self.settings.priorities.insert(ExternName::parse(name).unwrap(), priority);
        replace(&mut self.exports, name, priority);
    }
}

fn replace<T>(entries: &mut Vec<(String, T)>, name: &str, value: T) {
    match entries.iter_mut().find(|(known, _)| known == name) {
        Some(entry) => entry.1 = value,
        None => entries.push((name.to_owned(), value)),
    }
}

/// Says one thing to the builder, and notes what it means.
fn say(random: &mut Random, builder: ManifestBuilder, said: &mut Said) -> ManifestBuilder {
    match random.next() % 5 {
        0 => say_of_the_plugin(random, builder, said),
        1 => say_who_serves(random, builder, said),
        2 => say_limits(random, builder, &mut said.settings.limits),
        3 => say_grants(random, builder, &mut said.settings.wasi),
        _ => {
            let (name, value) = (random.filled_text(), random.text());
            let builder = builder.config(&name, &value);
            said.settings.config.insert(name, value);
            builder
        }
    }
}

fn say_of_the_plugin(random: &mut Random, builder: ManifestBuilder, said: &mut Said) -> ManifestBuilder {
    let (key, text, builder) = match random.next() % 6 {
        0 => {
            let path = random.filled_text();
            ("component", path.clone(), builder.component(path))
        }
        1 => {
            let version = random.pick(&["1.2.0", "0.0.1-rc.1+build", "10.20.30"]);
            ("version", version.to_owned(), builder.version(version))
        }
        2 => {
            let text = random.text();
            ("description", text.clone(), builder.description(text))
        }
        3 => {
            let (wit, world) = (random.filled_text(), random.filled_text());
            said.texts.insert("wit", wit.clone());
            ("world", world.clone(), builder.wit(wit).world(world))
        }
        4 => {
            let bytes = [(); 32].map(|()| random.next().to_le_bytes()[0]);
            said.sha256 = Some(bytes);
            return builder.sha256(bytes.map(|byte| format!("{byte:02x}")).concat());
        }
        _ => {
            said.settings.enabled = random.pick(&[true, false]);
            return builder.enabled(said.settings.enabled);
        }
    };
    said.texts.insert(key, text);
    builder
}

fn say_who_serves(random: &mut Random, builder: ManifestBuilder, said: &mut Said) -> ManifestBuilder {
    let name = random.pick(&NAMES);
    match random.next() % 3 {
        0 => {
            said.export(name, 0);
            builder.export(name)
        }
        1 => {
            let priority = random.pick(&[0, 1, -7, i64::MIN, i64::MAX]);
            said.export(name, priority);
            builder.export_with_priority(ExternName::parse(name).unwrap(), priority)
        }
        _ => {
            let cardinality = random.pick(&Cardinality::ALL);
            let from = random.pick(&[true, false]).then(|| random.pick(&NAMES).to_owned());
            let policy = random.pick(&[None, Some(OnFailure::Trap), Some(OnFailure::Skip)]);
            let late = random.pick(&[true, false]);
            let mut terms = ImportTerms::new(cardinality);
            terms = from.iter().fold(terms, ImportTerms::from);
            terms = policy.into_iter().fold(terms, ImportTerms::on_failure);
            terms = if late { terms.late() } else { terms };
            replace(&mut said.imports, name, (cardinality, from, policy, late));
            builder.import(name, terms)
        }
    }
}

fn say_limits(random: &mut Random, builder: ManifestBuilder, limits: &mut Limits) -> ManifestBuilder {
    let (size, count, time) = (random.size(), random.count(), random.duration());
    match random.next() % 12 {
        0 => {
            limits.memory = size;
            builder.memory(size)
        }
        1 => {
            limits.timeout = Some(Budget::AtMost(time));
            builder.timeout(time)
        }
        2 => {
            limits.timeout = Some(Budget::Unlimited);
            builder.no_timeout()
        }
        3 => {
            limits.fuel = Budget::AtMost(size);
            builder.fuel(size)
        }
        4 => {
            limits.call_depth = count;
            builder.call_depth(count)
        }
        5 => {
            limits.handles = count;
            builder.handles(count)
        }
        6 => {
            limits.tables = count;
            builder.tables(count)
        }
        7 => {
            limits.instances = count;
            builder.instances(count)
        }
        8 => {
            limits.hostcall_bytes = size;
            builder.hostcall_bytes(size)
        }
        9 => {
            limits.open_files = count;
            builder.open_files(count)
        }
        10 => {
            limits.restart = RestartBudget::AtMost { max: count, within: time };
            builder.restart(count, time)
        }
        _ => {
            limits.restart = RestartBudget::Never;
            builder.no_restart()
        }
    }
}

fn say_grants(random: &mut Random, builder: ManifestBuilder, wasi: &mut WasiGrants) -> ManifestBuilder {
    let output = random.pick(&[Stdio::Null, Stdio::Inherit, Stdio::Log]);
    match random.next() % 7 {
        0 => {
            let arg = random.text();
            wasi.args.push(arg.clone());
            builder.arg(arg)
        }
        1 => {
            let (name, value) = (random.filled_text().replace('=', "_"), random.text());
            wasi.env.insert(name.clone(), value.clone());
            builder.env(name, value)
        }
        2 => {
            wasi.stdin = random.pick(&[Stdio::Null, Stdio::Inherit]);
            builder.stdin(wasi.stdin)
        }
        3 => {
            wasi.stdout = output;
            builder.stdout(output)
        }
        4 => {
            wasi.stderr = output;
            builder.stderr(output)
        }
        5 => {
            let access = random.pick(&[Access::Read, Access::ReadWrite]);
            let (host, guest) = (random.filled_text(), format!("/{}/{}", wasi.dirs.len(), random.text()));
            wasi.dirs.push(DirGrant { host: join("odd.toml", &host), guest: guest_path(&guest), access });
            builder.dir(host, guest, access)
        }
        _ => {
            let ip = random.pick(&["127.0.0.1", "::1", "fe80::1:2"]).parse().unwrap();
            let port = u16::try_from(1 + random.next() % 65_535).unwrap();
            let grant = random.pick(&[NetworkGrant::Tcp(ip, port), NetworkGrant::Udp(ip, port), NetworkGrant::Dns]);
            wasi.network.push(grant.clone());
            builder.network(grant)
        }
    }
}

#[test]
fn what_is_said_is_what_is_read() {
    let mut random = Random(1);
    for _ in 0..2_000 {
        let (mut builder, mut said) = (ManifestBuilder::new("odd"), Said::nothing());
        for _ in 0..random.next() % 40 {
            builder = say(&mut random, builder, &mut said);
        }
        let text = builder.to_toml();
        let mut sources = Sources::default();
        let file = sources.add("odd.toml", text.as_str());
        let (manifest, diagnostics) = parse_manifest(file, &text, "another");
        assert_eq!(told(&diagnostics, &sources), [""; 0], "{text}");
        let manifest = manifest.unwrap();
        assert_eq!(manifest.id.value.as_str(), builder.id());
        let (settings, diagnostics) = settle(&manifest, &sources, None);
        assert_eq!(told(&diagnostics, &sources), [""; 0], "{text}");
        assert_eq!(Said::by(manifest, settings), said, "{text}");
    }
}

/// Each key and each value has a line of its own, so that what is told of it shows only that.
#[test]
fn odd_texts_stay_on_their_line() {
    let mut random = Random(2);
    for _ in 0..2_000 {
        let (name, value) = (random.filled_text(), random.text());
        let text = ManifestBuilder::new("odd").config(name, value).to_toml();
        assert_eq!(text.lines().count(), 6, "{text}");
        let controls = |c: &char| c.is_ascii_control() && !matches!(c, '\n' | '\t');
        assert_eq!(text.chars().find(controls), None, "{text:?}");
    }
}
