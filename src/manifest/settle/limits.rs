use std::time::Duration;

use super::{Settling, Word};
use crate::diagnostic::Spanned;
use crate::manifest::write;
use crate::model::{Budget, Limits, RestartBudget};

/// The manifest's limits over the defaults, narrowed by the app's.
pub(super) fn limits(settling: &mut Settling<'_>) -> Limits {
    let manifest = settling.manifest;
    let (mine, defaults) = (&manifest.limits, Limits::default());
    let app = settling.word.map(|word| &word.plugin.limits).cloned().unwrap_or_default();
    let default_timeout = Budget::AtMost(Limits::DEFAULT_TIMEOUT);
    let timeout = settling.narrow(&TIMEOUT, mine.timeout.as_ref(), default_timeout, app.timeout.as_ref());
    Limits {
        memory: settling.narrow(&bytes("memory"), mine.memory.as_ref(), defaults.memory, app.memory.as_ref()),
        // Unless one of them speaks, the time of an entry depends on what it is.
        timeout: mine.timeout.as_ref().or(app.timeout.as_ref()).map(|_| timeout),
        fuel: settling.narrow(&FUEL, mine.fuel.as_ref(), defaults.fuel, app.fuel.as_ref()),
        call_depth: settling.narrow(
            &count("call-depth"),
            mine.call_depth.as_ref(),
            defaults.call_depth,
            app.call_depth.as_ref(),
        ),
        handles: settling.narrow(&count("handles"), mine.handles.as_ref(), defaults.handles, app.handles.as_ref()),
        tables: settling.narrow(&count("tables"), mine.tables.as_ref(), defaults.tables, app.tables.as_ref()),
        instances: settling.narrow(
            &count("instances"),
            mine.instances.as_ref(),
            defaults.instances,
            app.instances.as_ref(),
        ),
        open_files: settling.narrow(
            &count("open-files"),
            mine.open_files.as_ref(),
            defaults.open_files,
            app.open_files.as_ref(),
        ),
        hostcall_bytes: settling.narrow(
            &bytes("hostcall-bytes"),
            mine.hostcall_bytes.as_ref(),
            defaults.hostcall_bytes,
            app.hostcall_bytes.as_ref(),
        ),
        restart: settling.narrow(&RESTART, mine.restart.as_ref(), defaults.restart, app.restart.as_ref()),
    }
}

/// How one limit is compared and shown.
struct Rule<T> {
    key: &'static str,
    /// Whether the first allows no more than the second.
    within: fn(&T, &T) -> bool,
    show: fn(&T) -> String,
}

const TIMEOUT: Rule<Budget<Duration>> = Rule {
    key: "timeout",
    within: Budget::within,
    show: |timeout| show_budget(timeout, "never", |time| write::duration(*time)),
};

const FUEL: Rule<Budget<u64>> =
    Rule { key: "fuel", within: Budget::within, show: |fuel| show_budget(fuel, "unlimited", u64::to_string) };

const RESTART: Rule<RestartBudget> = Rule { key: "restart", within: restarts_within, show: show_restart };

fn bytes(key: &'static str) -> Rule<u64> {
    Rule { key, within: u64::le, show: |bytes| write::size(*bytes) }
}

fn count(key: &'static str) -> Rule<u32> {
    Rule { key, within: u32::le, show: u32::to_string }
}

impl Settling<'_> {
    /// The app's value where it is narrower than the manifest's or the default one, else that.
    fn narrow<T: Copy>(
        &mut self,
        rule: &Rule<T>,
        written: Option<&Spanned<T>>,
        default: T,
        app: Option<&Spanned<T>>,
    ) -> T {
        let base = written.map_or(default, |written| written.value);
        let (Some(wanted), Some(Word { file, .. })) = (app, self.word) else {
            return base;
        };
        if (rule.within)(&wanted.value, &base) {
            return wanted.value;
        }
        let (wanted_text, base_text) = ((rule.show)(&wanted.value), (rule.show)(&base));
        let what = format!("may only narrow: {wanted_text} allows more than {base_text}");
        let problem = self.problem(file, &format!("limits.{}", rule.key), &what, &wanted.span, wanted_text);
        let problem = match written {
            Some(written) => problem
                .label(self.manifest.file, written.span.clone(), format!("the manifest allows {base_text}"))
                .help(format!("let app.toml allow no more than {base_text}, or widen the limit in the manifest")),
            None => problem
                .note(format!("the manifest does not say, so that the default holds: {base_text}"))
                .help(format!("let app.toml allow no more than {base_text}, or write the wider limit in the manifest")),
        };
        self.diagnostics.push(problem);
        base
    }
}

fn restarts_within(mine: &RestartBudget, theirs: &RestartBudget) -> bool {
    match (mine, theirs) {
        (RestartBudget::Never, _) => true,
        (RestartBudget::AtMost { .. }, RestartBudget::Never) => false,
        (RestartBudget::AtMost { max, within }, RestartBudget::AtMost { max: their_max, within: their_within }) => {
            max <= their_max && within >= their_within
        }
    }
}

fn show_restart(restart: &RestartBudget) -> String {
    match restart {
        RestartBudget::Never => "never".to_owned(),
        RestartBudget::AtMost { max, within } => format!("{max} within {}", write::duration(*within)),
    }
}

fn show_budget<T>(budget: &Budget<T>, unlimited: &str, show: impl Fn(&T) -> String) -> String {
    match budget {
        Budget::Unlimited => unlimited.to_owned(),
        Budget::AtMost(amount) => show(amount),
    }
}
