use super::args::{Format, PlanArguments};
use super::{FAILED, check, output};

/// `plugweave plan`
pub fn main(arguments: &PlanArguments) -> anyhow::Result<u8> {
    let Some(plan) = check::planned(&arguments.dir)? else { return Ok(FAILED) };
    match arguments.format {
        Format::Text => output::result(&plan.to_text())?,
        Format::Json => output::json(&plan.to_json())?,
    }
    Ok(0)
}
