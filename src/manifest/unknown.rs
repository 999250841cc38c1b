use std::ops::{BitOr, BitOrAssign};

/// What is not known of an app, because a file that says it cannot be read or has mistakes.
///
/// A problem that follows from what is unknown is not reported: the broken file has its own. Whole inputs poison what
/// depends on them: [`Unknown::MANIFEST`] a manifest that cannot be read, [`Unknown::APP_FILE`] such an `app.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unknown(u8);

impl Unknown {
    /// Everything is known.
    pub const NOTHING: Self = Self(0);
    /// The id of a plugin: one that no manifest seems to have may be the one.
    pub const ID: Self = Self(1);
    /// What a plugin exports: a provider that is missing may be that plugin.
    pub const OFFERS: Self = Self(1 << 1);
    /// What `app.toml` binds.
    pub const BINDINGS: Self = Self(1 << 2);
    /// Whether `app.toml` says `contained`.
    pub const CONTAINMENT: Self = Self(1 << 3);
    /// All that a manifest says of its plugin to others.
    pub const MANIFEST: Self = Self(Self::ID.0 | Self::OFFERS.0);
    /// All that `app.toml` says.
    pub const APP_FILE: Self = Self(Self::BINDINGS.0 | Self::CONTAINMENT.0);

    /// Whether any part of `what` is unknown.
    #[must_use]
    pub const fn has(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }

    /// This where it holds, else nothing.
    #[must_use]
    pub const fn when(self, holds: bool) -> Self {
        if holds { self } else { Self::NOTHING }
    }
}

impl BitOr for Unknown {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Unknown {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_files_are_the_sum_of_their_parts() {
        let mut unknown = Unknown::default();
        assert!(!unknown.has(Unknown::MANIFEST | Unknown::APP_FILE));
        unknown |= Unknown::ID.when(false) | Unknown::OFFERS.when(true);
        assert!(unknown.has(Unknown::OFFERS) && unknown.has(Unknown::MANIFEST));
        assert!(!unknown.has(Unknown::ID) && !unknown.has(Unknown::APP_FILE));
    }
}
