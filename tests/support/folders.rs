//! Hostile folders: small inputs, of which each kind makes something large of itself unless that is watched for.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::random::Random;

/// What is hostile about a folder. Each has a size: how many of what its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `args` of a manifest, all repeated in `app.toml` from the last to the first.
    Args,
    /// `args` of a manifest, against a tenth as many others in `app.toml`.
    WrongArgs,
    /// `env` of a manifest, repeated in `app.toml` with other values.
    WrongEnv,
    /// `dirs` of a manifest, half of them repeated in `app.toml` below themselves, half above.
    Dirs,
    /// Lines of `[exports]`, each a letter away from an export of the binary.
    WrongExports,
    /// Lines of `[exports]` that the binary has, in another order.
    Exports,
    /// Lines of `[imports]`, each a letter away from an import of the binary.
    WrongImports,
    /// Exports of one interface in so many versions, and as many imports that none of them serves.
    Versions,
    /// Imports with `from`, in one plugin, of an interface that half as many plugins export.
    From,
    /// Plugins that each import with `from` what all of them export.
    FromEach,
    /// Lines of `[bind]` for the imports of one plugin.
    Binds,
    /// Lines of `[bind]` that name no import of the plugin.
    WrongBinds,
    /// Plugins in `[bind]`, none of which is there.
    WrongIds,
    /// `[plugins.ID]` for so many plugins.
    Words,
    /// Priorities in `app.toml`, none of an export.
    Priorities,
    /// Functions of an interface, each a letter away from those of its provider.
    Functions,
    /// Functions of an interface, none of which its twentieth as many providers have.
    FunctionsOfMany,
    /// A tenth as many plugins of one component with a thousand functions, which no plugin provides.
    Unserved,
    /// Lines of `[host]` for one WIT.
    Hosts,
    /// Unknown keys on one line.
    Line,
    /// Empty lines of a manifest.
    Newlines,
    /// Numbers in one array.
    Numbers,
    /// Numbers in one array of an unknown key.
    UnknownNumbers,
    /// Empty arguments.
    EmptyArgs,
    /// Manifests that are links to one of a MiB.
    Links,
    /// Plugins of one component of 4 MiB.
    Shared,
    /// Plugins with the same id.
    SameIds,
    /// Plugins that each need the next, and the last the first.
    Cycle,
    /// Types of a component.
    Types,
    /// Custom sections of a core module, each of a KiB.
    Module,
    /// Files of a WIT folder.
    Wit,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 31] = [
        Self::Args,
        Self::WrongArgs,
        Self::WrongEnv,
        Self::Dirs,
        Self::WrongExports,
        Self::Exports,
        Self::WrongImports,
        Self::Versions,
        Self::From,
        Self::FromEach,
        Self::Binds,
        Self::WrongBinds,
        Self::WrongIds,
        Self::Words,
        Self::Priorities,
        Self::Functions,
        Self::FunctionsOfMany,
        Self::Unserved,
        Self::Hosts,
        Self::Line,
        Self::Newlines,
        Self::Numbers,
        Self::UnknownNumbers,
        Self::EmptyArgs,
        Self::Links,
        Self::Shared,
        Self::SameIds,
        Self::Cycle,
        Self::Types,
        Self::Module,
        Self::Wit,
    ];

    /// The largest size that is of use: what has more is refused for its bytes, or is larger than anybody has time for.
    pub fn largest(self) -> usize {
        match self {
            Self::Args | Self::WrongArgs | Self::WrongEnv => 60_000,
            Self::Line => 1_000_000,
            Self::Newlines | Self::Numbers | Self::UnknownNumbers | Self::EmptyArgs => 4_000_000,
            Self::FromEach | Self::Links | Self::Shared | Self::Module => 2_500,
            Self::Versions => 1_000,
            Self::From | Self::Words | Self::SameIds | Self::Cycle => 5_000,
            _ => 10_000,
        }
    }

    /// Writes a folder of this kind and size.
    pub fn write(self, folder: &Path, size: usize) {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).unwrap();
        let files = Folder(folder);
        match self {
            Self::Args | Self::WrongArgs | Self::WrongEnv | Self::Dirs => files.grants(self, size),
            Self::WrongExports | Self::Exports | Self::WrongImports | Self::Versions => files.names(self, size),
            Self::From | Self::FromEach | Self::Cycle => files.links(self, size),
            Self::Functions | Self::FunctionsOfMany | Self::Unserved => files.functions(self, size),
            Self::Binds | Self::WrongBinds | Self::WrongIds | Self::Words | Self::Priorities | Self::Hosts => {
                files.app(self, size);
            }
            Self::Line
            | Self::Newlines
            | Self::Numbers
            | Self::UnknownNumbers
            | Self::EmptyArgs
            | Self::Links
            | Self::SameIds => files.texts(self, size),
            Self::Shared | Self::Types | Self::Module | Self::Wit => files.binaries(self, size),
        }
    }
}

const PLUGIN: &str = "[plugin]\ncomponent = \"a.wasm\"\n";

struct Folder<'a>(&'a Path);

/// A line for each number.
fn lines(numbers: impl IntoIterator<Item = usize>, line: impl Fn(usize) -> String) -> String {
    numbers.into_iter().fold(String::new(), |mut text, number| {
        text.push_str(&line(number));
        text.push('\n');
        text
    })
}

/// A component with these imports and exports: interfaces with one function, of which a component may have a thousand,
/// and functions of the world. It is a binary, because a text may not be as large.
fn component(imports: &[String], exports: &[String]) -> Vec<u8> {
    let mut text = "(component\n".to_owned();
    for name in imports {
        let declared = if name.contains(':') { "(instance (export \"f\" (func)))" } else { "(func)" };
        writeln!(text, "(import \"{name}\" {declared})").unwrap();
    }
    text.push_str(INSTANCE);
    for name in exports {
        let exported = if name.contains(':') { "(instance $own)" } else { "(func $f)" };
        writeln!(text, "(export \"{name}\" {exported})").unwrap();
    }
    wat::parse_str(text + ")").unwrap()
}

/// An instance with the function `f`.
const INSTANCE: &str = "(core module $m (func (export \"f\"))) (core instance $c (instantiate $m))
(func $f (canon lift (core func $c \"f\"))) (instance $own (export \"f\" (func $f)))\n";

fn names(size: usize, name: impl Fn(usize) -> String) -> Vec<String> {
    (0..size).map(name).collect()
}

impl Folder<'_> {
    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn grants(&self, kind: Kind, size: usize) {
        self.file("a.wasm", component(&[], &[]));
        let list = |key: &str, entries: Vec<String>| format!("{key} = [{}]\n", entries.join(","));
        let table = |entries: Vec<String>| format!("env = {{ {} }}\n", entries.join(","));
        let dir = |host: String, guest: usize| format!("{{host='{host}',guest='/{guest:x}',access='read'}}");
        let (mine, app) = match kind {
            Kind::Args => (
                list("args", names(size, |number| format!("'{number:x}'"))),
                list("args", (0..size).rev().map(|number| format!("'{number:x}'")).collect()),
            ),
            Kind::WrongArgs => (
                list("args", names(size, |number| format!("'{number:060}'"))),
                list("args", names(size / 10, |number| format!("'x{number}'"))),
            ),
            Kind::WrongEnv => (
                table(names(size, |number| format!("A{number}='{number}'"))),
                table(names(size, |number| format!("A{number}='x'"))),
            ),
            _ => (
                list("dirs", names(size, |number| dir(format!("d{number}/x"), number))),
                list(
                    "dirs",
                    names(size, |number| {
                        let way = if number % 2 == 0 { "/x/y" } else { "" };
                        dir(format!("d{}{way}", size - 1 - number), number)
                    }),
                ),
            ),
        };
        self.file("a.toml", format!("{PLUGIN}[wasi]\n{mine}"));
        self.file("app.toml", format!("[plugins.a.wasi]\n{app}"));
    }

    fn names(&self, kind: Kind, size: usize) {
        let there = names(size, |number| format!("name-of-some-length-{}", letters(number)));
        let wrong = |number: usize| format!("\"nam-of-some-length-{}\"", letters(number));
        let (imports, exports, tables) = match kind {
            Kind::WrongExports => (vec![], there, lines(0..size, |number| format!("{} = {{}}", wrong(number)))),
            Kind::Exports => {
                let lines = lines((0..size).rev(), |number| format!("\"{}\" = {{}}", there[number]));
                (vec![], there.clone(), lines)
            }
            Kind::WrongImports => {
                let lines = lines(0..size, |number| format!("{} = \"exactly-one\"", wrong(number)));
                (there, vec![], format!("[imports]\n{lines}"))
            }
            _ => {
                let versions = names(size, |number| format!("a:b/c@1.0.{number}"));
                let wanted = names(size, |number| format!("a:b/c@2.0.{number}"));
                let lines = lines(0..size, |number| format!("\"{}\" = 'exactly-one'", wanted[number]));
                self.file("b.toml", format!("[plugin]\ncomponent = 'b.wasm'\n[imports]\n{lines}"));
                self.file("b.wasm", component(&wanted, &[]));
                let lines = self::lines(0..size, |number| format!("\"{}\" = {{}}", versions[number]));
                (vec![], versions, lines)
            }
        };
        let header = if kind == Kind::WrongImports { "" } else { "[exports]\n" };
        self.file("a.toml", format!("{PLUGIN}{header}{tables}"));
        self.file("a.wasm", component(&imports, &exports));
    }

    fn links(&self, kind: Kind, size: usize) {
        match kind {
            Kind::From => {
                let imports = names(size, |number| format!("f-{}", letters(number)));
                let line = |name: &String| format!("\"{name}\" = {{ cardinality = 'exactly-one', from = 'rule' }}");
                let lines = lines(0..size, |number| line(&imports[number]));
                self.file("a.toml", format!("{PLUGIN}[imports]\n{lines}"));
                self.file("a.wasm", component(&imports, &[]));
                self.file("rule.wasm", component(&[], &["rule".to_owned()]));
                let rule = "[plugin]\ncomponent = 'rule.wasm'\n[exports]\nrule = {}\n";
                (0..size / 2).for_each(|number| self.file(&format!("r{number}.toml"), rule));
            }
            Kind::FromEach => {
                self.file("a.wasm", component(&["a:b/rules".to_owned()], &["a:b/rule@1.0.0".to_owned()]));
                let tables = "[exports]\n'a:b/rule' = {}\n[imports.'a:b/rules']\nfrom = 'a:b/rule'\n";
                let text = format!("{PLUGIN}{tables}cardinality = 'exactly-one'\n");
                (0..size).for_each(|number| self.file(&format!("p{number}.toml"), &text));
            }
            _ => {
                for number in 0..size {
                    let (own, next) = (format!("a:b/i{number}"), format!("a:b/i{}", (number + 1) % size));
                    let tables = format!("[exports]\n'{own}' = {{}}\n[imports]\n'{next}' = 'exactly-one'\n");
                    self.file(&format!("p{number}.toml"), format!("[plugin]\ncomponent = 'p{number}.wasm'\n{tables}"));
                    self.file(&format!("p{number}.wasm"), component(&[next], &[own]));
                }
            }
        }
    }

    fn functions(&self, kind: Kind, size: usize) {
        let instance = |prefix: &str, number: usize, declared: &str| {
            lines(0..number, |number| format!("(export \"{prefix}-{}\" {declared})", letters(number)))
        };
        // Each line of the importer's is missing at each of the exporter's plugins.
        let (imported, exported, importers, exporters, cardinality) = match kind {
            Kind::Functions => (size, size, 1, 1, "exactly-one"),
            Kind::FunctionsOfMany => (size / 20 + 1, 20, 1, size / 20 + 1, "any"),
            _ => (1_000, 0, size / 10 + 1, 0, "any"),
        };
        let imported = instance("function", imported, "(func)");
        self.file("a.wasm", wat::parse_str(format!("(component (import \"a:b/c\" (instance {imported})))")).unwrap());
        let importer = format!("{PLUGIN}[imports]\n'a:b/c' = '{cardinality}'\n");
        (0..importers).for_each(|number| self.file(&format!("a{number}.toml"), &importer));
        if exporters > 0 {
            let exported = instance("functon", exported, "(func $f)");
            let own = INSTANCE.replace("(instance $own (export \"f\" (func $f)))", "");
            let exporter = format!("(component {own} (instance $i {exported}) (export \"a:b/c\" (instance $i)))");
            self.file("b.wasm", wat::parse_str(exporter).unwrap());
        }
        let exporter = "[plugin]\ncomponent = 'b.wasm'\n[exports]\n'a:b/c' = {}\n";
        (0..exporters).for_each(|number| self.file(&format!("b{number}.toml"), exporter));
    }

    fn app(&self, kind: Kind, size: usize) {
        let here = names(size, |number| match kind {
            Kind::Hosts => format!("a:b/i{number}"),
            _ => format!("f-{}", letters(number)),
        });
        let (imports, exports): (&[String], &[String]) = match kind {
            Kind::Binds => (&here, &here),
            Kind::WrongBinds => (&here, &[]),
            _ => (&[], &[]),
        };
        let listed = |value: &str, names: &[String]| lines(0..names.len(), |at| format!("\"{}\" = {value}", names[at]));
        self.file("a.wasm", component(imports, &[]));
        self.file("a.toml", format!("{PLUGIN}[imports]\n{}", listed("'exactly-one'", imports)));
        self.file("b.wasm", component(&[], exports));
        let b = "[plugin]\ncomponent = 'b.wasm'\n[exports]\n";
        self.file("b.toml", format!("{b}{}", listed("{}", exports)));
        let app = match kind {
            Kind::Binds => format!("[bind.a]\n{}", listed("['b']", &here)),
            Kind::WrongBinds => {
                format!("[bind.a]\n{}", lines(0..size, |number| format!("\"g-{}\" = ['b']", letters(number))))
            }
            Kind::WrongIds => lines(0..size, |number| format!("[bind.'plugn-{number}']\nf = []")),
            Kind::Words => {
                (0..size).for_each(|number| self.file(&format!("p{number}.toml"), PLUGIN));
                lines(0..size, |number| format!("[plugins.p{number}]\nlimits.memory = '1 MiB'"))
            }
            Kind::Priorities => {
                let listed = lines(0..size, |number| format!("\"f-{}\" = {{}}", letters(number)));
                self.file("b.toml", format!("{b}{listed}"));
                let words = lines(0..size, |number| format!("\"f-{}-x\" = 1", letters(number)));
                format!("[plugins.b.priority]\n{words}")
            }
            _ => {
                let interfaces = lines(0..size, |number| format!("interface i{number} {{ f: func(); }}"));
                self.file("host.wit", format!("package a:b;\n{interfaces}"));
                format!("[host]\n{}", listed("'host.wit'", &here))
            }
        };
        self.file("app.toml", app);
    }

    fn texts(&self, kind: Kind, size: usize) {
        self.file("a.wasm", component(&[], &[]));
        let text = match kind {
            Kind::Line => {
                let keys = names(size / 8, |number| format!("k{number}=0"));
                format!("limits = {{ {} }}\n{PLUGIN}", keys.join(","))
            }
            Kind::Newlines => format!("{PLUGIN}{}", "\n".repeat(size)),
            Kind::Numbers => format!("{PLUGIN}[wasi]\nargs = [{}]\n", "1,".repeat(size / 2)),
            Kind::UnknownNumbers => format!("x = [{}]\n{PLUGIN}", "1,".repeat(size / 2)),
            Kind::EmptyArgs => format!("{PLUGIN}[wasi]\nargs = [{}]\n", "'',".repeat(size / 3)),
            Kind::SameIds => {
                (0..size).for_each(|number| self.file(&format!("p{number}.toml"), format!("{PLUGIN}id = 'same'\n")));
                PLUGIN.to_owned()
            }
            _ => {
                self.file("large", format!("{PLUGIN}description = '{}'\n", "x".repeat(1 << 20)));
                (0..size).for_each(|number| link("large", &self.0.join(format!("l{number}.toml"))));
                PLUGIN.to_owned()
            }
        };
        self.file("a.toml", text);
    }

    fn binaries(&self, kind: Kind, size: usize) {
        let custom = |bytes: usize| {
            let mut section = vec![0];
            leb(bytes + 2, &mut section);
            section.extend([1, b'x']);
            section.resize(section.len() + bytes, 0);
            section
        };
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        match kind {
            Kind::Shared => {
                bytes.extend(custom(4 << 20));
                let text = "[plugin]\ncomponent = 'a.wasm'\n";
                (0..size).for_each(|number| self.file(&format!("p{number}.toml"), text));
            }
            Kind::Types => {
                let mut section = Vec::new();
                leb(size, &mut section);
                // `(list u8)` each.
                (0..size).for_each(|_| section.extend([0x70, 0x7d]));
                bytes.push(7);
                leb(section.len(), &mut bytes);
                bytes.extend(section);
            }
            Kind::Module => {
                bytes = b"\0asm\x01\0\0\0".to_vec();
                (0..size).for_each(|_| bytes.extend(custom(1 << 10)));
                self.file("w.wit", "package a:b;\nworld w {}\n");
            }
            _ => {
                bytes = b"\0asm\x01\0\0\0".to_vec();
                for number in 0..size {
                    self.file(
                        &format!("w.wit/f{number}.wit"),
                        format!("package a:b;\ninterface i{number} {{ f: func(); }}\n"),
                    );
                }
                self.file("w.wit/w.wit", "package a:b;\nworld w {}\n");
            }
        }
        let wit = if bytes[4] == 1 { "wit = 'w.wit'\nworld = 'w'\n" } else { "" };
        self.file("a.wasm", bytes);
        self.file("a.toml", format!("[plugin]\ncomponent = 'a.wasm'\n{wit}"));
    }
}

/// A number as letters.
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}

fn leb(mut number: usize, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
}

#[cfg(unix)]
fn link(to: &str, path: &Path) {
    std::os::unix::fs::symlink(to, path).unwrap();
}

#[cfg(not(unix))]
fn link(to: &str, path: &Path) {
    fs::copy(path.with_file_name(to), path).unwrap();
}

/// A kind and a size, from a seed. Every kind comes in turn.
pub fn any(seed: u64) -> (Kind, usize) {
    let mut random = Random::new(seed);
    let kind = Kind::ALL[usize::try_from(seed).unwrap_or_default() % Kind::ALL.len()];
    // Mostly small: what grows faster than its size shows among a hundred too.
    let share = random.pick(&[100, 30, 10, 3]);
    (kind, 1 + random.below(kind.largest() / share))
}

/// The bytes that checking a folder may take: 64 MiB, three times its largest file, and 16 KiB for each plugin and each
/// problem.
pub fn allowed(folder: &Path, plugins_and_problems: usize) -> usize {
    fn largest(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let size = |path: std::path::PathBuf| {
            if path.is_dir() { largest(&path) } else { path.metadata().map_or(0, |it| it.len()) }
        };
        entries.map(size).max().unwrap_or(0)
    }
    (64 << 20) + 3 * usize::try_from(largest(folder)).unwrap() + plugins_and_problems * (16 << 10)
}
