//! Changes to the functions of a provider, of which its consumer knows nothing.

use plugweave::Val;

use super::case::{Case, Function, Kind};
use super::random::Random;
use super::types::{Body, Def, Prim, Ty};
use super::values::value;

/// A change to the functions and types that a provider was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Change {
    FunctionAdded,
    FunctionDropped,
    FunctionRenamed,
    ParamAdded,
    ParamDropped,
    ParamRenamed,
    ParamsSwapped,
    ParamType,
    ResultAdded,
    ResultDropped,
    ResultType,
    TypeRenamed,
    RecordToTuple,
    MemberAdded,
    MemberDropped,
    MemberRenamed,
    MembersSwapped,
    MemberType,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::FunctionAdded,
        Self::FunctionDropped,
        Self::FunctionRenamed,
        Self::ParamAdded,
        Self::ParamDropped,
        Self::ParamRenamed,
        Self::ParamsSwapped,
        Self::ParamType,
        Self::ResultAdded,
        Self::ResultDropped,
        Self::ResultType,
        Self::TypeRenamed,
        Self::RecordToTuple,
        Self::MemberAdded,
        Self::MemberDropped,
        Self::MemberRenamed,
        Self::MembersSwapped,
        Self::MemberType,
    ];

    /// Whether an app accepts it: the consumer cannot notice.
    pub fn is_compatible(self) -> bool {
        matches!(self, Self::FunctionAdded | Self::TypeRenamed)
    }

    /// Whether a composition accepts it, if that is certain.
    ///
    /// It knows names of types, because interfaces export their types. In an app only what a type is
    /// made of counts: another name, or another interface that has it, changes nothing of what is
    /// passed. A name is not known where only a type of another interface uses it.
    pub fn is_composable(self, case: &Case) -> Option<bool> {
        (self != Self::TypeRenamed || !case.apart).then_some(self == Self::FunctionAdded)
    }
}

/// The provider's functions after a change, or `None` where there is nothing to change like that.
pub fn changed(case: &Case, change: Change, random: &mut Random) -> Option<Case> {
    let mut case = case.clone();
    match change {
        Change::TypeRenamed | Change::RecordToTuple => {}
        Change::MemberAdded
        | Change::MemberDropped
        | Change::MemberRenamed
        | Change::MembersSwapped
        | Change::MemberType => {}
        _ => change_function(&mut case, change, random)?,
    }
    let used = used(&case);
    match change {
        Change::TypeRenamed => case.defs[pick(&used, random)?].name = "renamed".to_owned(),
        Change::RecordToTuple => record_to_tuple(&mut case, &used, random)?,
        Change::MemberAdded
        | Change::MemberDropped
        | Change::MemberRenamed
        | Change::MembersSwapped
        | Change::MemberType => change_members(&mut case.defs[pick(&used, random)?], change, random)?,
        _ => {}
    }
    if !change.is_compatible() {
        // Values of before may be none of these types, and nobody will call it.
        for index in 0..case.functions.len() {
            let values = case.functions[index].result.iter().map(|ty| value(ty, &case.defs, random)).collect();
            case.functions[index].kind = Kind::Canned(values);
        }
    }
    Some(case)
}

/// Whether the two differ in the result of one function only, and what the consumer declares is a
/// reply made of what the provider returns, but not just that. The provider's id alone is none, because
/// both have the same interface.
pub fn replied(consumer: &Case, provider: &Case) -> bool {
    let same = |(one, other): &(&Function, &Function)| one.name == other.name && one.params == other.params;
    let mut pairs = consumer.functions.iter().zip(&provider.functions);
    if consumer.functions.len() != provider.functions.len() || consumer.defs != provider.defs {
        return false;
    }
    if !pairs.clone().all(|pair| same(&pair)) {
        return false;
    }
    let differing = pairs.find(|(consumer, provider)| consumer.result != provider.result);
    differing.is_some_and(|(consumer, provider)| {
        consumer.result.as_ref().is_some_and(|declared| is_answer(declared, provider.result.as_ref()))
    })
}

fn is_answer(declared: &Ty, provided: Option<&Ty>) -> bool {
    let is_result = |ty: &Ty| match ty {
        Ty::Result(ok, err) => {
            ok.as_deref() == provided && err.as_deref().is_none_or(|err| *err == Ty::Prim(Prim::String))
        }
        _ => false,
    };
    match declared {
        Ty::Tuple(parts) => match parts.as_slice() {
            [Ty::Prim(Prim::String), inner] => Some(inner) == provided || is_result(inner),
            _ => false,
        },
        ty => is_result(ty),
    }
}

fn pick(places: &[usize], random: &mut Random) -> Option<usize> {
    (!places.is_empty()).then(|| random.pick(places))
}

/// The definitions that the functions really need.
fn used(case: &Case) -> Vec<usize> {
    let mut used = Vec::new();
    let mut open: Vec<&Ty> = Vec::new();
    for function in &case.functions {
        open.extend(function.params.iter().map(|(_, ty)| ty).chain(&function.result));
    }
    while let Some(ty) = open.pop() {
        open.extend(ty.children());
        if let Ty::Named(index) = ty
            && !used.contains(index)
        {
            used.push(*index);
            open.extend(case.defs[*index].children());
        }
    }
    used
}

/// A type that is another one than this.
fn other(ty: &Ty, random: &mut Random) -> Ty {
    let another = match random.below(3) {
        0 => Ty::Option(Box::new(ty.clone())),
        1 => Ty::Prim(random.pick(&Prim::ALL)),
        _ => match ty {
            Ty::List(ty) => Ty::Fixed(ty.clone(), 2),
            Ty::Fixed(ty, length) => Ty::Fixed(ty.clone(), length + 1),
            Ty::Map(key, value) => Ty::List(Box::new(Ty::Tuple(vec![Ty::Prim(*key), (**value).clone()]))),
            Ty::Result(ok, err) => Ty::Result(err.clone(), ok.clone()),
            ty => Ty::List(Box::new(ty.clone())),
        },
    };
    if another == *ty { Ty::Tuple(vec![another]) } else { another }
}

fn change_function(case: &mut Case, change: Change, random: &mut Random) -> Option<()> {
    let index = random.below(case.functions.len());
    let Function { name, params, result, .. } = &mut case.functions[index];
    match change {
        Change::FunctionAdded => {
            let (name, kind) = ("one-more".to_owned(), Kind::Canned(vec![Val::U8(1)]));
            case.functions.push(Function { name, params: Vec::new(), result: Some(Ty::Prim(Prim::U8)), kind });
            case.nodes[0].sources.push(None);
        }
        Change::FunctionDropped => {
            // Something is left to export.
            (case.functions.len() > 1).then_some(())?;
            case.functions.remove(index);
            case.nodes[0].sources.remove(index);
        }
        Change::FunctionRenamed => *name += "-renamed",
        Change::ParamAdded => params.push(("one-more".to_owned(), Ty::Prim(random.pick(&Prim::ALL)))),
        Change::ParamDropped => drop(params.pop()?),
        Change::ParamRenamed => params.last_mut()?.0 += "-renamed",
        Change::ParamsSwapped => {
            (params.len() > 1).then_some(())?;
            params.swap(0, 1);
        }
        Change::ParamType => {
            (!params.is_empty()).then_some(())?;
            let place = random.below(params.len());
            params[place].1 = other(&params[place].1, random);
        }
        Change::ResultAdded => {
            result.is_none().then_some(())?;
            *result = Some(Ty::Prim(random.pick(&Prim::ALL)));
        }
        Change::ResultDropped => drop(result.take()?),
        Change::ResultType => *result = Some(other(result.as_ref()?, random)),
        _ => return None,
    }
    Some(())
}

fn record_to_tuple(case: &mut Case, used: &[usize], random: &mut Random) -> Option<()> {
    let is_record = |index: &usize| matches!(case.defs[*index].body, Body::Record(_));
    let records: Vec<usize> = used.iter().copied().filter(is_record).collect();
    let record = pick(&records, random)?;
    let Body::Record(fields) = &case.defs[record].body else { return None };
    let tuple = Ty::Tuple(fields.iter().map(|(_, ty)| ty.clone()).collect());
    for function in &mut case.functions {
        for ty in function.params.iter_mut().map(|(_, ty)| ty).chain(&mut function.result) {
            replace(ty, record, &tuple);
        }
    }
    for def in &mut case.defs {
        match &mut def.body {
            Body::Record(fields) => fields.iter_mut().for_each(|(_, ty)| replace(ty, record, &tuple)),
            Body::Variant(cases) => cases.iter_mut().flat_map(|(_, ty)| ty).for_each(|ty| replace(ty, record, &tuple)),
            Body::Enum(_) | Body::Flags(_) => {}
        }
    }
    Some(())
}

/// Puts another type into the places of a definition.
fn replace(ty: &mut Ty, def: usize, by: &Ty) {
    match ty {
        Ty::Named(index) if *index == def => *ty = by.clone(),
        Ty::Prim(_) | Ty::Named(_) => {}
        Ty::List(ty) | Ty::Fixed(ty, _) | Ty::Map(_, ty) | Ty::Option(ty) => replace(ty, def, by),
        Ty::Result(ok, err) => ok.iter_mut().chain(err).for_each(|ty| replace(ty, def, by)),
        Ty::Tuple(types) => types.iter_mut().for_each(|ty| replace(ty, def, by)),
    }
}

fn change_members(def: &mut Def, change: Change, random: &mut Random) -> Option<()> {
    match &mut def.body {
        Body::Record(fields) => {
            change_list(fields, change, ("one-more".to_owned(), Ty::Prim(Prim::U8)), random, |(name, _)| name)?;
            let place = random.below(fields.len());
            if change == Change::MemberType {
                fields[place].1 = other(&fields[place].1, random);
            }
        }
        Body::Variant(cases) => {
            change_list(cases, change, ("one-more".to_owned(), None), random, |(name, _)| name)?;
            let place = random.below(cases.len());
            if change == Change::MemberType {
                let ty = &cases[place].1;
                cases[place].1 = match ty {
                    Some(ty) if random.percent(50) => Some(other(ty, random)),
                    Some(_) => None,
                    None => Some(Ty::Prim(Prim::U8)),
                };
            }
        }
        Body::Enum(names) => {
            (change != Change::MemberType).then_some(())?;
            change_list(names, change, "one-more".to_owned(), random, |name| name)?;
        }
        Body::Flags(names) => {
            (change != Change::MemberType && names.len() < 32).then_some(())?;
            change_list(names, change, "one-more".to_owned(), random, |name| name)?;
        }
    }
    Some(())
}

fn change_list<T>(
    members: &mut Vec<T>,
    change: Change,
    more: T,
    random: &mut Random,
    name: impl Fn(&mut T) -> &mut String,
) -> Option<()> {
    let place = random.below(members.len());
    match change {
        Change::MemberAdded => members.insert(place, more),
        Change::MemberRenamed => *name(&mut members[place]) += "-renamed",
        Change::MemberDropped => {
            (members.len() > 1).then_some(())?;
            members.remove(place);
        }
        Change::MembersSwapped => {
            (members.len() > 1).then_some(())?;
            let other = (place + 1) % members.len();
            members.swap(place, other);
        }
        _ => {}
    }
    Some(())
}
