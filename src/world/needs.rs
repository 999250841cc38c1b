use wasmparser::{
    BinaryReaderError, CanonicalFunction, ComponentAlias, ComponentDefinedType, ComponentExternalKind,
    ComponentInstance, ComponentOuterAliasKind, ComponentType, ComponentTypeDeclaration, ComponentTypeRef, Encoding,
    Instance, InstanceTypeDeclaration, Payload,
};

use crate::model::EngineNeeds;

/// Finds out what a component needs of an engine while it is validated.
#[derive(Default)]
pub(super) struct Needs {
    concurrency: bool,
    /// The components and modules that have begun and not ended.
    open: Vec<Open>,
    /// Those of one instance of the outermost.
    own: Own,
}

/// The memories and tables that one instance has of its own.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    memories: u32,
    tables: u32,
}

/// A component or module that has begun.
#[derive(Default)]
struct Open {
    is_module: bool,
    own: Own,
    /// What an instance has of each module and component that it knows, by their indices.
    modules: Vec<Own>,
    components: Vec<Own>,
}

impl Needs {
    /// Adds what a part of the component needs. It has been validated, so that indices lead somewhere, and types are
    /// no deeper than they may be.
    pub(super) fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.open.push(Open { is_module: *encoding == Encoding::Module, ..Open::default() });
            }
            Payload::End(_) => self.end(),
            Payload::ComponentTypeSection(section) => {
                for ty in section.clone() {
                    self.concurrency |= is_concurrent(&ty?);
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone() {
                    self.concurrency |= is_built_for_concurrency(&function?);
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    self.alias(&alias?);
                }
            }
            payload => {
                if let Some(open) = self.open.last_mut() {
                    open.add(payload)?;
                }
            }
        }
        Ok(())
    }

    /// What has been found, once the component has ended.
    pub(super) fn found(&self) -> EngineNeeds {
        EngineNeeds { concurrency: self.concurrency, memories: self.own.memories, tables: self.own.tables }
    }

    fn end(&mut self) {
        let Some(ended) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(outer) if ended.is_module => outer.modules.push(ended.own),
            Some(outer) => outer.components.push(ended.own),
            None => self.own = ended.own,
        }
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) {
        use ComponentOuterAliasKind as Outer;
        let outer = |count: u32| {
            let count = usize::try_from(count).ok()?;
            self.open.get(self.open.len().checked_sub(count + 1)?)
        };
        let (kind, own) = match alias {
            ComponentAlias::InstanceExport { kind, .. } => (*kind, Own::UNKNOWN),
            ComponentAlias::Outer { kind: Outer::CoreModule, count, index } => (
                ComponentExternalKind::Module,
                outer(*count).map_or(Own::UNKNOWN, |outer| Own::of(&outer.modules, *index)),
            ),
            ComponentAlias::Outer { kind: Outer::Component, count, index } => (
                ComponentExternalKind::Component,
                outer(*count).map_or(Own::UNKNOWN, |outer| Own::of(&outer.components, *index)),
            ),
            _ => return,
        };
        if let Some(open) = self.open.last_mut() {
            open.name(kind, own);
        }
    }
}

impl Open {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::MemorySection(section) => self.own.memories = self.own.memories.saturating_add(section.count()),
            Payload::TableSection(section) => self.own.tables = self.own.tables.saturating_add(section.count()),
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if let Instance::Instantiate { module_index, .. } = instance? {
                        self.own.add(Own::of(&self.modules, module_index));
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    if let ComponentInstance::Instantiate { component_index, .. } = instance? {
                        self.own.add(Own::of(&self.components, component_index));
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    match import?.ty {
                        ComponentTypeRef::Module(_) => self.name(ComponentExternalKind::Module, Own::UNKNOWN),
                        ComponentTypeRef::Component(_) => self.name(ComponentExternalKind::Component, Own::UNKNOWN),
                        _ => {}
                    }
                }
            }
            // An export has an index of its own.
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    match export.kind {
                        ComponentExternalKind::Module => self.name(export.kind, Own::of(&self.modules, export.index)),
                        kind => self.name(kind, Own::of(&self.components, export.index)),
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Gives a module or component the next index.
    fn name(&mut self, kind: ComponentExternalKind, own: Own) {
        match kind {
            ComponentExternalKind::Module => self.modules.push(own),
            ComponentExternalKind::Component => self.components.push(own),
            _ => {}
        }
    }
}

impl Own {
    /// Of what comes from elsewhere.
    const UNKNOWN: Self = Self { memories: u32::MAX, tables: u32::MAX };

    fn of(known: &[Self], index: u32) -> Self {
        usize::try_from(index).ok().and_then(|index| known.get(index)).copied().unwrap_or(Self::UNKNOWN)
    }

    fn add(&mut self, other: Self) {
        self.memories = self.memories.saturating_add(other.memories);
        self.tables = self.tables.saturating_add(other.tables);
    }
}

fn is_concurrent(ty: &ComponentType<'_>) -> bool {
    match ty {
        ComponentType::Func(function) => function.async_,
        ComponentType::Defined(ty) => matches!(ty, ComponentDefinedType::Future(_) | ComponentDefinedType::Stream(_)),
        ComponentType::Component(declared) => {
            declared.iter().any(|declared| matches!(declared, ComponentTypeDeclaration::Type(ty) if is_concurrent(ty)))
        }
        ComponentType::Instance(declared) => {
            declared.iter().any(|declared| matches!(declared, InstanceTypeDeclaration::Type(ty) if is_concurrent(ty)))
        }
        ComponentType::Resource { .. } => false,
    }
}

/// All built-in functions but those for resources are there for concurrency. Only functions of a type that is `async`
/// are lifted and lowered as such.
fn is_built_for_concurrency(function: &CanonicalFunction) -> bool {
    !matches!(
        function,
        CanonicalFunction::Lift { .. }
            | CanonicalFunction::Lower { .. }
            | CanonicalFunction::ResourceNew { .. }
            | CanonicalFunction::ResourceDrop { .. }
            | CanonicalFunction::ResourceRep { .. }
    )
}

#[cfg(test)]
mod tests {
    use wasmparser::{Parser, Validator, WasmFeatures};

    use super::*;
    use crate::world::features::features;
    use crate::world::{WorldError, read_component};

    /// What a component needs that is valid for an engine with concurrency.
    fn needs(wat: &str) -> EngineNeeds {
        let bytes = wat::parse_str(wat).unwrap();
        let mut validator = Validator::new_with_features(features() | WasmFeatures::CM_ASYNC);
        let mut needs = Needs::default();
        for payload in Parser::new(0).parse_all(&bytes) {
            let payload = payload.unwrap();
            validator.payload(&payload).unwrap();
            needs.add(&payload).unwrap();
        }
        needs.found()
    }

    const CONCURRENT: [&str; 6] = [
        r#"(component (import "f" (func async (result u32))))"#,
        r#"(component (type (stream u8)))"#,
        r#"(component (type (func (result (future)))))"#,
        r#"(component (import "i" (instance (export "f" (func async)))))"#,
        r#"(component (component (type (component (type (future u32))))))"#,
        r#"(component (core func (canon task.cancel)))"#,
    ];

    #[test]
    fn concurrency_is_seen_wherever_it_is() {
        for wat in CONCURRENT {
            assert!(needs(wat).concurrency, "{wat}");
        }
    }

    #[test]
    fn what_every_engine_can_do_is_no_need() {
        for wat in [
            "(component)",
            r#"(component (import "f" (func (param "x" (list u8 4)) (result (map string u32)))))"#,
            r#"(component (type $r (resource (rep i32))) (core func (canon resource.new $r)) (core func (canon resource.drop $r)))"#,
        ] {
            assert_eq!(needs(wat), EngineNeeds::default(), "{wat}");
            assert_eq!(read_component(&wat::parse_str(wat).unwrap()).unwrap().needs, EngineNeeds::default());
        }
    }

    #[test]
    fn memories_and_tables_are_those_of_all_instances() {
        let module = "(core module $m (memory 1) (table 1 funcref) (table 1 funcref))";
        let twice = "(core instance (instantiate $m)) (core instance (instantiate $m))";
        for (wat, memories, tables) in [
            (format!("(component {module})"), 0, 0),
            (format!("(component {module} {twice})"), 2, 4),
            (
                format!(
                    "(component (component $c {module} {twice}) (instance (instantiate $c)) (instance (instantiate $c)))"
                ),
                4,
                8,
            ),
            (
                format!(
                    "(component $o {module} (component $c (alias outer $o $m (core module $m)) {twice}) (instance (instantiate $c)))"
                ),
                2,
                4,
            ),
            (
                format!(
                    "(component (component $c (import \"m\" (core module $m)) {twice}) {module} (instance (instantiate $c (with \"m\" (core module $m)))))"
                ),
                u32::MAX,
                u32::MAX,
            ),
            (
                format!(
                    "(component (component $c {module} (export $n \"n\" (core module $m)) (core instance (instantiate $n))) (instance (instantiate $c)))"
                ),
                1,
                2,
            ),
        ] {
            let found = needs(&wat);
            assert_eq!((found.memories, found.tables), (memories, tables), "{wat}");
        }
    }

    /// No engine is built with concurrency yet.
    #[test]
    fn what_needs_concurrency_is_refused() {
        for wat in CONCURRENT {
            let refused = read_component(&wat::parse_str(wat).unwrap()).unwrap_err();
            assert!(matches!(refused, WorldError::Invalid(_)), "{wat}: {refused}");
        }
    }
}
