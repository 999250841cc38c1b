use wasmparser::types::Types;
use wasmparser::{FuncValidatorAllocations, Parser, ValidPayload, Validator};

use super::features::features;
use super::size::Sizes;
use super::{WorldError, guard};

/// Validates a component; returns the types of the outermost.
///
/// Refuses also types that the engine could not lay out in memory, in whichever nested component they are.
pub(super) fn validate(bytes: &[u8]) -> Result<Types, WorldError> {
    guard::check_nesting(bytes)?;
    guard::catch(|| validate_all(bytes))
        .unwrap_or_else(|| Err(WorldError::Intricate("its types are too deep to be validated".to_owned())))
}

/// [`Validator::validate_all`], with a look at each component when it ends.
fn validate_all(bytes: &[u8]) -> Result<Types, WorldError> {
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut sizes = Sizes::default();
    let mut functions = Vec::new();
    let mut outermost = None;
    for payload in parser.parse_all(bytes) {
        match validator.payload(&payload.map_err(invalid)?).map_err(invalid)? {
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
            ValidPayload::Func(function, body) => functions.push((function, body)),
            ValidPayload::End(types) => {
                sizes.check(&types).map_err(|error| WorldError::HugeValue(error.to_string()))?;
                outermost = Some(types);
            }
        }
    }
    let mut allocations = FuncValidatorAllocations::default();
    for (function, body) in functions {
        let mut validator = function.into_validator(allocations);
        validator.validate(&body).map_err(invalid)?;
        allocations = validator.into_allocations();
    }
    outermost.ok_or_else(|| WorldError::Invalid("it has no end".to_owned()))
}

/// What the validator says, on one line: it puts what it expected and what it found on lines of their own.
pub(super) fn invalid(error: impl ToString) -> WorldError {
    let told = error.to_string();
    let mut lines = told.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    let rest: Vec<&str> = lines.collect();
    WorldError::Invalid(if rest.is_empty() { first } else { format!("{first}: {}", rest.join(", ")) })
}
