//! The first of many names, as many as a message lists.

use std::cell::OnceCell;
use std::fmt;

use crate::words::{LISTED, list_of};

/// The first of many, and how many there are in all. Problems hold this, not a list whose size depends on the app.
pub struct Few<'a, T: ?Sized> {
    first: Vec<&'a T>,
    all: usize,
    /// The sentence: a name may be as long as a file, and thousands of problems may list it.
    told: OnceCell<String>,
}

impl<'a, T: fmt::Display + ?Sized> Few<'a, T> {
    /// The first of these.
    pub fn of(things: impl IntoIterator<Item = &'a T>) -> Self {
        let mut things = things.into_iter();
        let first: Vec<&'a T> = things.by_ref().take(LISTED).collect();
        let all = first.len() + things.count();
        Self { first, all, told: OnceCell::new() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for Few<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.told.get_or_init(|| list_of(&self.first, self.all)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::list;

    #[test]
    fn few_read_as_the_whole_list_does() {
        let words: Vec<String> = (0..3_000).map(|number| format!("word-{number}")).collect();
        for many in [0, 1, 2, LISTED, LISTED + 1, words.len()] {
            let few = Few::of(words[..many].iter().map(String::as_str));
            assert_eq!(few.to_string(), list(&words[..many]));
            assert_eq!(few.is_empty(), many == 0);
        }
    }
}
