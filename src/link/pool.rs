//! How large the pool of an engine is.

use wasmtime::PoolingAllocationConfig;

use super::LinkError;
use crate::call::MAX_MEMORIES;
use crate::plan::PlannedPlugin;

/// Room for the instances of plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pool {
    instances: u32,
    /// Of each instance.
    memories: u32,
    tables: u32,
}

/// The tables that there are for each instance at least: they cost little.
const TABLES: u32 = 4;

/// The elements of a table, at most. A table with more to begin with is refused, and one that grows stays below.
const TABLE_ELEMENTS: usize = 1 << 16;

/// The bytes of an instance beside its memories and tables, at most: more than the limits of a binary allow.
const INSTANCE_SIZE: usize = 1 << 30;

impl Pool {
    /// A pool for so many instances of these plugins, whichever they are.
    pub(super) fn new<'a>(instances: u32, plugins: impl IntoIterator<Item = &'a PlannedPlugin> + Clone) -> Self {
        let most_memories = u32::try_from(MAX_MEMORIES).unwrap_or(u32::MAX);
        let memories = plugins.clone().into_iter().map(|plugin| plugin.needs.memories.min(most_memories));
        let tables = plugins.into_iter().map(|plugin| plugin.needs.tables.min(plugin.limits.tables));
        Self { instances, memories: memories.max().unwrap_or(0).max(1), tables: tables.max().unwrap_or(0).max(TABLES) }
    }

    pub(super) fn config(self) -> PoolingAllocationConfig {
        let mut config = PoolingAllocationConfig::new();
        // The rest of an instance comes from no pool, and plugins have limits of their own for it. No call uses a
        // fiber, so that there are no stacks.
        config
            .total_component_instances(self.instances)
            .total_core_instances(u32::MAX)
            .max_component_instance_size(INSTANCE_SIZE)
            .max_core_instance_size(INSTANCE_SIZE)
            .total_memories(self.instances.saturating_mul(self.memories))
            .max_memories_per_module(self.memories)
            .total_tables(self.instances.saturating_mul(self.tables))
            .max_tables_per_module(u32::MAX)
            .table_elements(TABLE_ELEMENTS)
            .total_stacks(0);
        config
    }

    /// Why an engine cannot have it.
    pub(super) fn refused(self, cause: &str) -> LinkError {
        let Self { instances, memories, tables } = self;
        let cause = format!(
            "room for {instances} instances, each with up to {memories} memories of 4 GiB and up to {tables} tables, \
             cannot be reserved: {cause}; ask for fewer, or allow the process more address space"
        );
        LinkError::Option { option: "pooling", cause }
    }
}
