use anyhow::bail;
use plugweave::foreign::shown;
use plugweave::{App, CallError, Callable, PluginId, Val, WaveCall, WaveError, print_wave};
use serde_json::{Value, json};

use super::args::{CallArguments, Format};
use super::{FAILED, USAGE, output, run};

/// What one plugin has answered: a value, nothing, or a failure.
type Answer = (PluginId, Result<Option<Val>, CallError>);

/// `plugweave call`
pub fn main(arguments: &CallArguments) -> anyhow::Result<u8> {
    let Some(text) = output::text("the call", arguments.call()) else { return Ok(USAGE) };
    let call = match WaveCall::parse(text) {
        Ok(call) => call,
        Err(error) => {
            output::error(&not_a_call(text, error));
            return Ok(USAGE);
        }
    };
    let Some(app) = run::start(arguments.dir(), None)? else { return Ok(FAILED) };
    if arguments.all { call_all(&app, &call, arguments.format) } else { call_one(&app, &call, arguments) }
}

/// Why a text is not a call. One that could be a folder probably is the app's.
fn not_a_call(text: &str, error: WaveError) -> anyhow::Error {
    let hint = if text.contains(['(', '#', ':']) { "" } else { "; the app's folder stands in front of the call" };
    anyhow::anyhow!("`{}` is not a call: {error}{hint}", shown(text))
}

fn call_one(app: &App, call: &WaveCall<'_>, arguments: &CallArguments) -> anyhow::Result<u8> {
    let plugin = arguments.plugin.as_deref();
    let callables = match plugin {
        Some(plugin) => vec![app.callable(plugin, call.target())?],
        None => app.callables(call.target())?,
    };
    if callables.len() > 1 {
        let ids: Vec<&str> = callables.iter().map(|callable| callable.plugin.as_str()).collect();
        let ids = ids.join(", ");
        bail!("several plugins export `{}`: {ids}; choose one by `--plugin ID`, or call `--all`", call.target());
    }
    callables.iter().try_for_each(check_has_text)?;
    let answer = match (app.call_wave(plugin, call), arguments.format) {
        (Err(error), Format::Json) => {
            output::json(&json!({ "error": error.to_json() }))?;
            return Ok(FAILED);
        }
        (answer, _) => answer?,
    };
    let value = answer.as_ref().map(print_wave).transpose()?;
    match arguments.format {
        Format::Json => output::json(&json!({ "value": value }))?,
        // A function without a result prints nothing.
        Format::Text => value.iter().try_for_each(|value| output::result(value))?,
    }
    Ok(0)
}

/// Whether the arguments can be written as text: handles cannot.
fn check_has_text(callable: &Callable<'_>) -> anyhow::Result<()> {
    let (ty, function) = (callable.ty, callable.function);
    let target = callable.interface.map_or_else(|| function.to_owned(), |interface| format!("{interface}#{function}"));
    for param in &ty.params {
        if let Some(handle) = param.ty.handles().first() {
            let article = if **handle == *param.ty { "is a" } else { "has a" };
            bail!(
                "`{target}` cannot be called from the command line: parameter `{}` {article} `{handle}`, which has no text",
                param.name
            );
        }
    }
    Ok(())
}

fn call_all(app: &App, call: &WaveCall<'_>, format: Format) -> anyhow::Result<u8> {
    app.callables(call.target())?.iter().try_for_each(check_has_text)?;
    let answers: Vec<Answer> = app.call_all_wave(call)?;
    match format {
        Format::Json => output::json(&answers.iter().map(to_json).collect::<anyhow::Result<Value>>()?)?,
        Format::Text => answers.iter().try_for_each(|answer| output::result(&to_line(answer)?))?,
    }
    Ok(if answers.iter().any(|(_, answer)| answer.is_err()) { FAILED } else { 0 })
}

/// `ID: VALUE`, or `ID: error: MESSAGE`; always one line.
fn to_line((plugin, answer): &Answer) -> anyhow::Result<String> {
    Ok(match answer {
        Ok(Some(value)) => format!("{plugin}: {}", print_wave(value)?),
        Ok(None) => format!("{plugin}:"),
        Err(error) => format!("{plugin}: error: {}", error.to_string().replace('\n', " ")),
    })
}

fn to_json((plugin, answer): &Answer) -> anyhow::Result<Value> {
    Ok(match answer {
        Ok(value) => json!({ "plugin": plugin, "value": value.as_ref().map(print_wave).transpose()? }),
        Err(error) => json!({ "plugin": plugin, "error": error.to_json() }),
    })
}
