use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::cover::Covered;
use super::{Settling, Trust};
use crate::diagnostic::{FileId, Sources, Span, Spanned};
use crate::manifest::path::join;
use crate::manifest::reader::shown;
use crate::model::{DirGrant, NetworkGrant, Stdio, WasiGrants};
use crate::words::listed;

/// A list as it is written, with its own place and that of each entry.
type Written<T> = Spanned<Vec<Spanned<T>>>;

/// The manifest's grants, narrowed by the app's.
pub(super) fn wasi(settling: &mut Settling<'_>, sources: &Sources, trust: Trust) -> WasiGrants {
    let mine = settling.manifest.wasi.clone();
    let app = settling.word.map(|word| word.plugin.wasi.clone()).unwrap_or_default();
    let my_dirs = mine.dirs.map(|dirs| resolved(dirs, sources, settling.manifest.file));
    let app_dirs = app.dirs.zip(settling.word).map(|(dirs, word)| resolved(dirs, sources, word.file));
    WasiGrants {
        args: settling.list(trust, &ARGS, mine.args.as_ref(), app.args.as_ref()),
        env: settling
            .list(trust, &ENV, mine.env.map(pairs).as_ref(), app.env.map(pairs).as_ref())
            .into_iter()
            .collect(),
        stdin: settling.stream(trust, "stdin", Stdio::Null, mine.stdin.as_ref(), app.stdin.as_ref()),
        stdout: settling.stream(trust, "stdout", Stdio::Log, mine.stdout.as_ref(), app.stdout.as_ref()),
        stderr: settling.stream(trust, "stderr", Stdio::Log, mine.stderr.as_ref(), app.stderr.as_ref()),
        dirs: settling.list(trust, &DIRS, my_dirs.as_ref(), app_dirs.as_ref()),
        network: settling.list(trust, &NETWORK, mine.network.as_ref(), app.network.as_ref()),
    }
}

/// How the entries of one list of grants are compared and shown.
struct Rule<T> {
    key: &'static str,
    show: fn(&T) -> String,
}

const ARGS: Rule<String> = Rule { key: "args", show: |arg| format!("`{}`", shown(arg)) };

const ENV: Rule<(String, String)> =
    Rule { key: "env", show: |(name, value)| format!("`{}={}`", shown(name), shown(value)) };

const DIRS: Rule<DirGrant> =
    Rule { key: "dirs", show: |dir| format!("`{}` ({})", shown(&dir.host), dir.access.as_str()) };

const NETWORK: Rule<NetworkGrant> = Rule { key: "network", show: |grant| format!("`{grant}`") };

impl Settling<'_> {
    /// The app's entries that the manifest covers; where the app is silent, the manifest's.
    fn list<T: Clone + Covered>(
        &mut self,
        trust: Trust,
        rule: &Rule<T>,
        mine: Option<&Written<T>>,
        app: Option<&Written<T>>,
    ) -> Vec<T> {
        let granted: Vec<T> = mine.iter().flat_map(|list| &list.value).map(|entry| entry.value.clone()).collect();
        let Some(wanted) = app else {
            return if trust == Trust::App { Vec::new() } else { granted };
        };
        let (mut kept, index, known) = (Vec::new(), T::index(&granted), OnceCell::new());
        for entry in &wanted.value {
            if entry.value.is_covered(&index) {
                kept.push(entry.value.clone());
            } else {
                let known = known.get_or_init(|| (!granted.is_empty()).then(|| listed(&granted, rule.show)));
                let text = (rule.show)(&entry.value);
                self.refuse(rule.key, &entry.span, &text, mine.map(|list| &list.span), known.as_deref());
            }
        }
        kept
    }

    /// The app's stream where it leads no further than the manifest's.
    fn stream(
        &mut self,
        trust: Trust,
        key: &'static str,
        default: Stdio,
        mine: Option<&Spanned<Stdio>>,
        app: Option<&Spanned<Stdio>>,
    ) -> Stdio {
        let granted = mine.map_or(default, |stream| stream.value);
        if let Some(wanted) = app {
            if reach(wanted.value) <= reach(granted) {
                return wanted.value;
            }
            let (shown, known) = (format!("`{}`", wanted.value.as_str()), format!("`{}`", granted.as_str()));
            self.refuse(key, &wanted.span, &shown, mine.map(|stream| &stream.span), Some(&known));
        }
        let withheld = trust == Trust::App && reach(granted) > reach(default);
        if withheld { default } else { granted }
    }

    /// Reports an entry of the app's grants that none of the manifest's covers.
    fn refuse(&mut self, key: &str, entry: &Span, text: &str, granted: Option<&Span>, known: Option<&str>) {
        let Some(word) = self.word else {
            return;
        };
        let what = format!("may only narrow: the manifest does not grant {text}");
        let place = granted.unwrap_or(&self.manifest.header).clone();
        let (label, help) = match known {
            None => (
                "the manifest grants nothing of this kind".to_owned(),
                "remove it, or grant it in the manifest".to_owned(),
            ),
            Some(known) => {
                (format!("the manifest grants {known}"), format!("keep to {known}, or grant more in the manifest"))
            }
        };
        let problem = self
            .problem(word.file, &format!("wasi.{key}"), &what, entry, "not covered by the manifest".to_owned())
            .label(self.manifest.file, place, label)
            .help(help);
        self.diagnostics.push(problem);
    }
}

/// The directories with `host` relative to the app's folder instead of the file's.
fn resolved(dirs: Written<DirGrant>, sources: &Sources, file: FileId) -> Written<DirGrant> {
    let resolve = |entry: Spanned<DirGrant>| {
        let host = join(sources.path(file), &entry.value.host);
        Spanned::new(DirGrant { host, ..entry.value }, entry.span)
    };
    Spanned::new(dirs.value.into_iter().map(resolve).collect(), dirs.span)
}

fn pairs(env: Spanned<BTreeMap<String, Spanned<String>>>) -> Written<(String, String)> {
    let pair = |(name, value): (String, Spanned<String>)| Spanned::new((name, value.value), value.span);
    Spanned::new(env.value.into_iter().map(pair).collect(), env.span)
}

/// How far a stream leads; what leads less far is narrower.
fn reach(stream: Stdio) -> u8 {
    match stream {
        Stdio::Null => 0,
        Stdio::Log => 1,
        Stdio::Inherit => 2,
    }
}
