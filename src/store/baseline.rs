//! Which stored runs a change is compared with, and which it is judged by.
//!
//! The baseline is the nearest commit that has runs, from where the change started back along first parents; all runs of
//! that commit are the baseline's. The history is what was recorded before it on the same way, newest 50. Runs of other
//! testbeds and suites, of commits that are not on this way, and of what came after the start never enter.
//!
//! Not here: what lies on the way (`lineage`).

use super::{Ancestors, Key};

/// How many runs before the baseline are the history, and of how many the baseline itself is at most: the newest. More say
/// little of today's machine.
const MOST_RUNS: usize = 50;

/// What a change is compared with and judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The runs of the baseline's commit, oldest first.
    pub runs: Vec<Key>,
    /// Runs before it, oldest first.
    pub history: Vec<Key>,
    /// How many commits before the start the baseline is.
    pub behind: usize,
}

/// Chooses among the runs of one testbed and suite. `None` where no ancestor has a run.
pub fn choose<'a>(keys: impl IntoIterator<Item = &'a Key>, ancestors: &Ancestors) -> Option<Choice> {
    let on_the_way = keys.into_iter().filter_map(|key| Some((ancestors.steps_to(key.commit.as_ref()?.raw())?, key)));
    split(on_the_way.collect())
}

/// Chooses where there is no git to ask: the newest run, or the runs of the newest commit, but for the one measured.
pub fn newest<'a>(keys: impl IntoIterator<Item = &'a Key>, measured: Option<&str>) -> Option<Choice> {
    let is_measured = |key: &&Key| key.commit.as_ref().is_some_and(|commit| Some(commit.raw()) == measured);
    let mut keys: Vec<&Key> = keys.into_iter().filter(|key| !is_measured(key)).collect();
    keys.sort_by_key(|key| std::cmp::Reverse(key.time));
    let commit = keys.first()?.commit.clone();
    let of_newest = |key: &&Key| commit.is_some() && key.commit == commit;
    let steps = keys.iter().enumerate().map(|(at, key)| (if of_newest(key) { 0 } else { at }, *key));
    split(steps.collect()).map(|choice| Choice { behind: 0, ..choice })
}

/// Every run on the way, oldest first: by commit, where one has several by time.
pub fn line<'a>(keys: impl IntoIterator<Item = &'a Key>, ancestors: &Ancestors) -> Vec<Key> {
    let on_the_way = keys.into_iter().filter_map(|key| Some((ancestors.steps_to(key.commit.as_ref()?.raw())?, key)));
    let mut runs: Vec<(usize, &Key)> = on_the_way.collect();
    runs.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.cmp(right)));
    runs.into_iter().map(|(_, key)| key.clone()).collect()
}

/// Splits runs with their steps back into the nearest and those before.
fn split(mut runs: Vec<(usize, &Key)>) -> Option<Choice> {
    runs.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.cmp(right)));
    let (behind, _) = *runs.last()?;
    let nearest = runs.partition_point(|(steps, _)| *steps > behind);
    let (before, runs) = runs.split_at_checked(nearest)?;
    let newest = |runs: &[(usize, &Key)]| {
        let older = runs.len().saturating_sub(MOST_RUNS);
        runs.iter().skip(older).map(|(_, key)| (*key).clone()).collect()
    };
    Some(Choice { runs: newest(runs), history: newest(before), behind })
}
