//! Every row of the table of reply shapes: a consumer declares a reply type `C`, its providers answer
//! `R`, and what the consumer gets is held against an oracle that is written from the table alone.
//!
//! One app for each `R` covers the whole table. Its consumer `hub` imports one interface for each
//! cardinality, number of providers and policy, with one function for each `C`, and exports the same
//! interfaces: what it gets from a function it gives back, as it lies in its memory. Each bit of the
//! argument makes one provider trap. Every plugin counts the calls that it has completed, and begins
//! anew when it is started again: so one sees who was called, and who was torn down.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plugweave::check::Checked;
use plugweave::diagnostic::Code;
use plugweave::{App, CallError, CallErrorKind, Val};
use support::{Folder, core_module};

use Cardinality::{Any, AtLeastOne, AtMostOne, ExactlyOne};

const PROVIDERS: [&str; 3] = ["ada", "bob", "cyd"];

/// For each number of providers, their priorities (by place in `PROVIDERS`; none: it does not provide) and
/// the order that follows: priority, then id.
const GROUPS: [([Option<i32>; 3], &[usize]); 4] = [
    ([None, None, None], &[]),
    ([None, Some(0), None], &[1]),
    ([Some(0), Some(5), None], &[1, 0]),
    ([Some(0), Some(0), Some(10)], &[2, 0, 1]),
];

/// This bit of the argument makes a provider of `result` answer an `err` of its own.
const ERR: u32 = 8;

/// What the providers answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum R {
    Nothing,
    Number,
    Text,
    Result,
    Record,
    Tuple,
}

const RESULTS: [R; 6] = [R::Nothing, R::Number, R::Text, R::Result, R::Record, R::Tuple];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Cardinality {
    ExactlyOne,
    AtMostOne,
    AtLeastOne,
    Any,
}

const CARDINALITIES: [Cardinality; 4] = [ExactlyOne, AtMostOne, AtLeastOne, Any];

/// What the consumer declares.
#[derive(Clone, Copy, Debug)]
enum Reply {
    Nothing,
    One(A),
    Optional(A),
    List(A),
    Map(F),
}

#[derive(Clone, Copy, Debug)]
enum A {
    Value(F),
    WithId(F),
    Id,
}

#[derive(Clone, Copy, Debug)]
enum F {
    Plain,
    Result(E),
}

#[derive(Clone, Copy, Debug)]
enum E {
    Nothing,
    Message,
    Record,
}

impl R {
    fn wit(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Number => Some("u32"),
            Self::Text => Some("string"),
            Self::Result => Some("result<u32, string>"),
            Self::Record => Some("pair"),
            Self::Tuple => Some("tuple<string, u32>"),
        }
    }

    /// What a healthy provider answers.
    fn value(self, provider: usize, x: u32) -> Option<Val> {
        let number = Val::U32(number(provider) + x);
        let text = string(text(provider));
        Some(match self {
            Self::Nothing => return None,
            Self::Number => number,
            Self::Text => text,
            Self::Result if x & ERR != 0 => Val::Result(Err(boxed(text))),
            Self::Result => Val::Result(Ok(boxed(number))),
            Self::Record => Val::Record(vec![("a".into(), number), ("b".into(), text)]),
            Self::Tuple => Val::Tuple(vec![text, number]),
        })
    }

    /// The code that answers, in a provider that has its text at 64.
    fn code(self, provider: usize) -> String {
        let number = format!("(i32.add (local.get $x) (i32.const {}))", number(provider));
        let number_at = |at: u32| format!("(i32.store (i32.const {at}) {number})");
        let text_at = |at: u32| {
            let length = text(provider).len();
            format!("(i64.store (i32.const {at}) (i64.const {}))", (length << 32) + 64)
        };
        match self {
            Self::Nothing => String::new(),
            Self::Number => number,
            Self::Text => format!("{} (i32.const 16)", text_at(16)),
            Self::Result => format!(
                "(if (i32.and (local.get $x) (i32.const {ERR}))
                  (then (i32.store8 (i32.const 16) (i32.const 1)) {})
                  (else (i32.store8 (i32.const 16) (i32.const 0)) {}))
                (i32.const 16)",
                text_at(20),
                number_at(20)
            ),
            Self::Record => format!("{} {} (i32.const 16)", number_at(16), text_at(20)),
            Self::Tuple => format!("{} {} (i32.const 16)", text_at(16), number_at(24)),
        }
    }

    /// Every `F`; the plain one first, because a type that can be read as plain is.
    fn fallibles(self) -> Vec<F> {
        let plain = (self != Self::Nothing).then_some(F::Plain);
        plain.into_iter().chain([E::Nothing, E::Message, E::Record].map(F::Result)).collect()
    }

    /// Every `A`.
    fn answers(self) -> Vec<A> {
        let fallibles = self.fallibles();
        let id = (self == Self::Nothing).then_some(A::Id);
        fallibles.iter().map(|f| A::Value(*f)).chain(fallibles.iter().map(|f| A::WithId(*f))).chain(id).collect()
    }

    /// The row of the table: everything that a consumer may declare.
    fn row(self, cardinality: Cardinality) -> Vec<Reply> {
        let answers = self.answers().into_iter();
        let mut row: Vec<Reply> = match cardinality {
            ExactlyOne => answers.map(Reply::One).collect(),
            AtMostOne => answers.map(Reply::Optional).collect(),
            AtLeastOne | Any => answers.map(Reply::List).chain(self.fallibles().into_iter().map(Reply::Map)).collect(),
        };
        row.extend((self == Self::Nothing).then_some(Reply::Nothing));
        row
    }

    /// The row as WIT, and whether a failure is a value in it.
    fn declarations(self, cardinality: Cardinality) -> BTreeMap<Option<String>, bool> {
        let mut declarations = BTreeMap::new();
        for reply in self.row(cardinality) {
            declarations.entry(reply.wit(self)).or_insert(reply.tells());
        }
        declarations
    }
}

impl Cardinality {
    fn name(self) -> &'static str {
        match self {
            ExactlyOne => "exactly-one",
            AtMostOne => "at-most-one",
            AtLeastOne => "at-least-one",
            Any => "any",
        }
    }

    fn allows(self, providers: usize) -> bool {
        match self {
            ExactlyOne => providers == 1,
            AtMostOne => providers <= 1,
            AtLeastOne => providers >= 1,
            Any => true,
        }
    }
}

impl Reply {
    fn wit(self, r: R) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::One(a) => Some(a.wit(r)),
            Self::Optional(a) => Some(format!("option<{}>", a.wit(r))),
            Self::List(a) => Some(format!("list<{}>", a.wit(r))),
            Self::Map(f) => Some(format!("map<string, {}>", f.wit(r))),
        }
    }

    /// The name of the functions that declare it.
    fn name(self) -> String {
        let f = |f: F| match f {
            F::Plain => "plain",
            F::Result(E::Nothing) => "failed",
            F::Result(E::Message) => "message",
            F::Result(E::Record) => "record",
        };
        match self {
            Self::Nothing => "nothing".into(),
            Self::Map(form) => format!("by-id-{}", f(form)),
            Self::One(a) | Self::Optional(a) | Self::List(a) => match a {
                A::Value(form) => format!("value-{}", f(form)),
                A::WithId(form) => format!("with-id-{}", f(form)),
                A::Id => "id".into(),
            },
        }
    }

    /// Whether a failure is a value in it.
    fn tells(self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Map(f) => matches!(f, F::Result(_)),
            Self::One(a) | Self::Optional(a) | Self::List(a) => {
                matches!(a, A::Value(F::Result(_)) | A::WithId(F::Result(_)))
            }
        }
    }

    /// What stands for one provider's answer, or for its failure where there is no value.
    fn entry(self, provider: usize, value: Result<Option<Val>, ()>) -> Val {
        let id = string(PROVIDERS[provider]);
        match self {
            Self::Nothing => id,
            Self::Map(f) => Val::Tuple(vec![id, f.value(provider, value)]),
            Self::One(a) | Self::Optional(a) | Self::List(a) => match a {
                A::Value(f) => f.value(provider, value),
                A::WithId(f) => Val::Tuple(vec![id, f.value(provider, value)]),
                A::Id => id,
            },
        }
    }

    /// The whole, of the entries.
    fn whole(self, mut entries: Vec<Val>) -> Option<Val> {
        match self {
            Self::Nothing => None,
            Self::One(_) => Some(entries.remove(0)),
            Self::Optional(_) => Some(Val::Option(entries.pop().map(Box::new))),
            Self::List(_) => Some(Val::List(entries)),
            Self::Map(_) => {
                let entry = |entry: Val| match entry {
                    Val::Tuple(mut parts) => (parts.remove(0), parts.remove(0)),
                    other => panic!("{other:?}"),
                };
                Some(Val::Map(entries.into_iter().map(entry).collect()))
            }
        }
    }
}

impl A {
    fn wit(self, r: R) -> String {
        match self {
            Self::Value(f) => f.wit(r),
            Self::WithId(f) => format!("tuple<string, {}>", f.wit(r)),
            Self::Id => "string".into(),
        }
    }
}

impl F {
    fn wit(self, r: R) -> String {
        let e = match self {
            Self::Plain => return r.wit().unwrap().to_owned(),
            Self::Result(E::Nothing) => None,
            Self::Result(E::Message) => Some("string"),
            Self::Result(E::Record) => Some("dispatch-error"),
        };
        match (r.wit(), e) {
            (None, None) => "result".into(),
            (Some(r), None) => format!("result<{r}>"),
            (r, Some(e)) => format!("result<{}, {e}>", r.unwrap_or("_")),
        }
    }

    fn value(self, provider: usize, value: Result<Option<Val>, ()>) -> Val {
        let error = match self {
            Self::Plain => return value.unwrap().unwrap(),
            Self::Result(E::Nothing) => None,
            Self::Result(E::Message) => Some(message(provider)),
            Self::Result(E::Record) => Some(dispatch_error("trap", provider)),
        };
        Val::Result(value.map(|value| value.map(Box::new)).map_err(|()| error.map(Box::new)))
    }
}

fn number(provider: usize) -> u32 {
    [100, 200, 300][provider]
}

fn text(provider: usize) -> &'static str {
    ["of ada", "from bób", ""][provider]
}

fn string(text: &str) -> Val {
    Val::String(text.to_owned())
}

fn boxed(value: Val) -> Option<Box<Val>> {
    Some(Box::new(value))
}

/// Stands for any message that tells of the failure of a provider.
fn message(provider: usize) -> Val {
    Val::String(format!("(a message about {})", PROVIDERS[provider]))
}

fn dispatch_error(code: &str, provider: usize) -> Val {
    Val::Record(vec![
        ("code".into(), string(code)),
        ("provider".into(), string(PROVIDERS[provider])),
        ("message".into(), message(provider)),
    ])
}

/// The value with its messages, which name the provider and the kind of failure, replaced by what stands for them.
fn without_messages(value: Val) -> Val {
    let all = |values: Vec<Val>| values.into_iter().map(without_messages).collect();
    let inside = |value: Option<Box<Val>>| value.map(|value| Box::new(without_messages(*value)));
    match value {
        Val::String(text) => {
            let of_failure = ["trap", "fuel", "timeout", "failed"].iter().any(|code| text.contains(code));
            let about = PROVIDERS.iter().position(|id| of_failure && text.contains(&format!("`{id}`")));
            about.map_or(Val::String(text), message)
        }
        Val::List(values) => Val::List(all(values)),
        Val::Tuple(values) => Val::Tuple(all(values)),
        Val::Record(fields) => {
            Val::Record(fields.into_iter().map(|(name, value)| (name, without_messages(value))).collect())
        }
        Val::Map(entries) => Val::Map(entries.into_iter().map(|(id, value)| (id, without_messages(value))).collect()),
        Val::Option(value) => Val::Option(inside(value)),
        Val::Result(Ok(value)) => Val::Result(Ok(inside(value))),
        Val::Result(Err(value)) => Val::Result(Err(inside(value))),
        other => other,
    }
}

/// One import of the consumer.
#[derive(Clone, Copy, Debug)]
struct Import {
    cardinality: Cardinality,
    providers: usize,
    policy: Option<&'static str>,
}

impl Import {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for cardinality in CARDINALITIES {
            for providers in (0..GROUPS.len()).filter(|&providers| cardinality.allows(providers)) {
                let policies = [None, Some("trap"), Some("skip")];
                let policies =
                    policies.into_iter().filter(|policy| cardinality != ExactlyOne || *policy != Some("skip"));
                all.extend(policies.map(|policy| Self { cardinality, providers, policy }));
            }
        }
        all
    }

    fn skips(self) -> bool {
        self.policy == Some("skip")
    }

    fn name(self) -> String {
        format!("{}-n{}-{}", self.cardinality.name(), self.providers, self.policy.unwrap_or("default"))
    }

    /// The line of the manifest.
    fn entry(self) -> String {
        let policy = self.policy.map(|policy| format!(", on-failure = '{policy}'")).unwrap_or_default();
        let from = format!("t:t/p-n{}@1.0.0", self.providers);
        let cardinality = self.cardinality.name();
        format!("'t:t/{}' = {{ cardinality = '{cardinality}', from = '{from}'{policy} }}\n", self.name())
    }

    fn replies(self, r: R) -> Vec<Reply> {
        r.row(self.cardinality).into_iter().filter(|reply| !self.skips() || !reply.tells()).collect()
    }

    fn order(self) -> &'static [usize] {
        GROUPS[self.providers].1
    }

    /// Every way in which some of the providers fail.
    fn arguments(self, r: R) -> Vec<u32> {
        let mask =
            self.order().iter().fold(if r == R::Result { ERR } else { 0 }, |mask, provider| mask | 1 << provider);
        (0..16).filter(|x| x & !mask == 0).collect()
    }
}

const TYPES: &str = "
interface types {
  record pair { a: u32, b: string }
  record dispatch-error { code: string, provider: string, message: string }
}
interface count { calls: func() -> u32; }
";
const USE: &str = "use types.{pair, dispatch-error};";

fn arrow(ty: Option<&str>) -> String {
    ty.map(|ty| format!(" -> {ty}")).unwrap_or_default()
}

fn wit(r: R) -> String {
    let mut text = TYPES.to_owned();
    let names: BTreeSet<String> = CARDINALITIES.iter().flat_map(|it| r.row(*it)).map(Reply::name).collect();
    let result = arrow(r.wit());
    let functions: String = names.iter().map(|name| format!("  {name}: func(x: u32){result};\n")).collect();
    for group in 0..GROUPS.len() {
        writeln!(text, "interface p-n{group} {{\n  {USE}\n{functions}}}").unwrap();
    }
    let mut hub = String::new();
    for import in Import::all() {
        let name = import.name();
        let function = |reply: Reply| format!("  {}: func(x: u32){};\n", reply.name(), arrow(reply.wit(r).as_deref()));
        let functions: String = import.replies(r).into_iter().map(function).collect();
        writeln!(text, "interface {name} {{\n  {USE}\n{functions}}}").unwrap();
        writeln!(hub, "  import {name};\n  export {name};").unwrap();
    }
    writeln!(text, "world hub {{\n{hub}  export count;\n}}").unwrap();
    for (provider, id) in PROVIDERS.iter().enumerate() {
        let exports: String = groups_of(provider).map(|(group, _)| format!("  export p-n{group};\n")).collect();
        writeln!(text, "world {id} {{\n{exports}  export count;\n}}").unwrap();
    }
    text
}

/// The groups to which a provider belongs, and its priority in each.
fn groups_of(provider: usize) -> impl Iterator<Item = (usize, i32)> {
    GROUPS.iter().enumerate().filter_map(move |(group, (priorities, _))| Some((group, priorities[provider]?)))
}

const COUNT: &str = r#"(func (export "t:t/count@1.0.0#calls") (result i32) (global.get $calls))"#;

/// A provider: one function under many names.
fn provider_core(r: R, provider: usize) -> String {
    let result = if r == R::Nothing { "" } else { "(result i32)" };
    let mut functions = format!(
        r#"  (data (i32.const 64) "{}")
  {COUNT}
  (func $answer (param $x i32) {result}
    (if (i32.and (local.get $x) (i32.const {})) (then unreachable))
    (call $count)
    {})
"#,
        text(provider),
        1 << provider,
        r.code(provider)
    );
    let names: BTreeSet<String> = CARDINALITIES.iter().flat_map(|it| r.row(*it)).map(Reply::name).collect();
    for (group, _) in groups_of(provider) {
        for name in &names {
            writeln!(functions, r#"  (export "t:t/p-n{group}@1.0.0#{name}" (func $answer))"#).unwrap();
        }
    }
    core_module("", 1, &functions)
}

/// How a result is passed in a core module: not at all, as one number, or by pointer.
fn is_pointer(ty: Option<&str>) -> Option<bool> {
    // All others are more than one flat value.
    ty.map(|ty| !matches!(ty, "u32" | "result"))
}

fn core_import(interface: &str, function: &str, label: &str, ty: Option<&str>) -> String {
    let signature = match is_pointer(ty) {
        None => "(param i32)",
        Some(false) => "(param i32) (result i32)",
        Some(true) => "(param i32 i32)",
    };
    format!("  (import \"t:t/{interface}@1.0.0\" \"{function}\" (func ${label} {signature}))\n")
}

/// Exports a function that passes the call on to the import with that label.
fn core_relay(interface: &str, function: &str, label: &str, ty: Option<&str>) -> String {
    let (result, call) = match is_pointer(ty) {
        None => ("", format!("(call ${label} (local.get 0))")),
        Some(false) => ("(result i32)", format!("(call ${label} (local.get 0))")),
        Some(true) => (
            "(result i32)",
            format!(
                "(memory.fill (i32.const 16) (i32.const 0xAA) (i32.const 256)) (call ${label} (local.get 0) (i32.const 16)) (i32.const 16)"
            ),
        ),
    };
    format!("  (func (export \"t:t/{interface}@1.0.0#{function}\") (param i32) {result} (call $count) {call})\n")
}

fn hub_core(r: R) -> String {
    let (mut imports, mut functions) = (String::new(), COUNT.to_owned());
    for import in Import::all() {
        for reply in import.replies(r) {
            let (interface, function, ty) = (import.name(), reply.name(), reply.wit(r));
            let label = format!("{interface}-{function}");
            imports.push_str(&core_import(&interface, &function, &label, ty.as_deref()));
            functions.push_str(&core_relay(&interface, &function, &label, ty.as_deref()));
        }
    }
    core_module(&imports, 1, &functions)
}

/// Failing does not use up the restarts of these tests.
const RESTARTS: &str = "[limits]\nrestart = { max = 1_000_000, within = '1s' }\n";

fn app(r: R) -> App {
    let imports: String = Import::all().into_iter().map(Import::entry).collect();
    let exports: String = Import::all().iter().map(|import| format!("'t:t/{}' = {{}}\n", import.name())).collect();
    let tables = format!("{RESTARTS}[imports]\n{imports}[exports]\n't:t/count' = {{}}\n{exports}");
    let mut folder = Folder::new(&wit(r)).plugin("hub", &tables, &hub_core(r));
    for (provider, id) in PROVIDERS.iter().enumerate() {
        let entry = |(group, priority)| format!("'t:t/p-n{group}' = {{ priority = {priority} }}\n");
        let exports: String = groups_of(provider).map(entry).collect();
        let tables = format!("{RESTARTS}[exports]\n't:t/count' = {{}}\n{exports}");
        folder = folder.plugin(id, &tables, &provider_core(r, provider));
    }
    folder.start()
}

/// What a call must come to.
struct Expected {
    /// What the consumer gets; or else the providers any of which may be named for it.
    outcome: Result<Option<Val>, Vec<usize>>,
    /// Who is called.
    called: Vec<usize>,
}

/// The table of reply shapes.
fn expected(r: R, import: Import, reply: Reply, x: u32) -> Expected {
    let (mut entries, mut failed, mut called) = (Vec::new(), Vec::new(), Vec::new());
    for &provider in import.order() {
        called.push(provider);
        if !is_failing(provider, x) {
            entries.push(reply.entry(provider, Ok(r.value(provider, x))));
        } else if reply.tells() {
            entries.push(reply.entry(provider, Err(())));
        } else {
            failed.push(provider);
            if !import.skips() {
                return Expected { outcome: Err(failed), called };
            }
        }
    }
    if import.cardinality == AtLeastOne && entries.is_empty() {
        return Expected { outcome: Err(failed), called };
    }
    Expected { outcome: Ok(reply.whole(entries)), called }
}

fn is_failing(provider: usize, x: u32) -> bool {
    x >> provider & 1 == 1
}

fn assert_failure(error: &CallError, failed: &[usize], case: &str) {
    assert_eq!(error.kind(), CallErrorKind::Trap, "{case}: {error}");
    let origin = error.origin().unwrap().as_str();
    assert!(failed.iter().any(|provider| PROVIDERS[*provider] == origin), "{case}: {error}");
    let text = error.to_string();
    assert!(text.contains(&format!("`{origin}`")) && text.contains("trap"), "{case}: {text}");
    assert_eq!(error.provider().unwrap().as_str(), "hub", "{case}: {text}");
    let chain: Vec<&str> = error.chain().iter().map(|frame| frame.plugin.as_str()).collect();
    assert_eq!(chain, ["hub", origin], "{case}: {text}");
}

/// The calls that each plugin has completed since it was last started.
fn counts(app: &App) -> BTreeMap<String, u32> {
    let number = |answer: Result<Option<Val>, CallError>| match answer {
        Ok(Some(Val::U32(number))) => number,
        other => panic!("{other:?}"),
    };
    let answers = app.call_all("t:t/count#calls", &[]).unwrap();
    answers.into_iter().map(|(plugin, answer)| (plugin.as_str().to_owned(), number(answer))).collect()
}

/// Calls through every import, for every reply and in every pattern of failures.
fn assert_row(r: R) {
    let app = app(r);
    let mut counted = counts(&app);
    let mut cases = 0;
    for import in Import::all() {
        for reply in import.replies(r) {
            for x in import.arguments(r) {
                let case = format!("{r:?} {} {} {x:#06b}", import.name(), reply.name());
                let expected = expected(r, import, reply, x);
                cases += 1;
                let target = format!("t:t/{}#{}", import.name(), reply.name());
                match (app.call_plugin("hub", &target, &[Val::U32(x)]), &expected.outcome) {
                    (Ok(value), Ok(wanted)) => {
                        assert_eq!(value.map(without_messages), *wanted, "{case}");
                        *counted.get_mut("hub").unwrap() += 1;
                    }
                    (Err(error), Err(failed)) => {
                        assert_failure(&error, failed, &case);
                        // It ended with its provider, and has been started again.
                        counted.insert("hub".into(), 0);
                    }
                    (found, wanted) => panic!("{case}: {found:?}, expected {wanted:?}"),
                }
                for provider in expected.called {
                    let count = counted.get_mut(PROVIDERS[provider]).unwrap();
                    *count = if is_failing(provider, x) { 0 } else { *count + 1 };
                }
                assert_eq!(counts(&app), counted, "{case}");
            }
        }
    }
    // It would be easy to go through nothing at all.
    assert!(cases > 700, "{cases}");
}

#[test]
fn providers_of_nothing() {
    assert_row(R::Nothing);
}

#[test]
fn providers_of_a_number() {
    assert_row(R::Number);
}

#[test]
fn providers_of_a_text() {
    assert_row(R::Text);
}

#[test]
fn providers_of_a_result() {
    assert_row(R::Result);
}

#[test]
fn providers_of_a_record() {
    assert_row(R::Record);
}

#[test]
fn providers_of_a_tuple() {
    assert_row(R::Tuple);
}

/// Replies that belong to no row, for the results of these tests.
const STRANGE: [&str; 14] = [
    "option<u64>",
    "option<option<u32>>",
    "list<list<u32>>",
    "map<u32, u32>",
    "map<string, map<string, u32>>",
    "list<u32, 2>",
    "tuple<u32, string>",
    "tuple<string, u32, u32>",
    "list<tuple<string, string, u32>>",
    "result<u32, u8>",
    "result<string, u32>",
    "result<_, pair>",
    "result<u32, failure>",
    "list<result<u32, option<string>>>",
];

/// Everything that any consumer might declare.
fn declarations() -> Vec<Option<String>> {
    let rows = RESULTS.iter().flat_map(|r| CARDINALITIES.map(|cardinality| r.declarations(cardinality)));
    let mut all: BTreeSet<Option<String>> = rows.flat_map(BTreeMap::into_keys).collect();
    all.extend(STRANGE.map(|ty| Some(ty.to_owned())));
    all.into_iter().collect()
}

/// A consumer with one import for each declaration, and the first so many plugins that provide for all of them.
fn check_declarations(
    r: R,
    cardinality: Cardinality,
    policy: &str,
    providers: usize,
    all: &[Option<String>],
) -> Checked {
    const NAMES: &str = "use types.{pair, dispatch-error}; use more.{failure};";
    let mut text = TYPES.to_owned();
    text += "interface more { record failure { code: string, message: string, provider: string } }\n";
    writeln!(text, "interface p {{ {NAMES} f: func(x: u32){}; }}", arrow(r.wit())).unwrap();
    let (mut imports, mut entries, mut world) = (String::new(), String::new(), String::new());
    for (index, ty) in all.iter().enumerate() {
        let name = format!("c{index}");
        writeln!(text, "interface {name} {{ {NAMES} f: func(x: u32){}; }}", arrow(ty.as_deref())).unwrap();
        writeln!(world, "  import {name};").unwrap();
        imports.push_str(&core_import(&name, "f", &name, ty.as_deref()));
        let cardinality = cardinality.name();
        writeln!(entries, "'t:t/{name}' = {{ cardinality = '{cardinality}', from = 't:t/p@1.0.0'{policy} }}").unwrap();
    }
    writeln!(text, "world hub {{\n{world}}}").unwrap();
    for id in PROVIDERS {
        writeln!(text, "world {id} {{ export p; }}").unwrap();
    }
    let hub = core_module(&imports, 1, "");
    let mut folder = Folder::new(&text).plugin("hub", &format!("[imports]\n{entries}"), &hub);
    let result = if r == R::Nothing { "" } else { "(result i32)" };
    let core = core_module("", 1, &format!(r#"(func (export "t:t/p@1.0.0#f") (param i32) {result} unreachable)"#));
    for id in &PROVIDERS[..providers] {
        folder = folder.plugin(id, "[exports]\n't:t/p' = {}", &core);
    }
    folder.check()
}

/// The codes of the problems that point to each import of the consumer, by place among the declarations.
fn problems(checked: &Checked) -> BTreeMap<usize, Vec<Code>> {
    let mut problems: BTreeMap<usize, Vec<Code>> = BTreeMap::new();
    for diagnostic in &checked.diagnostics {
        let label = diagnostic.labels.first().unwrap();
        let text = checked.sources.text(label.file);
        let line = text.lines().nth(checked.sources.position(label.file, label.span.start).line - 1).unwrap();
        let index = line.strip_prefix("'t:t/c").and_then(|rest| rest.split('\'').next());
        let index = index.and_then(|index| index.parse().ok()).unwrap_or_else(|| panic!("{diagnostic:?} at {line}"));
        problems.entry(index).or_default().push(diagnostic.code);
    }
    problems
}

/// Holds the problems against what is expected of each declaration.
fn assert_problems(
    checked: &Checked,
    all: &[Option<String>],
    case: &str,
    expected: impl Fn(&Option<String>) -> Option<Code>,
) {
    let problems = problems(checked);
    for (index, ty) in all.iter().enumerate() {
        let found = problems.get(&index).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(found, expected(ty).as_slice(), "{case}: {}", ty.as_deref().unwrap_or("nothing"));
    }
}

#[test]
fn a_reply_of_no_row_is_refused() {
    let all = declarations();
    for r in RESULTS {
        for cardinality in CARDINALITIES {
            let checked = check_declarations(r, cardinality, "", 1, &all);
            let fits = |cardinality: Cardinality, ty: &Option<String>| r.declarations(cardinality).contains_key(ty);
            assert_problems(&checked, &all, &format!("{r:?} {cardinality:?}"), |ty| {
                if fits(cardinality, ty) {
                    None
                } else if CARDINALITIES.iter().any(|other| fits(*other, ty)) {
                    Some(Code::Pw204)
                } else {
                    Some(Code::Pw203)
                }
            });
        }
    }
}

#[test]
fn the_number_of_providers_is_checked() {
    for cardinality in CARDINALITIES {
        for providers in 0..=3 {
            let row: Vec<Option<String>> = R::Number.declarations(cardinality).into_keys().collect();
            let checked = check_declarations(R::Number, cardinality, "", providers, &row);
            let code = match providers {
                _ if cardinality.allows(providers) => None,
                0 => Some(Code::Pw201),
                _ => Some(Code::Pw202),
            };
            assert_problems(&checked, &row, &format!("{cardinality:?} {providers}"), |_| code);
        }
    }
}

/// Without a provider the declared type alone must suit the cardinality.
#[test]
fn a_reply_for_nobody_is_checked() {
    let all = declarations();
    for (cardinality, suits) in [(AtMostOne, &["option<"][..]), (Any, &["list<", "map<string,"])] {
        let checked = check_declarations(R::Number, cardinality, "", 0, &all);
        assert_problems(&checked, &all, &format!("{cardinality:?}"), |ty| {
            let Some(ty) = ty else { return None };
            let fits = suits.iter().any(|start| ty.starts_with(start)) && ty != "list<u32, 2>";
            (!fits).then_some(Code::Pw204)
        });
    }
}

#[test]
fn skip_is_refused_where_failures_are_values() {
    for r in RESULTS {
        for cardinality in CARDINALITIES {
            let row = r.declarations(cardinality);
            let all: Vec<Option<String>> = row.keys().cloned().collect();
            let checked = check_declarations(r, cardinality, ", on-failure = 'skip'", 1, &all);
            let refused = |ty: &Option<String>| cardinality == ExactlyOne || row[ty];
            assert_problems(&checked, &all, &format!("{r:?} {cardinality:?}"), |ty| refused(ty).then_some(Code::Pw204));
            let checked = check_declarations(r, cardinality, ", on-failure = 'trap'", 1, &all);
            assert_problems(&checked, &all, &format!("{r:?} {cardinality:?}"), |_| None);
        }
    }
}

/// A hub whose one import `ask` of the providers' `p` is declared and listed like this.
fn hub(uses: &str, ty: &str, entry: &str) -> Folder {
    let text = format!(
        "interface p {{ f: func(x: u32) -> u32; }}\n\
         interface ask {{ {uses} f: func(x: u32) -> {ty}; }}\n\
         world hub {{ import ask; export ask; }}\n\
         world ada {{ export p; }}\nworld bob {{ export p; }}\nworld cyd {{ export p; }}\n"
    );
    let core = core_relay("ask", "f", "ask", Some(ty));
    let core = core_module(&core_import("ask", "f", "ask", Some(ty)), 1, &core);
    let tables = format!("[exports]\n't:t/ask' = {{}}\n[imports]\n't:t/ask' = {{ from = 't:t/p@1.0.0', {entry} }}\n");
    Folder::new(&text).plugin("hub", &tables, &core)
}

/// The core module of a provider of `p`.
fn of_p(code: &str) -> String {
    core_module("", 1, &format!(r#"(func (export "t:t/p@1.0.0#f") (param $x i32) (result i32) {code})"#))
}

fn ask(app: &App, x: u32) -> Result<Option<Val>, CallError> {
    app.call("t:t/ask#f", &[Val::U32(x)]).map(|value| value.map(without_messages))
}

fn failure(code: &str, provider: usize) -> Val {
    Val::Result(Err(boxed(dispatch_error(code, provider))))
}

/// The record is that of the runtime's own WIT, and tells one kind of failure from another.
#[test]
fn every_kind_of_failure_has_its_code() {
    let uses = "use plugweave:runtime/types@1.0.0.{dispatch-error};";
    let exports = "[exports]\n't:t/p' = {}\n";
    let endless = of_p("(loop $again (br $again)) unreachable");
    let app = hub(uses, "list<result<u32, dispatch-error>>", "cardinality = 'any'")
        .file("wit/deps/plugweave/plugweave.wit", include_str!("../wit/plugweave.wit"))
        .plugin("ada", &format!("{exports}[limits]\nrestart = 'never'"), &of_p("unreachable"))
        .plugin("bob", &format!("{exports}[limits]\nfuel = 10_000"), &endless)
        .plugin("cyd", &format!("{exports}[limits]\ntimeout = '200ms'"), &endless)
        .start();
    let failures = |first: &str| Some(Val::List(vec![failure(first, 0), failure("fuel", 1), failure("timeout", 2)]));
    assert_eq!(ask(&app, 0).unwrap(), failures("trap"));
    // It may not be started again.
    assert_eq!(ask(&app, 0).unwrap(), failures("failed"));
}

/// Each provider has a result of its own, and so a form of its own in the same list.
#[test]
fn providers_of_different_results() {
    let own = |id: &str, result: &str| {
        format!("package t:t@1.0.0;\ninterface p {{ f: func(x: u32) -> {result}; }}\nworld {id} {{ export p; }}")
    };
    let mixed = |entry: &str| {
        hub("", "list<result<u32, string>>", entry)
            .file("wit-bob/t.wit", &own("bob", "result<u32, string>"))
            .plugin("ada", "[exports]\n't:t/p' = {}\n", &provider_of_p(R::Number, 0))
            .plugin_of("wit-bob", "bob", "[exports]\n't:t/p' = {}\n", &provider_of_p(R::Result, 1))
    };
    let app = mixed("cardinality = 'any'").start();
    let list = |ada: Val, bob: Val| Some(Val::List(vec![ada, bob]));
    let ok = |number: u32| Val::Result(Ok(boxed(Val::U32(number))));
    let err = |message: Val| Val::Result(Err(boxed(message)));
    assert_eq!(ask(&app, 0).unwrap(), list(ok(100), ok(200)));
    assert_eq!(ask(&app, ERR).unwrap(), list(ok(108), err(string(text(1)))));
    assert_eq!(ask(&app, 1).unwrap(), list(err(message(0)), ok(201)));
    // The `err` of this one is its own: a failure has no place in it.
    assert_eq!(ask(&app, 2).unwrap_err().origin().unwrap().as_str(), "bob");
    assert_eq!(ask(&app, 1).unwrap(), list(err(message(0)), ok(201)));
    // For the first, failures are values.
    let checked = mixed("cardinality = 'any', on-failure = 'skip'").check();
    assert_eq!(checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>(), [Code::Pw204]);
}

/// A provider of `p` like those of the table.
fn provider_of_p(r: R, provider: usize) -> String {
    let code =
        format!("(if (i32.and (local.get $x) (i32.const {})) (then unreachable)) {}", 1 << provider, r.code(provider));
    let data = format!("(data (i32.const 64) \"{}\")\n", text(provider));
    of_p(&code).replace("(global $heap", &format!("{data}(global $heap"))
}

/// A binding says who provides, and in which order, whatever the priorities.
#[test]
fn bound_providers_answer_in_the_order_of_the_binding() {
    let folder = || {
        PROVIDERS.iter().enumerate().fold(hub("", "map<string, u32>", "cardinality = 'any'"), |folder, (index, id)| {
            let tables = format!("[exports]\n't:t/p' = {{ priority = {index} }}\n");
            folder.plugin(id, &tables, &provider_of_p(R::Number, index))
        })
    };
    let ids = |app: &App| match ask(app, 0).unwrap() {
        Some(Val::Map(entries)) => entries.into_iter().map(|(id, _)| id).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ids(&folder().start()), ["cyd", "bob", "ada"].map(string));
    for order in [&["ada", "cyd", "bob"][..], &["bob", "ada"], &["cyd"]] {
        let bound = folder().file("app.toml", &format!("[bind]\nhub = {{ 't:t/ask' = {order:?} }}\n"));
        assert_eq!(ids(&bound.start()), order.iter().map(|id| string(id)).collect::<Vec<_>>());
    }
}
