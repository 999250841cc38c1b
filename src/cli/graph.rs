use super::args::{GraphArguments, PictureFormat};
use super::{FAILED, check, output};

/// `plugweave graph`
pub fn main(arguments: &GraphArguments) -> anyhow::Result<u8> {
    let Some(plan) = check::planned(&arguments.dir)? else { return Ok(FAILED) };
    output::result(&match arguments.format {
        PictureFormat::Dot => plan.to_dot(),
        PictureFormat::Mermaid => plan.to_mermaid(),
        PictureFormat::Svg => plan.to_svg(),
    })?;
    Ok(0)
}
