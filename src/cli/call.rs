use anyhow::bail;
use plugweave::{App, CallError, PluginId, Val, WaveCall, print_wave};
use serde_json::{Value, json};

use super::args::{CallArguments, Format};
use super::{FAILED, USAGE, output, run};

/// What one plugin has answered: a value, nothing, or a failure.
type Answer = (PluginId, Result<Option<Val>, CallError>);

/// `plugweave call`
pub fn main(arguments: &CallArguments) -> anyhow::Result<u8> {
    let call = match WaveCall::parse(arguments.call()) {
        Ok(call) => call,
        Err(error) => {
            output::error(&anyhow::Error::new(error).context(format!("`{}` is not a call", arguments.call())));
            return Ok(USAGE);
        }
    };
    let Some(app) = run::start(arguments.dir(), None)? else { return Ok(FAILED) };
    if arguments.all { call_all(&app, &call, arguments.format) } else { call_one(&app, &call, arguments) }
}

fn call_one(app: &App, call: &WaveCall<'_>, arguments: &CallArguments) -> anyhow::Result<u8> {
    let plugin = arguments.plugin.as_deref();
    let callables = app.callables(call.target())?;
    if plugin.is_none() && callables.len() > 1 {
        let ids: Vec<&str> = callables.iter().map(|callable| callable.plugin.as_str()).collect();
        let ids = ids.join(", ");
        bail!("several plugins export `{}`: {ids}; choose one by `--plugin ID`, or call `--all`", call.target());
    }
    let answer = app.call_wave(plugin, call)?;
    let value = answer.as_ref().map(print_wave).transpose()?;
    match arguments.format {
        Format::Json => output::json(&json!({ "value": value }))?,
        // A function without a result prints nothing.
        Format::Text => value.iter().try_for_each(|value| output::result(value))?,
    }
    Ok(0)
}

fn call_all(app: &App, call: &WaveCall<'_>, format: Format) -> anyhow::Result<u8> {
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
