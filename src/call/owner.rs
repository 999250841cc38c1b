//! Finding the plugin that a call goes to because it owns a handle.

use super::handles::Deciding;
use super::wiring::ImportedFunction;
use super::{CallError, CallErrorKind, CallFrame, Live};
use crate::plan::PluginIndex;

/// The owner of the handles that decide where a call goes, as an index into the providers. Without any
/// it is the bound provider, where there can only be one: an empty list has no owner, but in a composition the call
/// would not need one.
///
/// # Errors
/// `wrong-owner` when they have several, or one that does not export the interface, or when nobody can
/// be told; `reentrant` when it is the consumer itself.
pub(super) fn owner(
    function: &ImportedFunction,
    live: &dyn Live,
    deciding: &[Deciding<'_>],
) -> Result<usize, CallError> {
    let place_of = |plugin| function.providers.iter().position(|provider| provider.target.plugin == plugin);
    let mut first: Option<(PluginIndex, &str)> = None;
    for handle in deciding {
        let Some(found) = live.handles().read(handle.rep, |entry| entry.owner.plugin) else { continue };
        match &first {
            Some((owner, _)) if *owner == found => {}
            Some((owner, place)) => {
                let (a, b) = (live.name(*owner), live.name(found));
                let cause = format!(
                    "`{place}` is a handle of plugin `{a}`, and `{}` (`{}`) one of plugin `{b}`",
                    handle.parameter,
                    handle.leaf.written()
                );
                return Err(refusal(function, CallErrorKind::WrongOwner, live, *owner, cause));
            }
            None => first = Some((found, handle.parameter)),
        }
    }
    let Some((owner, place)) = first else {
        if let Some(provider) = function.alone.and_then(place_of) {
            return Ok(provider);
        }
        let cause = format!(
            "`{}` of `{}` was called without any handle of its interface, so that there is no owner to ask",
            function.function, function.import
        );
        return Err(CallError::new(CallErrorKind::WrongOwner, Some(function.consumer.clone()), cause));
    };
    if let Some(provider) = place_of(owner) {
        return Ok(provider);
    }
    let id = live.name(owner);
    Err(if *id == function.consumer {
        let cause = format!("`{place}` is a handle of the caller itself, which is on the chain of calls already");
        refusal(function, CallErrorKind::Reentrant, live, owner, cause)
    } else {
        let cause = format!("`{place}` is a handle of plugin `{id}`, which does not export `{}`", function.import);
        refusal(function, CallErrorKind::WrongOwner, live, owner, cause)
    })
}

fn refusal(
    function: &ImportedFunction,
    kind: CallErrorKind,
    live: &dyn Live,
    owner: PluginIndex,
    cause: String,
) -> CallError {
    let id = live.name(owner).clone();
    CallError::new(kind, Some(id.clone()), cause).called(CallFrame {
        caller: Some(function.consumer.clone()),
        plugin: id,
        interface: function.import.is_interface().then(|| function.import.clone()),
        function: function.function.clone(),
    })
}
