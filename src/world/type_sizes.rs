//! How much the instance and component types of a component declare, followed by their indexes.
//!
//! The validator copies what an instance type declares for each import or export of that type, if there is a resource in
//! it: a thousand imports of one type with a thousand resources, 20 KB, took 700 MiB.

use wasmparser::{
    ComponentAlias, ComponentOuterAliasKind, ComponentTypeDeclaration, ComponentTypeRef, Payload, TypeBounds,
};

use super::declared::Declared;
use super::weight::Over;

/// The sizes of the types by their indexes, in each component or type that is open, the outermost first.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    open: Vec<Vec<u64>>,
    largest: u64,
}

impl Scopes {
    /// Begins with a component or type.
    pub(super) fn begin(&mut self) {
        self.open.push(Vec::new());
    }

    /// Ends with it.
    pub(super) fn end(&mut self) {
        self.open.pop();
    }
}

/// One type more.
pub(super) fn define(scopes: &mut Scopes, size: u64) {
    scopes.largest = scopes.largest.max(size);
    if let Some(scope) = scopes.open.last_mut() {
        scope.push(size);
    }
}

/// Adds what a section of a component imports and exports, and the types that it defines so. Those of other sections
/// are read one by one.
pub(super) fn add_section(payload: &Payload<'_>, scopes: &mut Scopes, declared: &mut Declared) -> Result<(), Over> {
    match payload {
        Payload::ComponentImportSection(section) => {
            section.clone().into_iter().flatten().try_for_each(|import| refer(import.ty, scopes, declared))
        }
        Payload::ComponentExportSection(section) => section.clone().into_iter().flatten().try_for_each(|export| {
            match (export.ty, export.kind) {
                (Some(ty), _) => refer(ty, scopes, declared)?,
                (None, wasmparser::ComponentExternalKind::Type) => {
                    let size = size(scopes, 0, export.index);
                    define(scopes, size);
                }
                (None, _) => {}
            }
            Ok(())
        }),
        Payload::ComponentAliasSection(section) => {
            section.clone().into_iter().flatten().for_each(|alias| add_alias(&alias, scopes));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The same for a declaration in a component or instance type.
pub(super) fn add_declaration(
    declaration: &ComponentTypeDeclaration<'_>,
    scopes: &mut Scopes,
    declared: &mut Declared,
) -> Result<(), Over> {
    match declaration {
        ComponentTypeDeclaration::Import(import) => refer(import.ty, scopes, declared),
        ComponentTypeDeclaration::Export { ty, .. } => refer(*ty, scopes, declared),
        ComponentTypeDeclaration::Alias(alias) => {
            add_alias(alias, scopes);
            Ok(())
        }
        ComponentTypeDeclaration::CoreType(_) | ComponentTypeDeclaration::Type(_) => Ok(()),
    }
}

fn refer(ty: ComponentTypeRef, scopes: &mut Scopes, declared: &mut Declared) -> Result<(), Over> {
    match ty {
        ComponentTypeRef::Instance(index) | ComponentTypeRef::Component(index) => {
            let size = size(scopes, 0, index);
            declared.add(usize::try_from(size).unwrap_or(usize::MAX))
        }
        ComponentTypeRef::Type(bounds) => {
            let size = match bounds {
                TypeBounds::Eq(index) => size(scopes, 0, index),
                TypeBounds::SubResource => 0,
            };
            define(scopes, size);
            Ok(())
        }
        ComponentTypeRef::Module(_) | ComponentTypeRef::Func(_) | ComponentTypeRef::Value(_) => Ok(()),
    }
}

fn add_alias(alias: &ComponentAlias<'_>, scopes: &mut Scopes) {
    match alias {
        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, count, index } => {
            let size = size(scopes, *count, *index);
            define(scopes, size);
        }
        // Which one is not known here; no smaller one than the largest so far is sure.
        ComponentAlias::InstanceExport { kind: wasmparser::ComponentExternalKind::Type, .. } => {
            let largest = scopes.largest;
            define(scopes, largest);
        }
        _ => {}
    }
}

/// The size of the type of this index, so many components or types further out.
fn size(scopes: &Scopes, count: u32, index: u32) -> u64 {
    let scope = usize::try_from(count).ok().and_then(|count| scopes.open.iter().rev().nth(count));
    scope.and_then(|scope| scope.get(index as usize)).copied().unwrap_or_default()
}
