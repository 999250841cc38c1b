use crate::diagnostic::{Code, Diagnostic};
use crate::words::list_of;

use super::super::listed::ImportOf;
use super::super::problem::Several;

/// A problem of an import, marked where its manifest lists it.
pub(super) fn at_import(code: Code, message: String, of: &ImportOf<'_>, label: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, message).label(of.plugin.manifest.file, of.import.span(), label)
}

/// Marks the first of some offers, and lists them where there are more.
pub(super) fn label_offers(mut diagnostic: Diagnostic, offers: &Several<'_>) -> Diagnostic {
    const MARKED: usize = 8;
    for offer in offers.first.iter().take(MARKED) {
        let place = offer.export.entry.name.span.clone();
        diagnostic = diagnostic.label(offer.plugin.manifest.file, place, format!("`{}` exports it", offer.plugin.id()));
    }
    if offers.all > MARKED {
        let ids = offers.first.iter().map(|offer| offer.plugin.id());
        diagnostic = diagnostic.note(format!("the providers are {}", list_of(ids, offers.all)));
    }
    diagnostic
}
