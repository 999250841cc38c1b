use wasmtime::{Cache, Engine};

use super::LinkError;
use super::engine::EngineSettings;
use super::pool::Pool;
use crate::plan::{PlannedPlugin, PluginIndex};

/// The engines of an assembly: one for all plugins with equal settings.
pub(super) struct Engines {
    /// Never empty.
    engines: Vec<Engine>,
    /// Which of them is each plugin's.
    numbers: Vec<usize>,
}

/// Which plugins share an engine, and how each engine is built. Nothing is built yet.
pub(super) struct Settings {
    distinct: Vec<EngineSettings>,
    numbers: Vec<usize>,
}

impl Settings {
    /// Those of each plugin, in the order of the plan. Without plugins there is an engine all the same.
    pub(super) fn new(of_plugins: impl IntoIterator<Item = EngineSettings>, without: EngineSettings) -> Self {
        let mut distinct: Vec<EngineSettings> = Vec::new();
        let number = |settings: EngineSettings| {
            distinct.iter().position(|known| *known == settings).unwrap_or_else(|| {
                distinct.push(settings);
                distinct.len() - 1
            })
        };
        let numbers = of_plugins.into_iter().map(number).collect();
        if distinct.is_empty() {
            distinct.push(without);
        }
        Self { distinct, numbers }
    }

    pub(super) fn of(&self, plugin: PluginIndex) -> EngineSettings {
        self.distinct[self.numbers[plugin.0]]
    }

    /// The number of a plugin's engine.
    pub(super) fn number(&self, plugin: PluginIndex) -> usize {
        self.numbers[plugin.0]
    }

    /// Builds the engines, each with a pool for so many instances where there is to be one.
    pub(super) fn build(
        &self,
        plugins: &[PlannedPlugin],
        cache: Option<&Cache>,
        instances: Option<u32>,
    ) -> Result<Engines, LinkError> {
        let engine = |(number, settings): (usize, &EngineSettings)| {
            let own = plugins.iter().zip(&self.numbers).filter(|(_, of)| **of == number).map(|(plugin, _)| plugin);
            settings.engine(cache.cloned(), instances.map(|instances| Pool::new(instances, own)))
        };
        let engines = self.distinct.iter().enumerate().map(engine).collect::<Result<_, _>>()?;
        Ok(Engines { engines, numbers: self.numbers.clone() })
    }
}

impl Engines {
    pub(super) fn all(&self) -> &[Engine] {
        &self.engines
    }

    /// The engine of a plugin.
    pub(super) fn of(&self, plugin: PluginIndex) -> &Engine {
        &self.engines[self.number(plugin)]
    }

    /// The number of a plugin's engine.
    pub(super) fn number(&self, plugin: PluginIndex) -> usize {
        self.numbers[plugin.0]
    }
}
