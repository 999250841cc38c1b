//! What a component and its core modules declare outside of function bodies, counted before it is validated.
//!
//! The validator keeps some hundred bytes for each declaration, and those who read a world or embedded WIT a thousand,
//! while a declaration takes two bytes of the file.

use wasmparser::{
    ComponentDefinedType, ComponentInstance, ComponentType, ComponentTypeDeclaration, CoreType, Instance, Payload,
};

use super::weight::{Measure, Over, within};

/// How much is declared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// By components: types with their parts, imports, exports, aliases, instances, functions that cross the edge.
    pub(super) by_components: u64,
    /// By core modules: types with their parameters and results, imports, exports, globals and tags.
    pub(super) by_modules: u64,
    /// Functions of core modules.
    pub(super) functions: u64,
}

impl Declared {
    /// So much more, declared by a component.
    pub(super) fn add(&mut self, count: usize) -> Result<(), Over> {
        self.by_components = self.by_components.saturating_add(count as u64);
        within(Measure::Declared, self.by_components)
    }

    /// Refuses a core module that declares too much to be made a component.
    pub(super) fn check_encoded(&self) -> Result<(), Over> {
        within(Measure::DeclaredToEncode, self.by_modules)
    }

    /// Whether no other should be read meanwhile.
    pub(super) fn is_large(&self) -> bool {
        self.by_components > 1_500 || self.by_modules > 5_000 || self.functions > 10_000
    }

    fn add_core(&mut self, count: usize) -> Result<(), Over> {
        self.by_modules = self.by_modules.saturating_add(count as u64);
        within(Measure::DeclaredByModules, self.by_modules)
    }

    /// Adds the names of a section, by its bytes.
    fn add_names(&mut self, payload: &Payload<'_>) -> Result<(), Over> {
        let Some((_, range)) = payload.as_section() else { return Ok(()) };
        match payload {
            Payload::TypeSection(_) | Payload::ImportSection(_) | Payload::ExportSection(_) => {
                self.add_core(range.len() / NAMED)
            }
            Payload::ComponentTypeSection(_)
            | Payload::ComponentImportSection(_)
            | Payload::ComponentExportSection(_)
            | Payload::ComponentAliasSection(_)
            | Payload::ComponentInstanceSection(_)
            | Payload::InstanceSection(_)
            | Payload::CoreTypeSection(_) => self.add(range.len() / NAMED),
            _ => Ok(()),
        }
    }

    /// Adds what a section declares, types of components left out. What does not parse is not counted.
    pub(super) fn add_section(&mut self, payload: &Payload<'_>) -> Result<(), Over> {
        self.add_names(payload)?;
        match payload {
            Payload::ComponentImportSection(section) => self.add(section.count() as usize),
            Payload::ComponentExportSection(section) => self.add(section.count() as usize),
            Payload::ComponentAliasSection(section) => self.add(section.count() as usize),
            Payload::ComponentCanonicalSection(section) => self.add(section.count() as usize),
            Payload::ComponentInstanceSection(section) => {
                section.clone().into_iter().flatten().try_for_each(|instance| self.add(1 + passed(&instance)))
            }
            Payload::InstanceSection(section) => {
                section.clone().into_iter().flatten().try_for_each(|instance| self.add(1 + passed_core(&instance)))
            }
            Payload::CoreTypeSection(section) => {
                section.clone().into_iter().flatten().try_for_each(|ty| self.add(core_type(&ty)))
            }
            Payload::TypeSection(section) => section.clone().into_iter().flatten().try_for_each(|group| {
                let parts = |ty: &wasmparser::SubType| 1 + parts_of_core(&ty.composite_type.inner);
                self.add_core(group.types().map(parts).sum())
            }),
            Payload::ImportSection(section) => self.add_core(section.clone().into_imports().count()),
            Payload::ExportSection(section) => self.add_core(section.count() as usize),
            Payload::GlobalSection(section) => self.add_core(section.count() as usize),
            Payload::TagSection(section) => self.add_core(section.count() as usize),
            Payload::FunctionSection(section) => {
                self.functions = self.functions.saturating_add(u64::from(section.count()));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Bytes of a section that count as much as a declaration: names are kept several times.
const NAMED: usize = 64;

/// What a type counts that is no component or instance type: itself and its parts.
pub(super) fn of_type(ty: &ComponentType<'_>) -> usize {
    1 + match ty {
        ComponentType::Defined(ComponentDefinedType::Record(fields)) => fields.len(),
        ComponentType::Defined(ComponentDefinedType::Variant(cases)) => cases.len(),
        ComponentType::Defined(ComponentDefinedType::Tuple(types)) => types.len(),
        ComponentType::Defined(ComponentDefinedType::Flags(names) | ComponentDefinedType::Enum(names)) => names.len(),
        ComponentType::Func(function) => function.params.len(),
        ComponentType::Defined(_)
        | ComponentType::Component(_)
        | ComponentType::Instance(_)
        | ComponentType::Resource { .. } => 0,
    }
}

/// What a declaration inside a component or instance type counts, types left out.
pub(super) fn of_declaration(declaration: &ComponentTypeDeclaration<'_>) -> usize {
    match declaration {
        ComponentTypeDeclaration::CoreType(ty) => core_type(ty),
        _ => 1,
    }
}

fn core_type(ty: &CoreType<'_>) -> usize {
    1 + match ty {
        CoreType::Module(declarations) => declarations.len(),
        CoreType::Rec(group) => group.types().map(|ty| parts_of_core(&ty.composite_type.inner)).sum(),
    }
}

fn parts_of_core(ty: &wasmparser::CompositeInnerType) -> usize {
    match ty {
        wasmparser::CompositeInnerType::Func(ty) => ty.params().len() + ty.results().len(),
        wasmparser::CompositeInnerType::Struct(ty) => ty.fields.len(),
        wasmparser::CompositeInnerType::Array(_) | wasmparser::CompositeInnerType::Cont(_) => 0,
    }
}

fn passed(instance: &ComponentInstance<'_>) -> usize {
    match instance {
        ComponentInstance::Instantiate { args, .. } => args.len(),
        ComponentInstance::FromExports(exports) => exports.len(),
    }
}

fn passed_core(instance: &Instance<'_>) -> usize {
    match instance {
        Instance::Instantiate { args, .. } => args.len(),
        Instance::FromExports(exports) => exports.len(),
    }
}
