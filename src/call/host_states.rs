use std::any::{Any, TypeId};

/// What the host keeps for one instance of a plugin: one state of each type.
#[derive(Default)]
pub struct HostStates(Vec<(TypeId, Box<dyn Any + Send>)>);

impl HostStates {
    /// Adds the state that `make` makes, unless there is one of its type.
    pub fn add(&mut self, ty: TypeId, make: impl FnOnce() -> Box<dyn Any + Send>) {
        if !self.0.iter().any(|(known, _)| *known == ty) {
            self.0.push((ty, make()));
        }
    }

    pub(super) fn get<S: 'static>(&mut self) -> Option<&mut S> {
        self.0.iter_mut().find_map(|(_, state)| state.downcast_mut())
    }
}
