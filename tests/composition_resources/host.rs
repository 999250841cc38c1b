//! What the host has of both twins: handles, and values with them.

use plugweave::{App, CallError, Val};
use wasmtime::component::{ResourceAny, Val as Raw};

use super::case::{Case, Step};
use super::composed::{Composed, Failed};
use super::random::Random;
use super::shape::Shape;
use super::types::{Res, Ty};

/// A handle of each twin.
struct Kept {
    resource: Res,
    raw: ResourceAny,
    val: Val,
}

/// The two twins, and what the host has of them.
pub struct Twins<'a> {
    pub case: &'a Case,
    pub composed: Composed,
    pub app: App,
    kept: Vec<Kept>,
}

/// What both have done.
pub enum Both {
    Done,
    Failed(Failed, CallError),
}

/// What both have returned, or how both have failed.
type Called = Result<(Option<Raw>, Option<Val>), (Failed, CallError)>;

impl<'a> Twins<'a> {
    /// Both twins, of which the host has nothing yet.
    pub fn new(case: &'a Case, composed: Composed, app: App) -> Self {
        Self { case, composed, app, kept: Vec::new() }
    }

    /// How many handles the host has.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Calls a function with random arguments, and keeps or drops the handles of the result.
    ///
    /// # Errors
    /// What differs.
    pub fn call(&mut self, step: &Step, function: usize) -> Result<Both, String> {
        let random = &mut Random::new(step.seed.into());
        let shape = Shape::of(&self.case.nodes[step.node].functions[function], step.node, function);
        let mut lent = Vec::new();
        let made = self.make(&shape.args, random, &mut lent)?;
        let (Raw::Tuple(raw), Val::Tuple(vals)) = made else { return Err("no tuple".to_owned()) };
        let both = self.call_with(step.node, &shape, &raw, &vals)?;
        // Those that were lent are the host's again.
        self.kept.append(&mut lent);
        match both {
            Ok((raw, val)) => {
                if let (Some(ty), Some(raw), Some(val)) = (&shape.result, raw, val) {
                    self.take(ty, raw, val, random)?;
                }
                Ok(Both::Done)
            }
            Err((expected, found)) => Ok(Both::Failed(expected, found)),
        }
    }

    fn call_with(&mut self, node: usize, shape: &Shape, raw: &[Raw], vals: &[Val]) -> Result<Called, String> {
        let expected = self.composed.call(&format!("n{node}-s"), &shape.name, raw, shape.result.is_some());
        let found = self.app.call_plugin(&format!("n{node}"), &format!("t:t/s{node}@1.0.0#{}", shape.name), vals);
        match (expected, found) {
            (Ok(expected), Ok(found)) if expected.is_some() == found.is_some() => Ok(Ok((expected, found))),
            (Err(expected), Err(found)) => Ok(Err((expected, found))),
            (expected, found) => Err(format!("\n  composed:   {expected:?}\n  dispatched: {found:?}")),
        }
    }

    /// Drops some handle.
    ///
    /// # Errors
    /// What differs.
    pub fn drop_one(&mut self, step: &Step) -> Result<Both, String> {
        if self.kept.is_empty() {
            return Ok(Both::Done);
        }
        let kept = self.kept.swap_remove(step.seed as usize % self.kept.len());
        self.drop_kept(kept)?;
        Ok(Both::Done)
    }

    /// Drops all handles.
    ///
    /// # Errors
    /// What differs.
    pub fn drop_all(&mut self) -> Result<(), String> {
        std::mem::take(&mut self.kept).into_iter().try_for_each(|kept| self.drop_kept(kept))
    }

    fn drop_kept(&mut self, kept: Kept) -> Result<(), String> {
        drop(kept.val);
        self.composed.drop_handle(kept.raw).map_err(|failed| format!("a drop of the host failed: {failed:?}"))
    }

    /// A value of each twin. What it borrows is in `lent` from then on.
    fn make(&mut self, ty: &Ty, random: &mut Random, lent: &mut Vec<Kept>) -> Result<(Raw, Val), String> {
        Ok(match ty {
            Ty::U32 => {
                let number = u32::try_from(random.below(1 << 31)).unwrap();
                (Raw::U32(number), Val::U32(number))
            }
            Ty::Own(resource) => {
                let kept = self.some(*resource, random)?;
                (Raw::Resource(kept.raw), kept.val)
            }
            Ty::Borrow(resource) => {
                // Sometimes one is lent twice.
                let again = lent.iter().position(|lent| lent.resource == *resource && random.percent(30));
                if again.is_none() {
                    let some = self.some(*resource, random)?;
                    lent.push(some);
                }
                let kept = &lent[again.unwrap_or(lent.len() - 1)];
                (Raw::Resource(kept.raw), kept.val.clone())
            }
            Ty::List(element) => {
                let parts = vec![&**element; random.below(4)];
                let (raw, val) = self.make_all(&parts, random, lent)?;
                (Raw::List(raw), Val::List(val))
            }
            Ty::Tuple(_) => {
                let (raw, val) = self.make_all(&ty.parts(), random, lent)?;
                (Raw::Tuple(raw), Val::Tuple(val))
            }
            Ty::Record(_) => {
                let (raw, val) = self.make_all(&ty.parts(), random, lent)?;
                let names = |index: usize| format!("f{index}");
                (Raw::Record(named(raw, names)), Val::Record(named(val, names)))
            }
            Ty::Option(_) | Ty::Variant(_) | Ty::Result(..) => {
                let cases = ty.cases().unwrap();
                let case = random.below(cases.len());
                let (raw, val) = match cases[case] {
                    Some(inner) => {
                        let (raw, val) = self.make(inner, random, lent)?;
                        (Some(Box::new(raw)), Some(Box::new(val)))
                    }
                    None => (None, None),
                };
                match (ty, case) {
                    (Ty::Option(_), _) => (Raw::Option(raw), Val::Option(val)),
                    (Ty::Variant(_), _) => {
                        (Raw::Variant(format!("c{case}"), raw), Val::Variant(format!("c{case}"), val))
                    }
                    (_, 0) => (Raw::Result(Ok(raw)), Val::Result(Ok(val))),
                    _ => (Raw::Result(Err(raw)), Val::Result(Err(val))),
                }
            }
        })
    }

    fn make_all(
        &mut self,
        parts: &[&Ty],
        random: &mut Random,
        lent: &mut Vec<Kept>,
    ) -> Result<(Vec<Raw>, Vec<Val>), String> {
        parts.iter().map(|part| self.make(part, random, lent)).collect()
    }

    /// A handle that the host has, or a new one.
    fn some(&mut self, resource: Res, random: &mut Random) -> Result<Kept, String> {
        let mine: Vec<usize> = (0..self.kept.len()).filter(|at| self.kept[*at].resource == resource).collect();
        if !mine.is_empty() && random.percent(70) {
            return Ok(self.kept.swap_remove(random.pick(&mine)));
        }
        let seed = u32::try_from(random.below(1 << 30)).unwrap();
        let shape = Shape::of(&self.case.nodes[resource.node].functions[resource.index], resource.node, resource.index);
        match self.call_with(resource.node, &shape, &[Raw::U32(seed)], &[Val::U32(seed)])? {
            Ok((Some(Raw::Resource(raw)), Some(val @ Val::Resource(_)))) => Ok(Kept { resource, raw, val }),
            Ok(other) => Err(format!("{} makes {other:?}", shape.name)),
            Err(failures) => Err(format!("{} fails: {failures:?}", shape.name)),
        }
    }

    /// Compares a value of both, and keeps or drops its handles.
    fn take(&mut self, ty: &Ty, raw: Raw, val: Val, random: &mut Random) -> Result<(), String> {
        match (ty, raw, val) {
            (Ty::U32, Raw::U32(expected), Val::U32(found)) if expected == found => Ok(()),
            (Ty::Own(resource), Raw::Resource(raw), Val::Resource(handle))
                if *handle.owner().as_str() == format!("n{}", resource.node) =>
            {
                let kept = Kept { resource: *resource, raw, val: Val::Resource(handle) };
                if random.percent(60) {
                    self.kept.push(kept);
                    return Ok(());
                }
                self.drop_kept(kept)
            }
            (Ty::List(element), Raw::List(raw), Val::List(val)) => {
                let parts = vec![&**element; raw.len()];
                self.take_all(&parts, raw, val, random)
            }
            (Ty::Tuple(_), Raw::Tuple(raw), Val::Tuple(val)) => self.take_all(&ty.parts(), raw, val, random),
            (Ty::Record(_), Raw::Record(raw), Val::Record(val)) => {
                let raw = raw.into_iter().map(|(_, raw)| raw).collect();
                self.take_all(&ty.parts(), raw, val.into_iter().map(|(_, val)| val).collect(), random)
            }
            (Ty::Option(_), Raw::Option(raw), Val::Option(val)) => {
                self.take_case(ty, usize::from(raw.is_some()), raw, val, random)
            }
            (Ty::Variant(_), Raw::Variant(expected, raw), Val::Variant(found, val)) if expected == found => {
                let case = expected[1..].parse().map_err(|_| format!("a case {expected}"))?;
                self.take_case(ty, case, raw, val, random)
            }
            (Ty::Result(..), Raw::Result(Ok(raw)), Val::Result(Ok(val))) => self.take_case(ty, 0, raw, val, random),
            (Ty::Result(..), Raw::Result(Err(raw)), Val::Result(Err(val))) => self.take_case(ty, 1, raw, val, random),
            (ty, raw, val) => Err(format!("of {ty:?}\n  composed:   {raw:?}\n  dispatched: {val:?}")),
        }
    }

    fn take_all(&mut self, parts: &[&Ty], raw: Vec<Raw>, val: Vec<Val>, random: &mut Random) -> Result<(), String> {
        if (raw.len(), val.len()) != (parts.len(), parts.len()) {
            return Err(format!("of {parts:?}\n  composed:   {raw:?}\n  dispatched: {val:?}"));
        }
        parts.iter().zip(raw.into_iter().zip(val)).try_for_each(|(ty, (raw, val))| self.take(ty, raw, val, random))
    }

    fn take_case(
        &mut self,
        ty: &Ty,
        case: usize,
        raw: Option<Box<Raw>>,
        val: Option<Box<Val>>,
        random: &mut Random,
    ) -> Result<(), String> {
        let inner = ty.cases().and_then(|cases| cases.get(case).copied().flatten());
        match (inner, raw, val) {
            (None, None, None) => Ok(()),
            (Some(inner), Some(raw), Some(val)) => self.take(inner, *raw, *val, random),
            (_, raw, val) => Err(format!("case {case} of {ty:?}\n  composed:   {raw:?}\n  dispatched: {val:?}")),
        }
    }
}

fn named<T>(values: Vec<T>, name: impl Fn(usize) -> String) -> Vec<(String, T)> {
    values.into_iter().enumerate().map(|(index, value)| (name(index), value)).collect()
}
