use std::ffi::OsString;
use std::path::Path;

use plugweave::{App, CallFrame, StartOptions};

use super::args::RunArguments;
use super::{FAILED, USAGE, check, output};

/// `plugweave run`
pub fn main(arguments: &RunArguments) -> anyhow::Result<u8> {
    // WASI hands text to plugins, and the operating system bytes.
    let text = |(at, arg): (usize, &OsString)| {
        Some(output::text(&format!("argument {} behind `--`", at + 1), arg)?.to_owned())
    };
    let Some(args) = arguments.args.iter().enumerate().map(text).collect() else { return Ok(USAGE) };
    let Some(app) = start(&arguments.dir, Some(args))? else { return Ok(FAILED) };
    let status = app.run()?;
    Ok(exit_code(status))
}

/// The live app in a folder, or `None` when it has problems, which are told.
pub fn start(dir: &Path, entry_args: Option<Vec<String>>) -> anyhow::Result<Option<App>> {
    let Some((plan, binaries)) = check::linkable(dir)? else { return Ok(None) };
    let app =
        App::start(plan, &binaries, StartOptions { base: dir.to_owned(), entry_args, ..StartOptions::default() })?;
    for (plugin, error) in app.failures() {
        let began_here = error.chain().last().is_some_and(CallFrame::is_start);
        let told = if began_here {
            error.to_string()
        } else {
            format!("plugin `{plugin}` has failed while starting: {error}")
        };
        output::warning(&told);
    }
    Ok(Some(app))
}

/// What the process ends with: a status that does not fit the operating system's byte is a failure.
fn exit_code(status: i32) -> u8 {
    u8::try_from(status).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_status_outside_the_range_is_a_failure() {
        assert_eq!([0, 7, 255, 256, -1].map(super::exit_code), [0, 7, 255, 255, 255]);
    }
}
