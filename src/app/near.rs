use crate::words::{closest, list};

/// The end of a sentence that says that `wanted` is not among `names`: what may have been meant, and
/// what there is.
pub(super) fn among<'a>(what: &str, wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return format!("; there are no {what}");
    }
    let listed = list(&names);
    match closest(wanted, names) {
        Some(name) => format!("; did you mean `{name}`? The {what} are {listed}"),
        None => format!("; the {what} are {listed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_offered_and_all_are_listed() {
        let names = ["words", "lines"];
        let told = |wanted, names: &[&'static str]| among("plugins", wanted, names.iter().copied());
        assert_eq!(told("wrods", &names), "; did you mean `words`? The plugins are `lines` and `words`");
        assert_eq!(told("unlike", &names), "; the plugins are `lines` and `words`");
        assert_eq!(told("x", &[]), "; there are no plugins");
    }
}
