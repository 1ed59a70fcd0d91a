//! Why a row has its verdict, as stable codes.
//!
//! The names are part of the contract: scripts match on them in the JSON, and `perfgate explain NAME` tells what they mean.
//!
//! Not here: which reason applies (`verdict`), and the sentence with the row's own numbers beside it.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident $name:literal $text:literal)*) => {
        /// Why a row has its verdict.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum Reason { $($(#[$doc])* #[serde(rename = $name)] $variant),* }

        impl Reason {
            /// Every reason, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code used in files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it means and what to do, for `perfgate explain NAME`.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

reasons! {
    /// Worse by at least the fail limit.
    OverFailLimit "over-fail-limit"
        "The change is at least the fail limit. Whether it fails is for the evidence: another reason beside this one says what speaks against it."
    /// Worse by at least the warn limit.
    OverWarnLimit "over-warn-limit"
        "The change is at least the warn limit and under the fail limit. Another reason beside this one says what speaks against a warning."
    /// Over its budget's fail value.
    OverFailBudget "over-fail-budget"
        "The value itself is over the `fail` of a [[budget]], whatever it was before."
    /// Over its budget's warn value.
    OverWarnBudget "over-warn-budget"
        "The value itself is over the `warn` of a [[budget]], whatever it was before."
    /// Better by at least the fail limit.
    BetterThanFailLimit "better-than-fail-limit"
        "The change for the better is at least as large as the fail limit for the worse."
    /// Unchanged runs vary that much.
    WithinNoise "within-noise"
        "The change is over a limit, but runs of unchanged code can differ by as much. More runs, or `perfgate ab`, tell more."
    /// The data do not exclude a change over a limit.
    CouldBeOverLimit "could-be-over-limit"
        "The data exclude neither a change over a limit nor no change at all. `detectable` says how large a change these data could have shown; `perfgate ab` measures again."
    /// An earlier level of the history was this slow too.
    SeenBefore "seen-before"
        "Two or more runs before the current level of the history were this slow too. It is a change back to where the benchmark was, by its code or by the machine, so it warns at most."
    /// The benchmark's runs fall into two groups.
    Bimodal "bimodal"
        "Unchanged runs of the benchmark fall into two groups, as with two memory layouts. More runs tell more than more samples."
    /// The change is smaller than `min-change`.
    UnderMinChange "under-min-change"
        "The change is over a limit as a share, but smaller than the `min-change` of perfgate.toml in the metric's unit."
    /// The benchmark has no result in some of the pairs.
    FewPairs "few-pairs"
        "The benchmark has a result of both sides in some of the pairs only. By fewer than three it is `inconclusive` at best."
    /// The verdict rests on one run or two a side.
    OneRun "one-run"
        "There are fewer than three runs a side, which show no noise between runs: the runs and the samples within them are apart and, where there is a suite to tell, stand out of it, and that is all that is known. A history (`check`, `--history`), three runs a side or `perfgate ab` tell more."
    /// The p25-p75 ranges of the two sides' samples overlap, or their runs.
    SamplesOverlap "samples-overlap"
        "The middle halves (p25 to p75) of the two sides' samples overlap, or of two runs a side one is as good as one of the other's, so the change is not taken for real."
    /// The change is within the spread of the suite's own changes.
    WithinSuiteSpread "within-suite-spread"
        "There are fewer than three runs a side, and other benchmarks of the suite moved about as much between the two: a change for the worse warns at most, one for the better does not count."
    /// The two sides were measured on different machines.
    EnvironmentDiffers "environment-differs"
        "The two sides were measured on different processors, and the suite is too small to tell what that did to all of it, so times warn at most."
    /// The baseline is zero, so there is no ratio.
    ZeroBaseline "zero-baseline"
        "The baseline is zero, so there is no ratio to hold against a share. Set an absolute limit, such as `fail = \"+1ms\"`."
    /// The good direction of the metric is not known.
    DirectionUnknown "direction-unknown"
        "Neither the tool nor the unit says whether more is better. Say it in perfgate.toml: `better` in [metrics.\"NAME\"]."
    /// The same samples on both sides: not measured again.
    IdenticalSamples "identical-samples"
        "Both sides have the very same samples of this benchmark, so it was not measured again."
    /// Covered by an `[[accept]]` entry.
    Accepted "accepted"
        "An [[accept]] entry of perfgate.toml covers the change until the day it names."
    /// Worse than its `[[accept]]` entry allows.
    BeyondAccepted "beyond-accepted"
        "An [[accept]] entry names this series, but the change is larger than the entry allows."
    /// A value is NaN, infinite or negative.
    InvalidValue "invalid-value"
        "The value is not a number, infinite or negative where that cannot be. A row without a value is never a pass."
    /// The benchmark failed in its tool's file.
    BenchmarkFailed "benchmark-failed"
        "The tool's file says that the benchmark failed, crashed or was ended early."
    /// The two sides' units differ.
    UnitMismatch "unit-mismatch"
        "The two sides have different units, so the values cannot be compared."
    /// Suspicious at first, so measured again in turns with the baseline and judged by that.
    MeasuredAgain "measured-again"
        "The first run was suspicious, so the benchmark was measured again in turns with its baseline (`perfgate ab --confirm`), and the fresh measurements alone decided."
    /// Shown only: `gate = false`, or computed from another metric.
    NotGated "not-gated"
        "The row is shown and does not count: `gate = false`, or the metric is computed from another one."
}
