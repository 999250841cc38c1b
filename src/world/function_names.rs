use wasmparser::{Encoding, KnownCustom, Name, Parser, Payload};

/// The name of a function in the name section of a core module, which is told by its number among all modules of the
/// component, in the order of the bytes.
pub(super) fn find(bytes: &[u8], module: usize, index: u32) -> Option<String> {
    let mut open = Vec::new();
    let mut modules = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::Version { encoding, .. } => {
                let is_module = encoding == Encoding::Module;
                open.push(is_module.then_some(modules));
                modules += usize::from(is_module);
            }
            Payload::End(_) => drop(open.pop()),
            Payload::CustomSection(section) if open.last() == Some(&Some(module)) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for name in names {
                    let Ok(Name::Function(functions)) = name else { continue };
                    let found = functions.into_iter().flatten().find(|naming| naming.index == index);
                    if let Some(found) = found {
                        return Some(found.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    None
}
