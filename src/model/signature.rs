use std::sync::Arc;

use super::{ExternName, FuncType, Resource, Type, first_difference, first_signature_difference};

/// Whether two names stand for the interface that defines a resource, from the consumer's and the
/// provider's point of view.
pub type ResourceMatch<'a> = dyn Fn(&ExternName, &ExternName) -> bool + 'a;

/// When the types of a consumer and a provider fit: they are structurally equal, names of
/// parameters, fields and cases included; resources are equal when their names are and their
/// defining interfaces match.
pub struct Fitting<'a> {
    /// Whether the consumer's interface (first) is the provider's (second): by version, or by the
    /// import's `from`.
    pub interfaces_match: &'a ResourceMatch<'a>,
}

impl Fitting<'_> {
    /// Whether a resource of the consumer is that of the provider.
    pub fn same_resource(&self, consumer: &Resource, provider: &Resource) -> bool {
        consumer.name == provider.name
            && match (&consumer.interface, &provider.interface) {
                (Some(mine), Some(theirs)) => (self.interfaces_match)(mine, theirs),
                (None, None) => true,
                _ => false,
            }
    }
}

/// Whether two types fit.
pub fn fits(consumer: &Arc<Type>, provider: &Arc<Type>, fitting: &Fitting<'_>) -> bool {
    first_difference(consumer, provider, fitting).is_none()
}

/// Whether the parameters of two functions fit.
pub fn signature_fits(consumer: &FuncType, provider: &FuncType, fitting: &Fitting<'_>) -> bool {
    first_signature_difference(consumer, provider, fitting).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Field, Param, Side};

    fn ty(ty: Type) -> Arc<Type> {
        Arc::new(ty)
    }

    fn record(fields: &[(&str, Type)]) -> Arc<Type> {
        let field = |(name, ty): &(&str, Type)| Field { name: (*name).to_owned(), ty: Arc::new(ty.clone()) };
        ty(Type::Record(fields.iter().map(field).collect()))
    }

    fn difference(consumer: &Arc<Type>, provider: &Arc<Type>) -> Option<String> {
        let fitting = Fitting { interfaces_match: &|a, b| a == b };
        first_difference(consumer, provider, &fitting).map(|difference| difference.to_string())
    }

    #[test]
    fn the_first_difference_is_named_with_its_path() {
        let deep = |leaf: Type| {
            let inner = record(&[("line", leaf), ("text", Type::String)]);
            ty(Type::List(ty(Type::Option(ty(Type::Result(Some(inner), None))))))
        };
        assert_eq!(difference(&deep(Type::U32), &deep(Type::U32)), None);
        assert_eq!(
            difference(&deep(Type::U32), &deep(Type::S64)).unwrap(),
            "element: some: ok: field `line`: `u32` here, `s64` at the provider"
        );
        let shorter = record(&[("a", Type::U8)]);
        let longer = record(&[("a", Type::U8), ("b", Type::Bool)]);
        assert_eq!(difference(&shorter, &longer).unwrap(), "no more fields here, a field `b` at the provider");
        let other_name = record(&[("z", Type::U8)]);
        assert_eq!(difference(&shorter, &other_name).unwrap(), "a field `a` here, a field `z` at the provider");
    }

    #[test]
    fn parameter_names_count() {
        let func = |name: &str| FuncType {
            is_async: false,
            params: vec![Param { name: name.into(), ty: ty(Type::U8) }],
            result: None,
        };
        let fitting = Fitting { interfaces_match: &|a, b| a == b };
        assert!(signature_fits(&func("a"), &func("a"), &fitting));
        let difference = first_signature_difference(&func("a"), &func("b"), &fitting).unwrap();
        assert_eq!(difference.to_string(), "a parameter `a` here, a parameter `b` at the provider");
    }

    #[test]
    fn resources_fit_by_name_and_interface() {
        let handle = |interface: &str, name: &str| {
            ty(Type::Own(Resource {
                name: name.into(),
                interface: Some(ExternName::parse(interface).unwrap()),
                side: Side::Import,
            }))
        };
        assert_eq!(difference(&handle("a:b/c", "r"), &handle("a:b/c", "r")), None);
        assert!(difference(&handle("a:b/c", "r"), &handle("a:b/d", "r")).unwrap().contains("`a:b/d`"));
        assert!(difference(&handle("a:b/c", "r"), &handle("a:b/c", "s")).is_some());
    }

    #[test]
    fn equal_huge_types_compare_fast() {
        let grow = || (0..60).fold(ty(Type::U8), |inner, _| ty(Type::Tuple(vec![inner.clone(), inner])));
        assert_eq!(difference(&grow(), &grow()), None);
    }
}
