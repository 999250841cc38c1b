use std::time::Duration;

use crate::foreign::told;
use crate::model::{ExternName, PluginId};

/// Why a plan cannot be linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The engine does not come up.
    #[error("the engine cannot be set up: {}", told(cause))]
    Engine {
        /// What the engine says.
        cause: String,
    },
    /// An option of the engine that cannot be had: see [`EngineOptions`](crate::EngineOptions).
    #[error("the engine option `{option}` cannot be had: {}", told(cause))]
    Option {
        /// The name of the option.
        option: &'static str,
        /// Why not.
        cause: String,
    },
    /// Not one binary for each plugin.
    #[error("the plan has {plugins} plugins, but there are {binaries} binaries")]
    Binaries {
        /// The number of plugins.
        plugins: usize,
        /// The number of binaries.
        binaries: usize,
    },
    /// A component does not compile.
    #[error("plugin `{plugin}` cannot be compiled: {}", told(cause))]
    Compile {
        /// The plugin.
        plugin: PluginId,
        /// What the compiler says.
        cause: String,
    },
    /// Compiling a component takes more than it may: PW003, as for a component that `check` refuses.
    #[error("plugin `{plugin}` is too costly to compile (PW003): {excess}")]
    Costly {
        /// The plugin.
        plugin: PluginId,
        /// What it takes too much of.
        excess: CompileExcess,
    },
    /// The process that compiles a component under limits could not do so.
    #[error("plugin `{plugin}` must be compiled in a process of its own, and that failed: {cause}")]
    CompileProcess {
        /// The plugin.
        plugin: PluginId,
        /// Why.
        cause: String,
    },
    /// An import that only an embedding application can serve.
    #[error(
        "plugin `{plugin}` imports `{interface}` from the host, which does not offer it; run it in the application that does"
    )]
    HostInterface {
        /// The plugin.
        plugin: PluginId,
        /// The interface.
        interface: ExternName,
    },
    /// The functions of a host interface cannot be defined.
    #[error("the host interface `{interface}` cannot be defined: {}", told(cause))]
    Host {
        /// The interface.
        interface: ExternName,
        /// What the linker says.
        cause: String,
    },
    /// The plan names something that the binary does not have.
    #[error("plugin `{plugin}` does not export `{function}` of `{export}`, which the plan names")]
    MissingExport {
        /// The plugin.
        plugin: PluginId,
        /// The name of the export.
        export: String,
        /// The function.
        function: String,
    },
    /// The plan contradicts itself.
    #[error("the plan for `{function}` of `{import}` in plugin `{plugin}` contradicts itself: {}", told(cause))]
    Plan {
        /// The consumer.
        plugin: PluginId,
        /// The name of the import.
        import: String,
        /// The function.
        function: String,
        /// How.
        cause: String,
    },
    /// An import cannot be defined, or its definition does not fit the binary.
    #[error("the imports of plugin `{plugin}` cannot be linked: {}", told(cause))]
    Imports {
        /// The plugin.
        plugin: PluginId,
        /// What the linker says.
        cause: String,
    },
}

/// What compiling a component takes too much of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileExcess {
    /// Time of the processor.
    #[error(
        "it takes more than {}s of CPU time; raise `compile-time` in `[app]` of `app.toml`, or divide the plugin into \
         smaller ones",
        limit.as_secs()
    )]
    CpuTime {
        /// How much it may take, in whole seconds.
        limit: Duration,
    },
    /// Time, with little of it on a processor.
    #[error("it did not end within {}s, which is three times its CPU time and ten seconds; try it on a less busy machine", limit.as_secs())]
    Time {
        /// How much it may take.
        limit: Duration,
    },
    /// Memory.
    #[error("it takes more than {} MiB of memory; divide the plugin into smaller ones", limit >> 20)]
    Memory {
        /// How many bytes of address space it may take.
        limit: u64,
    },
    /// What ended the process that compiled it is not known.
    #[error("the process that compiled it was ended by {by}, perhaps for lack of memory of the machine")]
    Ended {
        /// The signal.
        by: String,
    },
}
