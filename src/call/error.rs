use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::foreign::cut;
use crate::model::{ExternName, PluginId};

/// What kind of failure a call has ended with. New kinds may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The plugin trapped, or answered something that is not a value of the type it declares.
    Trap,
    /// Its time was up.
    Timeout,
    /// Its fuel was used up.
    Fuel,
    /// It called `wasi:cli/exit`.
    Exit,
    /// A function of the host that it called panicked.
    HostPanic,
    /// It has failed before, and may not or cannot be started again.
    Failed,
    /// It is still starting.
    NotStarted,
    /// It is on the chain of calls already.
    Reentrant,
    /// Waiting for it would never end: the chain that holds it waits for this one.
    Ring,
    /// The chain of calls is longer than the plugin allows.
    CallDepth,
    /// The thread has too little native stack left to enter it.
    Stack,
    /// Others have handles of as many of its resources as it allows.
    Handles,
    /// The arguments are not what the function takes, or more than the plugin may be given.
    BadArguments,
    /// A handle belongs to another plugin than the call can go to, or its handles to several.
    WrongOwner,
    /// A handle is from before its owner was started anew.
    OwnerRestarted,
    /// There is no such plugin, interface or function to call.
    UnknownTarget,
    /// Several plugins export the function.
    SeveralProviders,
    /// The Rust types of a call are not those of the function, or of the world.
    // New kinds come before this one, so that `ALL` must have them.
    WrongType,
}

impl CallErrorKind {
    /// Every kind: failures of plugins, refusals to enter one, and what only calls of the host end with.
    pub const ALL: [Self; Self::WrongType as usize + 1] = [
        Self::Trap,
        Self::Timeout,
        Self::Fuel,
        Self::Exit,
        Self::HostPanic,
        Self::Failed,
        Self::NotStarted,
        Self::Reentrant,
        Self::Ring,
        Self::CallDepth,
        Self::Stack,
        Self::Handles,
        Self::BadArguments,
        Self::WrongOwner,
        Self::OwnerRestarted,
        Self::UnknownTarget,
        Self::SeveralProviders,
        Self::WrongType,
    ];

    /// Whether only a call of the host can end with it: a plugin's calls are checked before it runs.
    pub fn is_host_only(self) -> bool {
        matches!(self, Self::UnknownTarget | Self::SeveralProviders | Self::WrongType)
    }

    /// Whether no plugin was entered: nobody has failed, and nobody is charged.
    pub fn is_refusal(self) -> bool {
        match self {
            Self::Trap | Self::Timeout | Self::Fuel | Self::Exit | Self::HostPanic | Self::Failed => false,
            Self::NotStarted
            | Self::Reentrant
            | Self::Ring
            | Self::CallDepth
            | Self::Stack
            | Self::Handles
            | Self::BadArguments
            | Self::WrongOwner
            | Self::OwnerRestarted
            | Self::UnknownTarget
            | Self::SeveralProviders
            | Self::WrongType => true,
        }
    }

    /// The code that programs see; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Fuel => "fuel",
            Self::Exit => "exit",
            Self::HostPanic => "host-panic",
            Self::Failed => "failed",
            Self::NotStarted => "not-started",
            Self::Reentrant => "reentrant",
            Self::Ring => "ring",
            Self::CallDepth => "call-depth",
            Self::Stack => "stack",
            Self::Handles => "handles",
            Self::BadArguments => "bad-arguments",
            Self::WrongOwner => "wrong-owner",
            Self::OwnerRestarted => "owner-restarted",
            Self::UnknownTarget => "unknown-target",
            Self::SeveralProviders => "several-providers",
            Self::WrongType => "wrong-type",
        }
    }
}

impl fmt::Display for CallErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// One call of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFrame {
    /// Who called; `None` for the host.
    pub caller: Option<PluginId>,
    /// The plugin that was called.
    pub plugin: PluginId,
    /// The interface; `None` for a function of the world itself, and for what is not a function.
    pub interface: Option<ExternName>,
    /// The function.
    pub function: String,
}

/// What stands for the function where a plugin is being started.
const START: &str = "(start)";

/// What stands for the function where the host uses several exports at once.
const EXPORTS: &str = "(exports)";

/// What stands for the function where the host starts a plugin anew.
const RESTART: &str = "(restart)";

/// What stands for the function where destructors of resources run.
const DESTRUCTOR: &str = "(destructor)";

impl CallFrame {
    /// The start of a plugin, which is no call of a function.
    pub fn start(caller: Option<PluginId>, plugin: PluginId) -> Self {
        Self::apart(caller, plugin, START)
    }

    /// The host at work with the exports of a plugin, which may be several calls or none.
    pub fn exports(caller: Option<PluginId>, plugin: PluginId) -> Self {
        Self::apart(caller, plugin, EXPORTS)
    }

    /// The host's wish to start a plugin anew.
    pub fn restart(caller: Option<PluginId>, plugin: PluginId) -> Self {
        Self::apart(caller, plugin, RESTART)
    }

    /// Destructors of a plugin's resources, which run when nobody has handles of them any more.
    pub fn destructor(caller: Option<PluginId>, plugin: PluginId) -> Self {
        Self::apart(caller, plugin, DESTRUCTOR)
    }

    /// What is no call of a function, by what stands for one.
    fn apart(caller: Option<PluginId>, plugin: PluginId, function: &str) -> Self {
        Self { caller, plugin, interface: None, function: function.to_owned() }
    }

    /// Whether this is the start of a plugin.
    pub fn is_start(&self) -> bool {
        self.function == START
    }

    /// What was called, as one writes it: `text:stats/words@1.0.0#count`, or `run`.
    pub fn target(&self) -> String {
        match &self.interface {
            Some(interface) => format!("{interface}#{}", self.function),
            None => self.function.clone(),
        }
    }
}

/// Why a call has failed, with the chain of calls that led there. Cheap to clone.
#[derive(Clone)]
pub struct CallError(Arc<Fault>);

/// Most characters of what happened, which may quote a signature.
const LONGEST_CAUSE: usize = 5000;

#[derive(Clone)]
struct Fault {
    kind: CallErrorKind,
    origin: Option<PluginId>,
    cause: String,
    backtrace: Vec<String>,
    summary: Option<String>,
    exit_code: Option<i32>,
    frames: Vec<CallFrame>,
    /// Whether the cause has the whole chain already.
    tells_chain: bool,
}

impl CallError {
    /// A failure that began in the plugin `origin`, before it is known who called.
    pub fn new(kind: CallErrorKind, origin: Option<PluginId>, cause: impl Into<String>) -> Self {
        // Traps and messages of libraries quote what binaries hold.
        let cause = cut(&cause.into(), LONGEST_CAUSE);
        Self(Arc::new(Fault {
            kind,
            origin,
            cause,
            backtrace: Vec::new(),
            summary: None,
            exit_code: None,
            frames: Vec::new(),
            tells_chain: false,
        }))
    }

    /// Adds what the guest's stack was: the names of its functions, innermost first.
    #[must_use]
    pub fn with_backtrace(mut self, backtrace: Vec<String>) -> Self {
        Arc::make_mut(&mut self.0).backtrace = backtrace;
        self
    }

    /// Says first what the failure means, where that is not plain from the failure itself.
    #[must_use]
    pub fn with_summary(mut self, summary: String) -> Self {
        Arc::make_mut(&mut self.0).summary = Some(summary);
        self
    }

    /// Does not show the chain behind the cause, which has it already.
    #[must_use]
    pub fn telling_chain(mut self) -> Self {
        Arc::make_mut(&mut self.0).tells_chain = true;
        self
    }

    /// Adds the status that the guest wanted to exit with.
    #[must_use]
    pub fn with_exit_code(mut self, code: i32) -> Self {
        Arc::make_mut(&mut self.0).exit_code = Some(code);
        self
    }

    /// Adds a call to the outer end of the chain.
    #[must_use]
    pub fn called(mut self, frame: CallFrame) -> Self {
        Arc::make_mut(&mut self.0).frames.insert(0, frame);
        self
    }

    /// The error as it is told at a call that so many others of its chain lie outside of.
    #[must_use]
    pub fn beyond(&self, depth: u32) -> Self {
        let mut fault = (*self.0).clone();
        fault.frames.drain(..fault.frames.len().min(usize::try_from(depth).unwrap_or(usize::MAX)));
        Self(Arc::new(fault))
    }

    /// The failure of a plugin that cannot be started, because of `self`.
    #[must_use]
    pub fn starting(self) -> Self {
        let cause = format!("it cannot be started: {self}");
        let error = Self::new(CallErrorKind::Failed, self.0.origin.clone(), cause);
        error.with_backtrace(self.0.backtrace.clone())
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> CallErrorKind {
        self.0.kind
    }

    /// The plugin in which it began, which may have been called by others that ended with it; for a
    /// refusal, the plugin that was not entered.
    pub fn origin(&self) -> Option<&PluginId> {
        self.0.origin.as_ref()
    }

    /// The plugin that was called and has failed to answer.
    pub fn provider(&self) -> Option<&PluginId> {
        self.0.frames.first().map(|frame| &frame.plugin).or(self.0.origin.as_ref())
    }

    /// What happened, where it began.
    pub fn cause(&self) -> &str {
        &self.0.cause
    }

    /// The stack of the guest in which it began: the names of its functions, as far as the binary
    /// has them, innermost first, with file, line and column where it has debug information. Empty where
    /// it did not begin in a guest.
    pub fn backtrace(&self) -> &[String] {
        &self.0.backtrace
    }

    /// The status that the guest wanted to exit with.
    pub fn exit_code(&self) -> Option<i32> {
        self.0.exit_code
    }

    /// The calls that led there, outermost first.
    pub fn chain(&self) -> &[CallFrame] {
        &self.0.frames
    }

    /// The error as JSON: `code`, whether it is a `refusal`, `message`, what was called (`provider`,
    /// `interface`, `function`), where it began (`origin`, `cause`, `exit-code`, `backtrace`) and the
    /// `chain` in between.
    pub fn to_json(&self) -> Value {
        let fault = &*self.0;
        let called = fault.frames.first();
        let chain: Vec<Value> = fault.frames.iter().map(frame_json).collect();
        json!({
            "code": fault.kind.code(),
            "refusal": fault.kind.is_refusal(),
            "message": self.to_string(),
            "provider": self.provider().map(PluginId::as_str),
            "interface": called.and_then(|frame| frame.interface.as_ref()).map(ToString::to_string),
            "function": called.map(|frame| frame.function.as_str()),
            "origin": fault.origin.as_ref().map(PluginId::as_str),
            "cause": fault.cause,
            "exit-code": fault.exit_code,
            "chain": chain,
            "backtrace": fault.backtrace,
        })
    }
}

fn frame_json(frame: &CallFrame) -> Value {
    json!({
        "caller": frame.caller.as_ref().map_or("host", PluginId::as_str),
        "plugin": frame.plugin.as_str(),
        "interface": frame.interface.as_ref().map(ToString::to_string),
        "function": frame.function,
    })
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = &*self.0;
        if let Some(summary) = &fault.summary {
            write!(f, "{summary}: ")?;
        }
        let Some(inner) = fault.frames.last() else { return f.write_str(&fault.cause) };
        tell_end(f, inner, fault.kind.is_refusal())?;
        write!(f, " ({}): {}", fault.kind, fault.cause)?;
        if fault.frames.len() > 1 && !fault.tells_chain {
            let caller = fault.frames.first().and_then(|frame| frame.caller.as_ref());
            write!(f, "; called through {}", caller.map_or("host", PluginId::as_str))?;
            let (outer, middle, inner) = ends(&fault.frames);
            outer.iter().try_for_each(|frame| tell(f, frame))?;
            if middle > 0 {
                write!(f, " -> … {middle} more …")?;
            }
            inner.iter().try_for_each(|frame| tell(f, frame))?;
        }
        Ok(())
    }
}

/// How many calls are shown at each end of a long chain.
const SHOWN: usize = 5;

/// Both ends of a chain, and how many are between them. Of a long one that will do; [`CallError::chain`] has the rest.
pub fn ends<T>(chain: &[T]) -> (&[T], usize, &[T]) {
    match chain.len().checked_sub(2 * SHOWN) {
        Some(middle @ 2..) => (&chain[..SHOWN], middle, &chain[chain.len() - SHOWN..]),
        _ => (chain, 0, &[]),
    }
}

/// What has become of the innermost call. Where it was refused, nothing has failed.
fn tell_end(f: &mut fmt::Formatter<'_>, call: &CallFrame, refused: bool) -> fmt::Result {
    let plugin = &call.plugin;
    match (refused, call.function.as_str()) {
        (false, START) => write!(f, "plugin `{plugin}` has failed while starting"),
        (true, START) => write!(f, "plugin `{plugin}` was not started"),
        (true, RESTART) => write!(f, "plugin `{plugin}` was not started anew"),
        (true, EXPORTS) => write!(f, "the exports of plugin `{plugin}` were not used"),
        (true, _) => write!(f, "`{}` of plugin `{plugin}` was not called", call.target()),
        (false, _) => write!(f, "`{}` of plugin `{plugin}` failed", call.target()),
    }
}

fn tell(f: &mut fmt::Formatter<'_>, frame: &CallFrame) -> fmt::Result {
    match frame.is_start() {
        true => write!(f, " -> {} {START}", frame.plugin),
        false => write!(f, " -> {} ({})", frame.plugin, frame.target()),
    }
}

/// Marks an error as that of a plugin which the guest has called, and not one that a function of the host has made
/// out of whatever it has called.
#[derive(Debug)]
pub struct Called;

impl Called {
    /// Marks an error of a call.
    pub fn mark(error: wasmtime::Error) -> wasmtime::Error {
        if error.is::<CallError>() { error.context(Self) } else { error }
    }
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plugin that it has called has failed")
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError")
            .field("kind", &self.0.kind)
            .field("origin", &self.0.origin)
            .field("message", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for CallError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn id(text: &str) -> PluginId {
        PluginId::parse(text).unwrap()
    }

    fn frame(caller: Option<&str>, plugin: &str) -> CallFrame {
        CallFrame {
            caller: caller.map(id),
            plugin: id(plugin),
            interface: ExternName::parse("a:b/c@1.0.0").ok(),
            function: "f".into(),
        }
    }

    /// Does not compile while a kind is missing: it belongs into `ALL`, and before the last one.
    fn is_last(kind: CallErrorKind) -> bool {
        match kind {
            CallErrorKind::Trap
            | CallErrorKind::Timeout
            | CallErrorKind::Fuel
            | CallErrorKind::Exit
            | CallErrorKind::HostPanic
            | CallErrorKind::Failed
            | CallErrorKind::NotStarted
            | CallErrorKind::Reentrant
            | CallErrorKind::Ring
            | CallErrorKind::CallDepth
            | CallErrorKind::Stack
            | CallErrorKind::Handles
            | CallErrorKind::BadArguments
            | CallErrorKind::WrongOwner
            | CallErrorKind::OwnerRestarted
            | CallErrorKind::UnknownTarget
            | CallErrorKind::SeveralProviders => false,
            CallErrorKind::WrongType => true,
        }
    }

    #[test]
    fn all_kinds_are_listed_once_and_have_codes_of_their_own() {
        let all = CallErrorKind::ALL;
        assert!(all.iter().enumerate().all(|(place, kind)| *kind as usize == place));
        assert!(all.iter().enumerate().all(|(place, kind)| is_last(*kind) == (place + 1 == all.len())));
        let codes: BTreeSet<&str> = all.into_iter().map(CallErrorKind::code).collect();
        assert_eq!(codes.len(), all.len());
    }

    #[test]
    fn the_chain_is_told_from_the_outside_in() {
        let error = CallError::new(CallErrorKind::Trap, Some(id("b")), "unreachable executed");
        assert_eq!(error.to_string(), "unreachable executed");
        let error = error.called(frame(Some("a"), "b"));
        assert_eq!(error.to_string(), "`a:b/c@1.0.0#f` of plugin `b` failed (trap): unreachable executed");
        let error = error.called(frame(None, "a"));
        assert_eq!(
            error.to_string(),
            "`a:b/c@1.0.0#f` of plugin `b` failed (trap): unreachable executed; \
             called through host -> a (a:b/c@1.0.0#f) -> b (a:b/c@1.0.0#f)"
        );
        assert_eq!((error.provider(), error.origin()), (Some(&id("a")), Some(&id("b"))));
        let json = error.to_json();
        assert_eq!((&json["code"], &json["chain"][1]["caller"]), (&json!("trap"), &json!("a")));
        assert_eq!((&json["refusal"], &json["exit-code"]), (&json!(false), &Value::Null));
        let exit = CallError::new(CallErrorKind::Exit, None, "it exited").with_exit_code(3).to_json();
        assert_eq!(exit["exit-code"], json!(3));
        assert_eq!(CallError::new(CallErrorKind::Ring, None, "").to_json()["refusal"], json!(true));
    }

    #[test]
    fn a_refusal_is_not_told_as_a_failure() {
        let refused = || CallError::new(CallErrorKind::WrongType, Some(id("b")), "it takes a `string`");
        let told = |frame| refused().called(frame).to_string();
        assert_eq!(
            told(frame(None, "b")),
            "`a:b/c@1.0.0#f` of plugin `b` was not called (wrong-type): it takes a `string`"
        );
        assert_eq!(
            told(CallFrame::start(None, id("b"))),
            "plugin `b` was not started (wrong-type): it takes a `string`"
        );
        assert!(told(CallFrame::restart(None, id("b"))).starts_with("plugin `b` was not started anew (wrong-type)"));
        assert!(told(CallFrame::exports(None, id("b"))).starts_with("the exports of plugin `b` were not used ("));
        for kind in CallErrorKind::ALL {
            let told = CallError::new(kind, Some(id("b")), "why").called(frame(None, "b")).to_string();
            assert_eq!(told.contains("failed"), !kind.is_refusal(), "{told}");
        }
    }

    #[test]
    fn a_chain_is_told_once() {
        let cause = "only 3 KiB are left: host -> a -> b";
        let error = CallError::new(CallErrorKind::Stack, Some(id("b")), cause).telling_chain();
        let error = error.called(frame(Some("a"), "b")).called(frame(None, "a"));
        assert_eq!(error.to_string(), format!("`a:b/c@1.0.0#f` of plugin `b` was not called (stack): {cause}"));
        assert_eq!(error.chain().len(), 2);
    }

    #[test]
    fn of_a_long_chain_both_ends_are_told() {
        let told = |length: usize| {
            let ids: Vec<String> = (0..length).map(|place| format!("p{place}")).collect();
            let error = CallError::new(CallErrorKind::Trap, None, "no");
            ids.iter().rev().fold(error, |error, plugin| error.called(frame(None, plugin))).to_string()
        };
        let calls = |places: std::ops::Range<usize>| -> String {
            places.map(|place| format!(" -> p{place} (a:b/c@1.0.0#f)")).collect()
        };
        for length in [2, 6, 11] {
            assert!(told(length).ends_with(&format!("; called through host{}", calls(0..length))), "{}", told(length));
        }
        for length in [12, 40] {
            let (outer, inner) = (calls(0..5), calls(length - 5..length));
            let end = format!("; called through host{outer} -> … {} more …{inner}", length - 10);
            assert!(told(length).ends_with(&end), "{}", told(length));
        }
    }
}
