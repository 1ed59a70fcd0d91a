//! The words that keys of `[gate]` take.
//!
//! Not here: what the words do to a verdict (`verdict`).

macro_rules! words {
    ($(#[$meta:meta])* $visibility:vis $name:ident { $($(#[$variant_meta:meta])* $variant:ident $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        $visibility enum $name {
            $($(#[$variant_meta])* #[cfg_attr(test, schemars(rename = $word))] $variant),*
        }

        impl $name {
            /// Every word, in the order of the documentation.
            $visibility const NAMES: &'static [&'static str] = &[$($word),*];

            /// The word in files and options.
            $visibility fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The value of a word.
            $visibility fn from_name(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// How much proof a `fail` needs.
    pub Evidence {
        /// The statistics where noise can be estimated, the one-run rule elsewhere.
        Auto "auto",
        /// The statistics always: what cannot be shown is inconclusive.
        Strict "strict",
        /// The limits alone, as simple percentage gates do.
        None "none",
    }
}

words! {
    /// Which verdict of the gate ends with exit code 1.
    pub FailOn {
        /// `fail` only.
        Fail "fail",
        /// `warn` too.
        Warn "warn",
        /// None: verdicts are only shown.
        Never "never",
    }
}

words! {
    /// What a verdict that is neither `pass` nor `fail` counts as in the whole gate.
    pub Counted {
        /// Shown, not counted.
        Ignore "ignore",
        /// As a warning.
        Warn "warn",
        /// As a failure.
        Fail "fail",
    }
}

words! {
    /// What inconclusive series count as; `pass` is [`Counted::Ignore`].
    pub(super) Inconclusive {
        /// Shown, not counted.
        Pass "pass",
        /// As a warning.
        Warn "warn",
        /// As a failure.
        Fail "fail",
    }
}

impl From<Inconclusive> for Counted {
    fn from(word: Inconclusive) -> Self {
        match word {
            Inconclusive::Pass => Self::Ignore,
            Inconclusive::Warn => Self::Warn,
            Inconclusive::Fail => Self::Fail,
        }
    }
}

impl From<Counted> for Inconclusive {
    fn from(counted: Counted) -> Self {
        match counted {
            Counted::Ignore => Self::Pass,
            Counted::Warn => Self::Warn,
            Counted::Fail => Self::Fail,
        }
    }
}
