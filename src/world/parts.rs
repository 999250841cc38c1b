//! A component and those nested in it, as lists of steps: what instantiating each of them does.

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentExternalKind, ComponentInstance,
    ComponentInstantiationArg, ComponentOuterAliasKind, Instance, Parser, Payload, Result,
};

use super::features::features;

/// One component of a file.
#[derive(Default)]
pub(super) struct Part<'a> {
    /// What instantiating it does.
    pub(super) steps: Vec<Step<'a>>,
    /// What it exports.
    pub(super) exports: Vec<ComponentExport<'a>>,
    /// What it takes from the components around it, once it is defined there.
    pub(super) captures: Vec<Capture>,
}

/// A component that a nested component takes from around itself.
#[derive(Clone, Copy)]
pub(super) enum Capture {
    /// It has this index in the component that the nested one stands in.
    Own(u32),
    /// That one takes it from around itself; it is this one of its captures.
    Captured(usize),
}

/// What instantiating a component does with functions, instances and components. Each step adds at most one of them.
pub(super) enum Step<'a> {
    /// Takes an argument.
    Import(&'a str, ComponentExternalKind),
    /// Defines a nested component: the part with this index.
    Define(usize),
    /// Takes over a component: this one is defined again.
    Alias(Capture),
    /// Takes what an instance exports.
    AliasExport { instance: u32, name: &'a str },
    /// Instantiates a component.
    Instantiate(u32, Box<[ComponentInstantiationArg<'a>]>),
    /// Makes an instance of what is there.
    Bag(Box<[ComponentExport<'a>]>),
    /// Makes a core function a function.
    Lift,
    /// Makes the function of this index a core function.
    Lower(u32),
    /// Exports something, which gives it a second index.
    Export(ComponentExternalKind, u32),
    /// Instantiates a core module.
    CoreInstance,
    /// This many things of no concern: types, core functions and the like.
    Others(u64),
}

/// Where the reader is.
enum Level {
    /// In the part with this index.
    Component(usize),
    Module,
}

/// The components of a file, valid as it is, the outermost first.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Part<'_>>> {
    let mut parts = vec![Part::default()];
    let mut levels = vec![Level::Component(0)];
    let mut parser = Parser::new(0);
    parser.set_features(features());
    for payload in parser.parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } => levels.push(Level::Module),
            Payload::ComponentSection { .. } => {
                levels.push(Level::Component(parts.len()));
                parts.push(Part::default());
            }
            Payload::End(_) => {
                if let (Some(Level::Component(inner)), Some(Level::Component(outer))) = (levels.pop(), levels.last()) {
                    parts[*outer].steps.push(Step::Define(inner));
                }
            }
            payload => {
                let components = levels.iter().filter_map(|level| match level {
                    Level::Component(part) => Some(*part),
                    Level::Module => None,
                });
                if let Some(Level::Component(_)) = levels.last() {
                    section(&mut parts, &components.collect::<Vec<_>>(), payload)?;
                }
            }
        }
    }
    Ok(parts)
}

/// Adds a section of the innermost of these components.
fn section<'a>(parts: &mut [Part<'a>], components: &[usize], payload: Payload<'a>) -> Result<()> {
    let Some(current) = components.last().copied() else { return Ok(()) };
    let steps = &mut parts[current].steps;
    match payload {
        Payload::ComponentImportSection(section) => {
            for import in section {
                let import = import?;
                steps.push(Step::Import(import.name.name, import.ty.kind()));
            }
        }
        Payload::ComponentExportSection(section) => {
            for export in section {
                let export = export?;
                steps.push(Step::Export(export.kind, export.index));
                parts[current].exports.push(export);
            }
        }
        Payload::ComponentInstanceSection(section) => {
            for instance in section {
                steps.push(match instance? {
                    ComponentInstance::Instantiate { component_index, args } => {
                        Step::Instantiate(component_index, args)
                    }
                    ComponentInstance::FromExports(exports) => Step::Bag(exports),
                });
            }
        }
        Payload::ComponentAliasSection(section) => {
            for alias in section {
                let step = alias_step(parts, components, alias?);
                parts[current].steps.push(step);
            }
        }
        Payload::ComponentCanonicalSection(section) => {
            for function in section {
                steps.push(match function? {
                    CanonicalFunction::Lift { .. } => Step::Lift,
                    CanonicalFunction::Lower { func_index, .. } => Step::Lower(func_index),
                    _ => Step::Others(1),
                });
            }
        }
        Payload::InstanceSection(section) => {
            for instance in section {
                steps.push(match instance? {
                    Instance::Instantiate { .. } => Step::CoreInstance,
                    Instance::FromExports(exports) => Step::Others(1 + exports.len() as u64),
                });
            }
        }
        Payload::ComponentTypeSection(section) => steps.push(Step::Others(section.count().into())),
        Payload::CoreTypeSection(section) => steps.push(Step::Others(section.count().into())),
        _ => {}
    }
    Ok(())
}

fn alias_step<'a>(parts: &mut [Part<'a>], components: &[usize], alias: ComponentAlias<'a>) -> Step<'a> {
    match alias {
        ComponentAlias::InstanceExport { instance_index, name, .. } => {
            Step::AliasExport { instance: instance_index, name }
        }
        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
            // Of the components around this one, those that hand it in, the outermost first.
            let count = usize::try_from(count).unwrap_or(usize::MAX).min(components.len());
            let mut capture = Capture::Own(index);
            for part in &components[components.len() - count..] {
                let captures = &mut parts[*part].captures;
                captures.push(capture);
                capture = Capture::Captured(captures.len() - 1);
            }
            Step::Alias(capture)
        }
        ComponentAlias::Outer { .. } | ComponentAlias::CoreInstanceExport { .. } => Step::Others(1),
    }
}
