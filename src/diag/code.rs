//! Every kind of message, with its stable name, its usual severity and its explanation.
//!
//! The names are part of the contract: scripts match on them in `--message-format json` and in the report's notes.

use super::Severity;

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $text:literal)*) => {
        /// Stable name of a kind of message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant is explained by its `explanation`")]
        pub enum Code { $($variant),* }

        impl Code {
            /// Every code, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The kebab-case name, as in `error[malformed-number]`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The severity a message of this code has unless it says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// What it means and what to do, for `perfgate explain CODE`.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

codes! {
    // Inputs that cannot be used at all (exit 2).
    NotFound "not-found" Error "The path does not exist, or the glob matches nothing. Paths are relative to the working folder; quote globs so that perfgate expands them."
    Unreadable "unreadable" Error "The file or folder exists but could not be read."
    EmptyFile "empty-file" Error "The file has no content. A benchmark run that crashed before it printed anything often leaves one: look at the exit status of the command that wrote it."
    BinaryFile "binary-file" Error "The file is not text. perfgate reads what benchmark tools write as text or JSON; UTF-8 and UTF-16 are both fine."
    LineTooLong "line-too-long" Error "A line of the file is longer than any benchmark tool writes. Usually the file is not benchmark output."
    Unrecognised "unrecognised" Error "No format that perfgate knows fits the file's content. `perfgate formats` lists the formats; `--input-format NAME` reads the file as one of them and says what does not fit."
    AmbiguousFormat "ambiguous-format" Error "The content fits more than one format. Name the right one with `--input-format NAME`."
    UnknownFormat "unknown-format" Error "`--input-format` names a format that does not exist. `perfgate formats` lists them."
    NoResults "no-results" Error "The input was read but holds no benchmark result. Nothing compared is never a pass."
    InvalidJson "invalid-json" Error "The file is not valid JSON. A file cut short is usually a run that was killed while it wrote."
    NestedTooDeep "nested-too-deep" Error "The JSON is nested deeper than any benchmark tool writes. It is refused, because reading it would cost more than it can be worth."
    MalformedDocument "malformed-document" Error "The JSON is valid but does not have the shape its format has, or something stands behind it. One malformed benchmark in a list of them costs its own row only, which is then `invalid`."
    UnsupportedVersion "unsupported-version" Error "The file was written by a newer version of the tool or of perfgate than this perfgate knows. Update perfgate."
    IdenticalSamples "identical-samples" Error "Both sides hold the same Criterion samples, so they are the same measurement and comparing them says nothing. Criterion copies `new` over `base` at the end of every plain run. Save a baseline before the change (`cargo bench -- --save-baseline main`) and compare `target/criterion@main` with `target/criterion`."
    UnknownBaseline "unknown-baseline" Error "The Criterion tree has no baseline of that name. Save one with `cargo bench -- --save-baseline NAME`."
    NothingInCommon "nothing-in-common" Error "No series is on both sides, so there is nothing to judge. That is never a pass: exit 3."
    MappingFindsNothing "mapping-finds-nothing" Error "A `[[format]]` of perfgate.toml was to read this document, but its `records` lead to nothing, or no record has any of its values. Paths are written like `benchmarks.*.runs[0]`; those of values are relative to the record."
    LeftOut "left-out" Warning "The form that was asked for has no room for some of the results, which are left out."
    ReadByName "read-by-name" Note "No tool's format fits this JSON, so its fields were read by their names: `avg_latency_ms` is the mean of a latency in milliseconds. `perfgate convert --explain FILE` lists what each field was taken for; a `[[format]]` in perfgate.toml says it exactly."
    // Rows of a readable input (the rest is kept).
    MalformedNumber "malformed-number" Warning "A value is not a number. The row is reported as `invalid`; what stands around it is kept."
    MalformedLine "malformed-line" Warning "A line starts like a result but does not have a result's form. The line is left out and reported; a benchmark with no other line is `invalid`."
    TruncatedLine "truncated-line" Warning "The file ends in the middle of a result, as it does when a run is killed or a disk is full. The cut result is reported as `invalid`."
    InvalidValue "invalid-value" Warning "A value cannot be a measurement: NaN, infinite, a negative duration or count, or no iterations. The row is reported as `invalid`."
    BenchmarkFailed "benchmark-failed" Warning "The tool says that a benchmark failed, crashed or was aborted. It is reported as `invalid`: a benchmark that does not run cannot pass."
    UnitMismatch "unit-mismatch" Warning "The two sides give the same series in units that cannot be converted into each other. The row is reported as `invalid`."
    DuplicateKey "duplicate-key" Error "The same name stands twice where the format does not allow repeats, so one of the two would be lost."
    StaleFolder "stale-folder" Note "Folders of a Criterion tree are much older than the rest: benchmarks that were deleted, renamed or filtered out. They are left out."
    MissingSamples "missing-samples" Note "The file or tree has estimates but no samples, or not all of them, as old and trimmed ones do. The estimates are used; less can be said about noise."
    LossyText "lossy-text" Note "The file has bytes that are not valid UTF-8. They are shown as U+FFFD."
    ConfigurationIgnored "configuration-ignored" Note "A line of the file is about the run, not a result, and could not be used."
    // Configuration.
    InvalidConfig "invalid-config" Error "perfgate.toml could not be read, or a value in it does not have the form its key needs."
    UnknownKey "unknown-key" Error "A key of perfgate.toml is not one that perfgate knows. Unknown keys are refused, so that a typing error never switches a limit off."
    InvalidLimit "invalid-limit" Error "A limit is a share such as \"5%\", or a step such as \"+3\", \"+2ms\" or \"+1MiB\"."
    LimitOrder "limit-order" Error "A fail limit is less strict than its warn limit: a change would fail before it warns."
    ForeignConfig "foreign-config" Error "This perfgate.toml belongs to another program of the same name. Rename one of the two, or pass `--config PATH`."
    ExpiredAccept "expired-accept" Note "An [[accept]] entry's `until` date has passed, so it no longer covers anything. Remove it, or mend the regression it covered."
    UnusedAccept "unused-accept" Note "An [[accept]] entry covers nothing in this comparison: the regression is gone, or its benchmark or metric is spelled differently."
    UnusedRule "unused-rule" Note "A [[rule]], [[budget]] or [[rename]] matches no series of this comparison. Its pattern may be misspelled, or its benchmark was removed."
    // What the reader of a verdict should know.
    EnvironmentDiffers "environment-differs" Warning "The two sides were measured on different machines or with different tool versions, by the labels in the files. Times are then hard to compare."
    OneRun "one-run" Note "Both sides have too few runs to estimate how noisy the benchmarks are, so verdicts rest on the limits and on the spread inside each run. Give more runs a side, give a history, or measure both sides in turns."
    SuiteMoved "suite-moved" Warning "So many benchmarks of a suite got worse that its common shift, which is taken out because it is usually the machine, may be the code. Measure both sides in turns on one machine to tell."
    TooFewRuns "too-few-runs" Error "`perfgate tune` judges past runs by the runs before them, and needs 8 runs at least: five to learn the noise from, and a few to judge. Twenty or more say something about limits; fifty are better."
    TooShortHistory "too-short-history" Error "Changes of level are looked for from 8 runs on: below that nothing tells a change from noise. Record more runs, or name more of them. Nothing judged is never a pass: exit 3."
    SmallSuite "small-suite" Note "A suite has fewer than 8 series of a metric, so what its runs share (another machine, a busy neighbour) cannot be told from a change of every one of them and is not taken out."
    HistoryOverlap "history-overlap" Note "The history holds runs that are also on one of the sides. They are left out of the history: a run must not be judged by itself."
    UnusedHistory "unused-history" Warning "The runs that were given as history, or stored before the baseline, have no series in common with the current side, so nothing about noise was learned from them. Benchmarks may have been renamed, or the history be of another suite."
    SameInput "same-input" Warning "Both sides are the same: they read one file or folder, run one program, or are one commit. No difference between them is to be expected."
    DirectionUnknown "direction-unknown" Note "The tool does not say whether more is better or worse for this metric. Set it: [metrics.NAME] better = \"lower\" or \"higher\"."
    RepeatedRename "repeated-rename" Error "A [[rename]] gives a benchmark a name that another benchmark of the same side already has, so their results would be mixed."
    // Stored runs.
    InvalidStore "invalid-store" Error "A store is `dir:PATH`, a folder, or `git:BRANCH` or `git:BRANCH@REMOTE`, a branch of a git remote that holds nothing but runs. Set `store` in perfgate.toml, PERFGATE_STORE or `--store`."
    ForeignStore "foreign-store" Error "The folder or branch holds something, but no file perfgate-store.json, so it is not a store of perfgate. Nothing was written. Name another folder or branch."
    StoreVersion "store-version" Error "The store was written by a newer perfgate, whose layout this one does not know. Nothing was written. Update perfgate."
    StoreFailed "store-failed" Error "The store could not be read or written: the disk, the network or the git server refused. What was stored before is as it was."
    DamagedRun "damaged-run" Warning "A stored run cannot be used: it is cut short, or its content is not what its checksum says. It is left out. `perfgate store verify` looks at every run."
    NoBaseline "no-baseline" Error "The store has no run to compare with: none of this testbed and suite at the commit that the change started from, or at one before it. Record one on the default branch with `perfgate record`."
    UnknownCommit "unknown-commit" Error "The commit, branch or tag is not known to this clone, or the clone has too little history to find where the change started. CI systems clone only the newest commit by default: fetch more."
    OlderBaseline "older-baseline" Note "The commit that the change started from has no stored run, so the nearest one before it is the baseline. What came in between counts into the change."
    OrderByDate "order-by-date" Warning "There is no git history that says in which order the stored runs came, so they are in the order of their dates, and the newest is the baseline."
    ModifiedFiles "modified-files" Warning "Files that git tracks differ from the commit that is checked out, so what was measured may not be that commit. Commit first, or name the right commit with `--commit`."
    NotRecorded "not-recorded" Note "The run was measured for a pull request, so it was not stored: a baseline holds what the default branch measured. `--pull-request` stores it all the same."
    GateFailed "gate-failed" Error "`record --gate` was given a report whose gate failed, so the run was not stored: it would become the new normal. Mend the regression, or accept it with an [[accept]] entry."
    MissingAnchor "missing-anchor" Warning "`--anchor` names a commit or tag of which no run of this testbed and suite is stored, so nothing can be said of drift since. The gate does not rest on it."
    Drift "drift" Warning "Compared with the fixed commit that `--anchor` names, these benchmarks are over their limits. Many small steps that each pass can add up to this. The gate judges only the change at hand."
    // The call and the world outside.
    Usage "usage" Error "The options do not go together. `perfgate COMMAND --help` explains them."
    NotARepository "not-a-repository" Error "The base is taken from git, and the working folder is not in a git checkout. Name a prepared folder instead: `--base DIR`."
    UnknownRevision "unknown-revision" Error "git knows no commit to compare with by that name. In CI the clone is often shallow: fetch the base, or with actions/checkout set `fetch-depth: 0`."
    GitFailed "git-failed" Error "The `git` program could not be run or refused."
    CommandFailed "command-failed" Error "The benchmark command or its set-up failed. Its last lines are shown; `-v` shows everything it writes to standard error. What was measured before is judged, but does not pass."
    PairLost "pair-lost" Warning "The command failed in one turn, so that pair is left out. A benchmark that fails now and then is worth a look of its own."
    Interrupted "interrupted" Warning "The measurement was stopped before all pairs were taken. What was measured is judged; the exit code is 128 and the signal's number, so that it is not taken for a pass."
    UncommittedChanges "uncommitted-changes" Note "The checkout differs from its commit. It is measured as it is; what is in no commit cannot be measured again."
    Confirmed "confirmed" Note "Suspicious benchmarks were measured again in turns with the base, and judged by these fresh measurements alone."
    OtherCommit "other-commit" Warning "The commits that were measured are not, or may not be, the ones that the report names: suspects are to be confirmed at the report's own commits, and a checkout is to stay where it is while it is measured."
    PairsAdded "pairs-added" Note "Pairs were added while rows were undecided. Looking at the data several times gives chance several tries, so the p-values are multiplied by the number of looks that were planned: all of them together fail unchanged code no more often than one look would."
    FirstBadCommit "first-bad-commit" Note "The first commit that holds most of the regression, found by measuring commits in turns with the good one; the report shows it against the commit before, in fresh pairs."
    NotConfirmed "not-confirmed" Error "The bad commit is not shown to be worse than the good one, so there is no first bad commit to look for. More pairs, a wider range of commits or a lower limit may show it."
    ForgeFailed "forge-failed" Error "The server that hosts the code did not do what was asked: the network, the server or a missing permission. The message says which. What the gate found does not depend on it."
    InvalidToken "invalid-token" Error "The token is empty or holds characters that no token has. It comes from PERFGATE_TOKEN, the file that PERFGATE_TOKEN_FILE names, or the variable of the CI system, and is never shown."
    NotPosted "not-posted" Warning "The comment or commit status could not be written. The message says why and what helps; the gate's exit code stays what it is, unless `--require-comment` is given."
    HandedOver "handed-over" Error "What another workflow run handed over cannot be used: an artifact breaks a limit or is not what perfgate writes, or the run does not belong to a pull request. Nothing of it was believed."
    Superseded "superseded" Note "The pull request is closed or has newer commits than the ones that were measured, so nothing was written. The run of the newest commit will."
    WriteFailed "write-failed" Error "A report could not be written."
    NoProject "no-project" Error "`perfgate init` found no benchmarks it knows: no Criterion, no Go benchmarks, no pytest-benchmark."
    ForeignFolder "foreign-folder" Error "A site is written into a folder of its own: a new one, an empty one, or one that perfgate wrote before, which its file perfgate-site.json says. This folder holds something else, so nothing in it was changed. Name another one: `--report html=FOLDER`."
    FileExists "file-exists" Error "The file is there already and is not overwritten."
    SelftestFailed "selftest-failed" Error "The gate stayed green although every benchmark was made slower than its limit allows, so it would not catch a real regression of that size."
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|n| n.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
    }
}
