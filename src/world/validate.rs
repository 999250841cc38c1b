use wasmparser::types::Types;
use wasmparser::{
    ComponentInstance, FuncToValidate, FuncValidatorAllocations, FunctionBody, OperatorsReader, Parser, Payload,
    ValidPayload, Validator, ValidatorResources,
};

use super::adapters::Lowered;
use super::contents::Contents;
use super::declared::Declared;
use super::features::features;
use super::needs::Needs;
use super::size::Sizes;
use super::turn::Turn;
use super::weight::{Body, CostlyFunction, Over, Scales};
use super::{WorldError, function_names, guard};
use crate::model::EngineNeeds;

/// What is known of a valid component or core module.
pub(super) struct Validated {
    /// The types of the outermost.
    pub(super) types: Types,
    /// What it takes to compile it, but for what passes between components in it.
    pub(super) scales: Scales,
    /// The functions that may pass between components in it.
    pub(super) lowered: Lowered,
    /// What it declares.
    pub(super) declared: Declared,
    /// Held while the types are in memory.
    pub(super) turn: Turn,
    /// What it needs of an engine, nested components included.
    pub(super) needs: EngineNeeds,
}

/// Validates a component or a core module.
///
/// Refuses also what would be too costly to validate or to compile, and types that the engine could not lay out in
/// memory, in whichever nested component they are.
pub(super) fn validate(bytes: &[u8]) -> Result<Validated, WorldError> {
    let declared = guard::check_declared(bytes)?;
    let turn = Turn::wait(declared.is_large());
    guard::catch(|| Validation { declared, ..Validation::default() }.run(bytes, turn))
        .unwrap_or_else(|| Err(WorldError::Intricate("its types are too deep to be validated".to_owned())))
}

/// A function that is to be validated, once all types are known.
struct Waiting<'a> {
    /// The number of its core module.
    module: usize,
    function: FuncToValidate<ValidatorResources>,
    body: FunctionBody<'a>,
}

/// [`Validator::validate_all`], with a look at each component when it ends, and at each operator before.
#[derive(Default)]
struct Validation<'a> {
    scales: Scales,
    declared: Declared,
    sizes: Sizes,
    lowered: Lowered,
    needs: Needs,
    /// The core modules that have begun and not ended, and how many there have been.
    open: Vec<Option<(usize, Contents)>>,
    modules: usize,
    functions: Vec<Waiting<'a>>,
}

impl<'a> Validation<'a> {
    fn run(mut self, bytes: &'a [u8], turn: Turn) -> Result<Validated, WorldError> {
        let mut validator = Validator::new_with_features(features());
        let mut parser = Parser::new(0);
        parser.set_features(features());
        let mut outermost = None;
        for payload in parser.parse_all(bytes) {
            let payload = payload.map_err(invalid)?;
            self.weigh_first(&payload, &validator).map_err(|over| WorldError::Costly(over.of(None)))?;
            let valid = validator.payload(&payload).map_err(invalid)?;
            self.needs.add(&payload).map_err(invalid)?;
            self.weigh(&payload, &validator).map_err(|over| WorldError::Costly(over.of(None)))?;
            match valid {
                ValidPayload::Ok | ValidPayload::Parser(_) => {}
                ValidPayload::Func(function, body) => {
                    let module = self.open.iter().flatten().next_back().map_or(0, |(module, _)| *module);
                    self.functions.push(Waiting { module, function, body });
                }
                ValidPayload::End(types) => {
                    // Not at the end of all: what is needed for it is held for each module.
                    self.validate_functions(bytes)?;
                    self.sizes.check(&types).map_err(|error| WorldError::HugeValue(error.to_string()))?;
                    outermost = Some(types);
                }
            }
        }
        let types = outermost.ok_or_else(|| WorldError::Invalid("it has no end".to_owned()))?;
        let needs = self.needs.found();
        Ok(Validated { types, scales: self.scales, lowered: self.lowered, declared: self.declared, turn, needs })
    }

    /// Weighs what takes the validator itself long: for each function that crosses the edge of a component, it goes
    /// through all parts of the types.
    fn weigh_first(&mut self, payload: &Payload<'_>, validator: &Validator) -> Result<(), Over> {
        match (payload, validator.types(0)) {
            (Payload::ComponentCanonicalSection(section), Some(types)) => {
                self.scales.add_parts(section.count())?;
                self.lowered.add(section, types, &mut self.scales)
            }
            // Each instance has its own copy of what the component exports.
            (Payload::ComponentInstanceSection(section), Some(types)) => {
                section.clone().into_iter().flatten().try_for_each(|instance| match instance {
                    ComponentInstance::Instantiate { component_index, .. }
                        if component_index < types.component_count() =>
                    {
                        self.declared.add(types[types.component_at(component_index)].exports.len())
                    }
                    _ => Ok(()),
                })
            }
            _ => Ok(()),
        }
    }

    /// Weighs what stands outside function bodies. It has been validated.
    fn weigh(&mut self, payload: &Payload<'_>, validator: &Validator) -> Result<(), Over> {
        match payload {
            Payload::Version { encoding, .. } => {
                let is_module = *encoding == wasmparser::Encoding::Module;
                self.open.push(is_module.then(|| (self.modules, Contents::default())));
                self.modules += usize::from(is_module);
                self.scales.add_module()
            }
            Payload::End(_) => {
                let ended = self.open.pop().flatten();
                ended.map_or(Ok(()), |(_, contents)| {
                    self.scales.add_content(contents.bytes())?;
                    self.scales.add(contents.late_data())
                })
            }
            Payload::ComponentInstanceSection(section) => self.scales.add_parts(section.count()),
            payload => match self.open.last_mut() {
                Some(Some((_, contents))) => contents.add(payload, validator, &mut self.scales),
                _ => Ok(()),
            },
        }
    }

    fn validate_functions(&mut self, bytes: &[u8]) -> Result<(), WorldError> {
        let mut allocations = FuncValidatorAllocations::default();
        let mut weight = Body::default();
        for Waiting { module, function, body } in std::mem::take(&mut self.functions) {
            let index = function.index;
            let mut validator = function.into_validator(allocations);
            let costly = |over: Over| {
                let name = function_names::find(bytes, module, index);
                WorldError::Costly(over.of(Some(CostlyFunction { module, index, name })))
            };
            let mut reader = body.get_binary_reader();
            reader.set_features(features());
            validator.read_locals(&mut reader).map_err(invalid)?;
            weight.begin(&validator, body.range().len()).map_err(costly)?;
            let mut operators = OperatorsReader::new(reader);
            while !operators.eof() {
                let (operator, offset) = operators.read_with_offset().map_err(invalid)?;
                weight.weigh(&operator, &validator).map_err(costly)?;
                validator.op(offset, &operator).map_err(invalid)?;
            }
            operators.finish().map_err(invalid)?;
            weight.end(&mut self.scales).map_err(|over| WorldError::Costly(over.of(None)))?;
            allocations = validator.into_allocations();
        }
        Ok(())
    }
}

/// What the validator says, on one line: it puts what it expected and what it found on lines of their own.
pub(super) fn invalid(error: impl ToString) -> WorldError {
    let told = error.to_string();
    let mut lines = told.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    let rest: Vec<&str> = lines.collect();
    WorldError::Invalid(if rest.is_empty() { first } else { format!("{first}: {}", rest.join(", ")) })
}
