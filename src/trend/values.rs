//! Every series run by run, with the levels that its changes cut it into, for those who draw it.
//!
//! The values are those that were measured: what a suite shares is taken out of the search for changes, but a picture shows
//! what the tool wrote. So a level also ends where the suite as a whole moved, and its height is the median of what was
//! measured in it, not the adjusted mean that a change tells.
//!
//! Not here: which changes there are (`find`), and which of them are reported (the module above). A picture shows all of
//! the history, whatever `--since` says.

use std::collections::BTreeSet;

use super::Point;
use super::find::{Finding, Group, Track};
use super::series::Series;
use crate::model::trend::{Change, Level};
use crate::model::{Params, trend};
use crate::stats::median;

/// The selected series of every group, by benchmark and metric. `found` has the changes of each group, or nothing at all.
pub(super) fn by_run(
    points: &[Point<'_>],
    groups: &[Group<'_>],
    found: &[Vec<(Finding, Change)>],
    selected: &dyn Fn(&Series<'_>) -> bool,
) -> Vec<trend::Series> {
    let mut series = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let findings = found.get(at).map_or(&[][..], Vec::as_slice);
        for (index, track) in group.tracks.iter().enumerate().filter(|(_, track)| selected(&track.series)) {
            let is_its = |finding: &Finding| match finding.track {
                Some(track) => track == index,
                None => track.moves_with_its_suite(),
            };
            let changed = findings.iter().map(|(finding, _)| finding).filter(|f| is_its(f));
            let starts: BTreeSet<usize> = changed.map(|f| f.range.likeliest).collect();
            series.push(of_track(points, group, track, &starts));
        }
    }
    series.sort_by(|a, b| (&a.benchmark, &a.metric).cmp(&(&b.benchmark, &b.metric)));
    series
}

fn of_track(points: &[Point<'_>], group: &Group<'_>, track: &Track<'_>, starts: &BTreeSet<usize>) -> trend::Series {
    let key = &track.series.key;
    let mut values = vec![None; points.len()];
    for (run, value) in track.runs.iter().zip(&track.values) {
        if let Some(slot) = values.get_mut(*run) {
            *slot = Some(*value).filter(|value| value.is_finite());
        }
    }
    let details = points.iter().rev().find_map(|point| point.run.details.get(&key.benchmark));
    trend::Series {
        benchmark: key.benchmark.clone(),
        params: details.map(|details| Params::clone(&details.params)).unwrap_or_default(),
        suite: group.suite.clone(),
        metric: key.metric.clone(),
        statistic: track.statistic,
        unit: track.unit.clone(),
        better: track.better,
        kind: track.kind,
        levels: levels(&values, starts),
        values,
    }
}

/// The stretches between the runs at which something changed.
fn levels(values: &[Option<f64>], starts: &BTreeSet<usize>) -> Vec<Level> {
    let begins = std::iter::once(0).chain(starts.iter().copied().filter(|start| *start > 0));
    let ends = starts.iter().copied().filter(|start| *start > 0).chain([values.len()]);
    let level = |(from, to): (usize, usize)| {
        let stretch = values.get(from..to)?;
        let known: Vec<f64> = stretch.iter().copied().flatten().collect();
        let first = from + stretch.iter().position(Option::is_some)?;
        Some(Level { first, value: median(&known)? })
    };
    begins.zip(ends).filter_map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_begins_at_the_first_run_that_has_the_series() {
        let values = [None, Some(1.0), Some(1.2), None, None, Some(2.0), Some(4.0), Some(2.0)];
        let cut = |starts: &[usize]| levels(&values, &starts.iter().copied().collect());
        assert_eq!(cut(&[]), [Level { first: 1, value: 2.0 }]);
        assert_eq!(cut(&[4]), [Level { first: 1, value: 1.1 }, Level { first: 5, value: 2.0 }]);
        assert_eq!(cut(&[3, 5])[..], [Level { first: 1, value: 1.1 }, Level { first: 5, value: 2.0 }]);
        assert!(levels(&[None, None], &BTreeSet::new()).is_empty());
    }
}
