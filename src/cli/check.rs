use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use plugweave::check::{Checked, check, check_only};
use plugweave::files::Files;
use plugweave::folder::Folder;
use plugweave::foreign::shown_path;
use plugweave::plan::Plan;

use super::args::{CheckArguments, Format};
use super::{FAILED, output};

/// `plugweave check`
pub fn main(arguments: &CheckArguments) -> anyhow::Result<u8> {
    let checked = read(&arguments.dir, check_only)?;
    if arguments.format == Format::Json {
        output::problems_as_json(&checked)?;
    } else {
        output::problems(&checked);
    }
    let Some(plan) = &checked.plan else { return Ok(FAILED) };
    if arguments.format == Format::Text {
        output::result(&summary(plan))?;
    }
    Ok(0)
}

/// Reads and checks the app in a folder.
fn read(dir: &Path, check: fn(&dyn Files) -> Result<Checked, String>) -> anyhow::Result<Checked> {
    let shown = shown_path(dir);
    let checked =
        check(&Folder::new(dir)).map_err(|reason| anyhow!("cannot read the app's folder `{shown}`: {reason}"))?;
    if checked.plan.as_ref().is_some_and(|plan| plan.plugins.is_empty()) {
        output::warning(&format!(
            "no plugin is enabled in `{shown}`; manifests are `*.toml` and `NAME/plugin.toml` in the app's folder"
        ));
    }
    Ok(checked)
}

/// The plan of the app in a folder, or `None` when it has problems, which are told.
pub fn planned(dir: &Path) -> anyhow::Result<Option<Plan>> {
    let checked = read(dir, check_only)?;
    output::problems(&checked);
    Ok(checked.plan)
}

/// A plan, and the components of its plugins.
type Linkable = (Plan, Vec<Arc<[u8]>>);

/// As [`planned`], with the components of the plan's plugins.
pub fn linkable(dir: &Path) -> anyhow::Result<Option<Linkable>> {
    let checked = read(dir, check)?;
    output::problems(&checked);
    Ok(checked.plan.map(|plan| (plan, checked.binaries)))
}

fn summary(plan: &Plan) -> String {
    format!("ok: {}, {}", output::counted(plan.plugins.len(), "plugin"), output::counted(plan.links(), "link"))
}
