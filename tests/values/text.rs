//! Values as text, and names.

/// A list of values.
pub fn list(texts: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", texts.into_iter().collect::<Vec<_>>().join(", "))
}

/// `c000`, `c001` and so on. Their order is also that of the alphabet, in which WAVE text gives flags.
pub fn names(count: usize) -> Vec<String> {
    (0..count).map(name).collect()
}

pub fn name(index: usize) -> String {
    format!("c{index:03}")
}
