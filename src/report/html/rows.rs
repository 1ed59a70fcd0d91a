//! The data that the page's table and charts are made of.
//!
//! One column per field, in the order for people (worst first), because a page may have tens of thousands of rows: strings
//! that repeat stand once in a list of words, numbers have six significant digits and are in the unit that the row is
//! shown in. What people read was worded here; the page arranges it. Samples are put in for the worst rows only, and
//! thinned where a row has many runs.
//!
//! Not here: how it is laid out (`assets/page.js`).

use std::collections::BTreeMap;

use indexmap::IndexSet;
use serde::{Serialize, Serializer};

use super::super::explain;
use super::super::markdown::reproduction;
use super::super::wording::{self, Names, TYPESET};
use super::template::{name, whole_name};
use crate::model::report::{Report, Row, Side};
use crate::model::runs::Samples;
use crate::text::{self, MAX_SHOWN, Untrusted};

/// Rows whose samples are put in, worst first.
const MOST_SAMPLED: usize = 500;
/// Samples of one row, of all its runs together; each run keeps [`LEAST_SAMPLES`].
const ROW_SAMPLES: usize = 160;
/// Samples of one run that are kept where there are that many.
const LEAST_SAMPLES: usize = 5;
/// Samples of the whole page.
const PAGE_SAMPLES: usize = 60_000;

/// Characters of a unit.
const MOST_UNIT: usize = 24;

/// What explanations have that the page's table says already.
const TOLD: [&str; 3] = ["baseline", "current", "change"];
/// What goes on after the change in an explanation, where it stands alone.
const BY_VALUES: &str = "by values";

/// The data of a page.
#[derive(Serialize)]
pub(super) struct Page {
    /// Strings that are named by their index.
    #[serde(serialize_with = "listed")]
    words: IndexSet<String>,
    /// The labels of explanations that occur, as words.
    #[serde(serialize_with = "listed")]
    shapes: IndexSet<Vec<usize>>,
    /// What stands after the numbers of a row, and what they were divided by.
    units: Vec<(String, Number)>,
    reports: Vec<Source>,
    rows: Columns,
}

/// One of the reports.
#[derive(Serialize)]
struct Source {
    label: String,
    pairs: usize,
    baseline: Option<String>,
    current: Option<String>,
    /// The runs of the history: commit, and time in seconds since 1970.
    past: Vec<(Option<String>, Option<i64>)>,
    /// What stands before and after a benchmark's name in the command that shows it again.
    command: Option<[String; 2]>,
}

/// The rows, column by column.
#[derive(Default, Serialize)]
struct Columns {
    /// An index into the reports; absent where there is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    report: Vec<usize>,
    /// The verdict, or `shown`.
    state: Vec<usize>,
    verdict: Vec<usize>,
    name: Vec<String>,
    /// The names that are too long for the table, as it shows them.
    cut: BTreeMap<usize, String>,
    /// The rows whose names are not shown as they are typed.
    spelled: Vec<usize>,
    #[serde(skip_serializing_if = "is_blank")]
    package: Vec<Option<usize>>,
    metric: Vec<usize>,
    unit: Vec<usize>,
    /// The values as text.
    baseline: Vec<String>,
    current: Vec<String>,
    /// The values as numbers.
    before: Vec<Option<Number>>,
    after: Vec<Option<Number>>,
    change: Vec<Option<Number>>,
    /// The change as text.
    said: Vec<String>,
    /// The interval of the change as text.
    #[serde(skip_serializing_if = "is_blank")]
    interval: Vec<Option<String>>,
    /// The interval of the current value.
    #[serde(skip_serializing_if = "is_blank")]
    range: Vec<Option<[Number; 2]>>,
    /// The limits as text, and the values at which they are reached.
    limits: Vec<usize>,
    warn: Vec<Option<Number>>,
    fail: Vec<Option<Number>>,
    /// How the baseline's value and the current one came about.
    taken: Vec<Option<usize>>,
    made: Vec<Option<usize>>,
    /// The labels of the explanation, and its sentences.
    shape: Vec<usize>,
    facts: Vec<Vec<usize>>,
    #[serde(skip_serializing_if = "is_blank")]
    history: Vec<Option<Vec<Option<Number>>>>,
    #[serde(skip_serializing_if = "is_blank")]
    levels: Vec<Option<Vec<usize>>>,
    /// The values of single runs, baseline and current.
    #[serde(skip_serializing_if = "is_blank")]
    runs: Vec<Option<[Vec<Option<Number>>; 2]>>,
    /// Their samples; only for the first rows.
    #[serde(skip_serializing_if = "is_blank")]
    samples: Vec<Option<[Vec<Vec<Number>>; 2]>>,
}

fn listed<T: Serialize, S: Serializer>(set: &IndexSet<T>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(set)
}

fn is_blank<T>(column: &[Option<T>]) -> bool {
    column.iter().all(Option::is_none)
}

/// A finite number with six significant digits.
#[derive(Clone, Copy)]
struct Number(f64);

impl Number {
    /// A value in a unit; `None` for what is no number.
    fn of(value: f64, divisor: f64) -> Option<Self> {
        let rounded: f64 = format!("{:.5e}", value / divisor).parse().ok()?;
        rounded.is_finite().then_some(Self(rounded))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Without `.0`, which JSON does not need.
        if self.0.fract() == 0.0 && self.0.abs() < 1e9 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// The data of these reports.
pub(super) fn data(reports: &[Report], labels: Vec<String>) -> Page {
    let mut page = Page {
        words: IndexSet::new(),
        shapes: IndexSet::new(),
        units: Vec::new(),
        reports: reports.iter().zip(labels).map(|(report, label)| source(report, label)).collect(),
        rows: Columns::default(),
    };
    let names: Vec<Names<'_>> = reports.iter().map(Names::new).collect();
    let mut units = BTreeMap::new();
    let mut samples_left = PAGE_SAMPLES;
    for (at, report, row) in worst_first(reports) {
        let Some(names) = names.get(at) else { continue };
        if reports.len() > 1 {
            page.rows.report.push(at);
        }
        let divisor = page.add(report, row, names, &mut units);
        if page.rows.samples.len() < MOST_SAMPLED {
            let samples = row.runs.as_ref().and_then(|runs| thinned(&runs.samples, divisor, &mut samples_left));
            page.rows.samples.push(samples);
        }
    }
    page
}

/// The rows of all reports in the order for people, each with the index of its report.
fn worst_first(reports: &[Report]) -> Vec<(usize, &Report, &Row)> {
    let of_each = reports.iter().enumerate();
    let mut rows: Vec<(usize, &Report, &Row)> =
        of_each.flat_map(|(at, report)| report.worst_first().into_iter().map(move |row| (at, report, row))).collect();
    // Stable: the rows of one report are in this order already.
    if reports.len() > 1 {
        rows.sort_by(|(.., a), (.., b)| a.cmp_worst_first(b));
    }
    rows
}

fn source(report: &Report, label: String) -> Source {
    let short = |commit: &Untrusted| name(&wording::short_commit(commit));
    let commit = |side: &Side| side.commit.as_ref().map(short);
    let past = report.past.iter().map(|run| (run.commit.as_ref().map(short), run.committed_at.or(run.taken_at)));
    Source {
        label,
        pairs: report.pairs,
        baseline: commit(&report.baseline),
        current: commit(&report.current),
        past: past.collect(),
        command: reproduction(report).and_then(|command| match command.strip_prefix("perfgate compare ") {
            // The files of the history are not known here, and without them the row would read otherwise.
            Some(_) if report.history > 0 => None,
            Some(inputs) => Some(["perfgate explain ".to_owned(), format!(" {inputs}")]),
            None => Some([format!("{command} --verbose --filter "), String::new()]),
        }),
    }
}

impl Page {
    fn word(&mut self, word: &str) -> usize {
        // Most words are known already.
        match self.words.get_index_of(word) {
            Some(at) => at,
            None => self.words.insert_full(word.to_owned()).0,
        }
    }

    /// Adds a row, without its samples; returns what its values were divided by.
    fn add(
        &mut self,
        report: &Report,
        row: &Row,
        names: &Names<'_>,
        units: &mut BTreeMap<(String, u64), usize>,
    ) -> f64 {
        let values = wording::values(row, &TYPESET);
        let divisor = values.divisor();
        let number = |value: f64| Number::of(value, divisor);
        let suffix = if values.suffix.is_empty() { String::new() } else { unit(&values.suffix) };
        let unit = *units.entry((suffix.clone(), divisor.to_bits())).or_insert_with(|| {
            // Units are not rounded, so that values of different ones are in order.
            self.units.push((suffix, Number(divisor)));
            self.units.len() - 1
        });
        let verdict = self.word(row.verdict.as_str());
        let state = if row.gate { verdict } else { self.word("shown") };
        let metric = self.word(&name(&row.metric.0));
        let package = row.package.as_ref().map(|package| self.word(&name(package)));
        let limits = self.word(&limits(row));
        let taken = explain::baseline_origin(report, row).map(|said| self.word(&text::html(&said)));
        let made = explain::current_origin(report, row).map(|said| self.word(&text::html(&said)));
        let (shape, facts) = self.facts(report, row);
        let benchmark = names.of(row);
        let shown = whole_name(&benchmark);
        let columns = &mut self.rows;
        let at = columns.name.len();
        if shown.chars().nth(MAX_SHOWN).is_some() {
            columns.cut.insert(at, text::truncate(&shown, MAX_SHOWN).into_owned());
        }
        if shown != row.benchmark.raw() {
            columns.spelled.push(at);
        }
        columns.name.push(shown);
        columns.state.push(state);
        columns.verdict.push(verdict);
        columns.package.push(package);
        columns.metric.push(metric);
        columns.unit.push(unit);
        columns.before.push(row.baseline.and_then(|v| v.value).and_then(number));
        columns.after.push(row.current.and_then(|v| v.value).and_then(number));
        columns.baseline.push(values.baseline);
        columns.current.push(values.current);
        columns.change.push(row.change.and_then(|change| Number::of(change, 1.0)));
        columns.said.push(wording::change(row, &TYPESET));
        columns
            .interval
            .push(row.interval.map(|[low, high]| format!("{}\u{a0}…\u{a0}{}", bare(low), TYPESET.change(high))));
        columns.range.push(range(row, divisor));
        columns.limits.push(limits);
        let reached = |limit| explain::limit_value(row, limit).and_then(number);
        columns.warn.push(row.limits.warn.and_then(reached));
        columns.fail.push(row.limits.fail.and_then(reached));
        columns.taken.push(taken);
        columns.made.push(made);
        columns.shape.push(shape);
        columns.facts.push(facts);
        let runs = row.runs.as_deref();
        let numbers = |values: &[Option<f64>]| values.iter().map(|value| value.and_then(number)).collect::<Vec<_>>();
        columns.history.push(runs.filter(|runs| !runs.history.is_empty()).map(|runs| numbers(&runs.history)));
        columns.levels.push(runs.filter(|runs| !runs.levels.is_empty()).map(|runs| runs.levels.clone()));
        let has_runs = |values: &[Option<f64>]| !values.is_empty();
        columns.runs.push(
            runs.filter(|runs| has_runs(&runs.baseline) || has_runs(&runs.current))
                .map(|runs| [numbers(&runs.baseline), numbers(&runs.current)]),
        );
        divisor
    }

    /// The explanation of a row without what the table says: which labels, and its sentences.
    fn facts(&mut self, report: &Report, row: &Row) -> (usize, Vec<usize>) {
        let (mut labels, mut said) = (Vec::new(), Vec::new());
        let mut is_after_change = false;
        for (label, sentence) in explain::facts(report, row) {
            if TOLD.contains(&label) {
                is_after_change = label == "change";
                continue;
            }
            let label = if label.is_empty() && is_after_change { BY_VALUES } else { label };
            is_after_change = false;
            labels.push(self.word(label));
            said.push(self.word(&text::html(&sentence)));
        }
        (self.shapes.insert_full(labels).0, said)
    }
}

/// A unit of a tool's own, which may be of any length.
fn unit(suffix: &Untrusted) -> String {
    text::truncate(&whole_name(suffix), MOST_UNIT).into_owned()
}

/// A change without its percent sign.
fn bare(share: f64) -> String {
    TYPESET.change(share).replace(TYPESET.percent, "")
}

/// The 95 % interval of the current value: where it would be if the change were either end of the change's interval.
fn range(row: &Row, divisor: f64) -> Option<[Number; 2]> {
    let unchanged = explain::unchanged_value(row)?;
    let [low, high] = row.interval?;
    Some([Number::of(unchanged * (1.0 + low), divisor)?, Number::of(unchanged * (1.0 + high), divisor)?])
}

/// Both limits of a row: `5 % · 10 %`.
fn limits(row: &Row) -> String {
    let said = |limit| name(&wording::limit(limit, &row.unit, &TYPESET));
    match (row.limits.warn.map(said), row.limits.fail.map(said)) {
        (None, None) => String::new(),
        (warn, fail) => [warn, fail].map(|said| said.unwrap_or_else(|| "–".to_owned())).join(" · "),
    }
}

/// The samples of a row's runs, as many as there is room for.
fn thinned(samples: &Samples, divisor: f64, left: &mut usize) -> Option<[Vec<Vec<Number>>; 2]> {
    let runs = samples.baseline.len() + samples.current.len();
    let most = (ROW_SAMPLES / runs.max(1)).max(LEAST_SAMPLES);
    let few = |values: &Vec<f64>| -> Vec<Number> {
        let step = values.len().saturating_sub(1) as f64 / (most - 1) as f64;
        let kept = (0..most).map(|i| (i as f64 * step).round() as usize);
        let kept: Vec<usize> = if values.len() <= most { (0..values.len()).collect() } else { kept.collect() };
        kept.into_iter().filter_map(|i| values.get(i)).filter_map(|value| Number::of(*value, divisor)).collect()
    };
    let sides = [&samples.baseline, &samples.current].map(|runs| runs.iter().map(few).collect::<Vec<_>>());
    let used: usize = sides.iter().flatten().map(Vec::len).sum();
    if used == 0 || used > *left {
        return None;
    }
    *left -= used;
    Some(sides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits_and_no_more() {
        let written = |value: f64, divisor: f64| serde_json::to_string(&Number::of(value, divisor)).unwrap();
        assert_eq!(written(1.234_567_89e-5, 1e-6), "12.3457");
        assert_eq!(written(0.3, 0.1), "3");
        assert_eq!(written(-0.25, 1.0), "-0.25");
        assert_eq!(written(1_234_567.0, 1.0), "1234570");
        assert_eq!(written(0.0, 1e-9), "0");
        assert_eq!(written(f64::NAN, 1.0), "null");
        assert_eq!(written(f64::INFINITY, 1.0), "null");
    }

    #[test]
    fn samples_keep_their_ends_and_their_number() {
        let run: Vec<f64> = (0..64).map(f64::from).collect();
        let samples = Samples { baseline: vec![run.clone(); 10], current: vec![run; 10] };
        let mut left = 1000;
        let kept = thinned(&samples, 1.0, &mut left).unwrap();
        assert!(kept.iter().flatten().all(|run| run.len() == 8));
        let first: Vec<f64> = kept[0][0].iter().map(|number| number.0).collect();
        assert_eq!((first[0], first[7]), (0.0, 63.0));
        assert_eq!(left, 1000 - 160);
        left = 100;
        assert!(thinned(&samples, 1.0, &mut left).is_none() && left == 100, "no row has half of its samples");
    }
}
