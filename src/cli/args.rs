use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Assembles an application out of WebAssembly plugins.
///
/// An app is a folder. Every `*.toml` in it is the manifest of a plugin: a WebAssembly component
/// and the interfaces that it imports and exports. `check` tells whether the plugins fit together,
/// `plan`, `graph` and `why` show how, `run` and `call` make them work. `inspect` shows what is in a
/// binary, and drafts its manifest.
#[derive(Debug, Parser)]
#[command(name = "plugweave", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 fine, 1 the app or a call failed, 2 wrong usage; of `run`, the guest's own.\n\
    PLUGWEAVE_LOG sets what is logged to stderr (default: info), e.g. PLUGWEAVE_LOG=debug.")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find all problems of an app in one pass; nothing is run
    #[command(
        after_help = "Prints `ok: N plugins, M links` when all is well: N enabled plugins, M pairs of an import \
        and a plugin that serves it. Otherwise each problem is told with its code, the place in the manifest and \
        what to do about it.\n\nExample: plugweave check plugins"
    )]
    Check(CheckArguments),
    /// Show the order of the start, and who serves each import
    #[command(
        after_help = "In the replies, `R` is the provider's own result.\n\nExample: plugweave plan plugins --format json"
    )]
    Plan(PlanArguments),
    /// Draw the wiring
    #[command(after_help = "Example: plugweave graph plugins --format svg > plugins.svg")]
    Graph(GraphArguments),
    /// Start the app and run its entry plugin
    #[command(after_help = "The entry is the plugin that `entry` in app.toml names, else the only one that exports \
        `wasi:cli/run`. It gets the arguments behind `--` and the terminal; the exit code is the guest's.\n\n\
        Example: plugweave run plugins -- --verbose < input.txt")]
    Run(RunArguments),
    /// Call an exported function
    #[command(after_help = "Arguments and results are WAVE, the text form of component values: 1, \"text\", [1, 2], \
        {name: \"x\"}, some(1), ok(2), (1, 'c').\n\nExamples:\n  \
        plugweave call plugins 'text:stats/words@1.0.0#count(\"a b\")'\n  \
        plugweave call plugins --all 'text:lint/rule#check(\"# Title\")'\n  \
        plugweave call plugins --plugin stats 'run(\"hey\")'")]
    Call(CallArguments),
    /// Show what a binary imports and exports
    #[command(
        after_help = "Prints WIT, or with --manifest a manifest for the binary, to be saved beside it. FILE is a \
        component or a core module, as `.wasm` or `.wat`; a core module without embedded WIT needs --wit.\n\n\
        Example: plugweave inspect plugins/words.wasm --manifest > plugins/words.toml"
    )]
    Inspect(InspectArguments),
    /// Explain why an import is bound as it is
    #[command(
        after_help = "Tells what the manifests say about the import, who serves it in which order, who does not \
        and why not, and how the answers become a reply. INTERFACE is the import's own name; its version may be left \
        out. Works also when the app has problems.\n\n\
        Example: plugweave why plugins editor text:stats/words"
    )]
    Why(WhyArguments),
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The app's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// How to print the problems: `json` prints an array on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The app's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct GraphArguments {
    /// The app's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The language of the picture
    #[arg(long, value_enum, default_value_t)]
    pub format: PictureFormat,
}

#[derive(Debug, Args)]
#[command(override_usage = "plugweave run [DIR] [-- <ARG>...]")]
pub struct RunArguments {
    /// The app's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Arguments for the entry plugin
    #[arg(value_name = "ARG", last = true)]
    pub args: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(override_usage = "plugweave call [OPTIONS] [DIR] <CALL>")]
pub struct CallArguments {
    /// The app's folder (default: the current one), and the call as `INTERFACE#FUNC(ARGS)` or `FUNC(ARGS)`
    #[arg(value_name = "CALL")]
    first: OsString,
    #[arg(hide = true)]
    second: Option<OsString>,
    /// Call this plugin
    #[arg(long, value_name = "ID", conflicts_with = "all")]
    pub plugin: Option<String>,
    /// Call every plugin that exports the function, in provider order
    #[arg(long)]
    pub all: bool,
    /// How to print the answers
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl CallArguments {
    /// The app's folder. Positionals count from the end, so that it may be left out.
    pub fn dir(&self) -> &Path {
        self.second.as_ref().map_or(Path::new("."), |_| Path::new(&self.first))
    }

    /// The call.
    pub fn call(&self) -> &OsStr {
        self.second.as_ref().unwrap_or(&self.first)
    }
}

#[derive(Debug, Args)]
pub struct InspectArguments {
    /// The component or core module
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print a manifest instead of WIT
    #[arg(long, conflicts_with = "format")]
    pub manifest: bool,
    /// WIT for a core module that has none embedded: a file or folder
    #[arg(long, value_name = "PATH")]
    pub wit: Option<PathBuf>,
    /// The world in that WIT
    #[arg(long, value_name = "NAME", requires = "wit")]
    pub world: Option<String>,
    /// How to print the imports and exports
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(override_usage = "plugweave why [OPTIONS] [DIR] <PLUGIN> <INTERFACE>")]
pub struct WhyArguments {
    /// The plugin that imports; before it may stand the app's folder (default: the current one)
    #[arg(value_name = "PLUGIN")]
    first: OsString,
    /// The import
    #[arg(value_name = "INTERFACE")]
    second: OsString,
    #[arg(hide = true)]
    third: Option<OsString>,
    /// How to print the explanation
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl WhyArguments {
    /// The app's folder, the plugin and the interface. Positionals count from the end, so that the
    /// folder may be left out.
    pub fn question(&self) -> (&Path, &OsStr, &OsStr) {
        match &self.third {
            Some(third) => (Path::new(&self.first), &self.second, third),
            None => (Path::new("."), &self.first, &self.second),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Text for people
    #[default]
    Text,
    /// JSON for machines
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PictureFormat {
    /// Graphviz
    Dot,
    /// Mermaid
    #[default]
    Mermaid,
    /// A picture for browsers and documents
    Svg,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn positionals_count_from_the_end() {
        let parse = |line: &[&str]| {
            let arguments = Arguments::try_parse_from([&["plugweave", "call"], line].concat()).unwrap();
            let Command::Call(call) = arguments.command else { panic!("not a call") };
            (call.dir().to_owned(), call.call().to_str().unwrap().to_owned(), call.all)
        };
        assert_eq!(parse(&["f(1)"]), (".".into(), "f(1)".into(), false));
        assert_eq!(parse(&["app", "f(1)"]), ("app".into(), "f(1)".into(), false));
        assert_eq!(parse(&["app", "--all", "f(1)"]), ("app".into(), "f(1)".into(), true));
        assert_eq!(parse(&["app", "f(1)", "--all"]), ("app".into(), "f(1)".into(), true));
    }

    #[test]
    fn the_folder_of_why_may_be_left_out() {
        let parse = |line: &[&str]| {
            let arguments = Arguments::try_parse_from([&["plugweave", "why"], line].concat()).ok()?;
            let Command::Why(why) = arguments.command else { panic!("not why") };
            let (dir, plugin, interface) = why.question();
            Some((dir.to_owned(), plugin.to_str()?.to_owned(), interface.to_str()?.to_owned()))
        };
        assert_eq!(parse(&["p", "i"]), Some((".".into(), "p".into(), "i".into())));
        assert_eq!(parse(&["app", "p", "i"]), Some(("app".into(), "p".into(), "i".into())));
        for place in 0..=3 {
            let mut line = vec!["app", "p", "i"];
            line.splice(place..place, ["--format", "json"]);
            assert_eq!(parse(&line), Some(("app".into(), "p".into(), "i".into())));
        }
        assert_eq!((parse(&["p"]), parse(&["a", "b", "c", "d"])), (None, None));
    }
}
