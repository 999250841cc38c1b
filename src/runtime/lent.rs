//! Handles of the host in the arguments of a call.

use super::arguments::TakeHandle;
use super::blocking::AppNumber;
use super::handle::{Handle, told_mismatch};
use crate::call::{Flight, Flights};
use crate::model::{ExternName, Resource, Side};

/// Handles of the host that a call uses, until it has returned.
pub(super) struct Lent<'a> {
    app: AppNumber,
    pub(super) flights: Flights,
    handles: Vec<(&'a Handle, bool)>,
}

impl Lent<'_> {
    pub(super) fn new(app: AppNumber) -> Self {
        Self { app, flights: Flights::new(), handles: Vec::new() }
    }
}

impl<'a> TakeHandle<'a> for Lent<'a> {
    fn take(&mut self, handle: &'a Handle, own: bool, resource: &Resource) -> Result<(), String> {
        check(self.app, handle, resource)?;
        handle.begin(own).map_err(|cause| format!("`{handle}` cannot be passed: {cause}"))?;
        self.handles.push((handle, own));
        self.flights.push(Flight { rep: handle.rep(), own });
        Ok(())
    }
}

impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.handles.is_empty() {
            return;
        }
        // An `own` that is left has not been delivered, and then none has been.
        let delivered = self.flights.iter().all(|flight| !flight.own);
        for (handle, own) in &self.handles {
            handle.end(*own && delivered);
        }
    }
}

/// Whether a handle is of the type that a place has.
fn check(app: AppNumber, handle: &Handle, wanted: &Resource) -> Result<(), String> {
    if !handle.is_of(app) {
        return Err(format!("`{handle}` belongs to another app"));
    }
    let given = handle.ty();
    let fits = match wanted.side {
        Side::Export => given == wanted,
        Side::Import => {
            given.name == wanted.name && same_interface(given.interface.as_ref(), wanted.interface.as_ref())
        }
    };
    if fits { Ok(()) } else { Err(told_mismatch(wanted, given, handle.owner())) }
}

/// Whether an interface is another one in some version of the same compatible series.
fn same_interface(one: Option<&ExternName>, other: Option<&ExternName>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_compatible(other),
        (None, None) => true,
        _ => false,
    }
}
