//! Rows in full: `perfgate explain BENCHMARK`.
//!
//! Everything that is known of a series, why it has its verdict in words, and what would have to be different for
//! another one. [`facts`] has it as labels and sentences, which the HTML report shows too.
//!
//! Not here: finding the rows that a pattern means (`cli`).

use anstyle::Style as Paint;

use super::Style;
use super::table::wrap;
use super::terminal::{paint, painted};
use super::wording::{self, Names, PLAIN};
use crate::model::report::{FAIL_P, Limit, LimitKind, Reason, Report, Row, Value, Verdict, WARN_P};
use crate::model::{Better, Kind};
use crate::text;

/// Columns of the labels.
const LABEL: usize = 14;

/// Explains rows of a report one after the other. Ends with a line break; empty for no rows.
pub fn explain(report: &Report, rows: &[&Row], style: &Style) -> String {
    let names = Names::new(report);
    let mut out = String::new();
    for row in rows {
        if !out.is_empty() {
            out.push('\n');
        }
        explain_row(report, row, &names, style, &mut out);
    }
    out
}

fn explain_row(report: &Report, row: &Row, names: &Names, style: &Style, out: &mut String) {
    let name = format!("{} {}", text::shown(&names.of(row)), text::shown(&row.metric.0));
    let word =
        if row.gate { row.verdict.as_str().to_owned() } else { format!("{} (shown only)", row.verdict.as_str()) };
    out.push_str(&format!(
        "{}  {}\n",
        painted(&name, Paint::new().bold(), style),
        painted(&word, if row.gate { paint(row.verdict) } else { Paint::new().dimmed() }, style)
    ));
    for (label, said) in facts(report, row) {
        for (i, line) in wrap(&text::line(&said), style.width, LABEL + 2).iter().enumerate() {
            out.push_str(&format!("  {:<LABEL$}{line}\n", if i == 0 { label } else { "" }));
        }
    }
}

/// What is known of a row: labels, each with a sentence. A sentence without a label goes on with the one above it. Outside
/// text is escaped.
pub(super) fn facts(report: &Report, row: &Row) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut say = |label: &'static str, said: String| {
        if !said.is_empty() {
            facts.push((label, said));
        }
    };
    let package = row.package.as_ref().map(|p| format!(", {}", text::shown(p))).unwrap_or_default();
    say("tool", format!("{}{package}", text::shown(&row.tool)));
    let params = row.params.iter().map(|(k, v)| format!("{} = {}", text::shown(k), text::shown(v)));
    say("parameters", params.collect::<Vec<_>>().join(", "));
    let values = wording::values(row, &PLAIN);
    let with_origin = |number: &str, origin: Option<String>| {
        origin.map_or_else(|| "none".to_owned(), |origin| format!("{} ({origin})", values.plain(number)))
    };
    say("baseline", with_origin(&values.baseline, baseline_origin(report, row)));
    say("current", with_origin(&values.current, current_origin(report, row)));
    if let Some(better) = row.better {
        say("better", wording::better(better).to_owned());
    }
    if let Some(unit) = &row.tool_unit {
        say("tool's unit", text::shown(unit));
    }
    let mut change = wording::change(row, &PLAIN);
    if let Some([low, high]) = row.interval {
        change.push_str(&format!(", 95% interval {} to {}", PLAIN.change(low), PLAIN.change(high)));
    }
    say("change", change);
    if let Some(alone) = values_alone(row) {
        let alone = PLAIN.change(alone);
        say("", format!("{alone} by the two values: what the suite and the benchmark's neighbours did was taken out"));
    }
    say("judged by", judged_by(report, row));
    for shift in report.shifts.iter().filter(|s| s.metric == row.metric && is_suite_of(s.suite.raw(), row)) {
        let how = match (shift.adjusted, row.p.is_some()) {
            (true, true) => "taken out of this change",
            _ => "not taken out of this change",
        };
        let (suite, by) = (text::shown(&shift.suite), PLAIN.change(shift.shift));
        say("suite", format!("{suite} moved by {by} as a whole ({} series): {how}", shift.series));
    }
    say("evidence", evidence(row));
    if let Some(share) = row.detectable {
        say("could show", format!("a change of {} and more, four times in five", PLAIN.share(share)));
    }
    let limits = [("warn", row.limits.warn), ("fail", row.limits.fail)].into_iter();
    let limits: Vec<String> = limits
        .filter_map(|(word, l)| l.map(|l| format!("{word} {}", text::shown(&wording::limit(l, &row.unit, &PLAIN)))))
        .collect();
    if limits.is_empty() {
        say("limits", "none".to_owned());
    } else {
        say("limits", format!("{} (from {})", limits.join(", "), text::shown(&row.limits.origin)));
    }
    for (i, reason) in row.explanations.iter().enumerate() {
        say(if i == 0 { "because" } else { "" }, reason.clone());
    }
    for (i, reason) in row.reasons.iter().enumerate() {
        say(if i == 0 { "reasons" } else { "" }, format!("{}: {}", reason.as_str(), meaning(*reason)));
    }
    say("would change", otherwise(report, row));
    facts
}

/// How the baseline's value came about; `None` where there is no baseline.
pub(super) fn baseline_origin(report: &Report, row: &Row) -> Option<String> {
    let value = row.baseline?;
    if by_history(report, row) {
        let runs = wording::count(report.history, "run");
        return Some(format!("{}, level of {runs} of history and the baseline", statistic(row)));
    }
    Some(side_origin(report, row, value))
}

/// How the current value came about; `None` where there is none.
pub(super) fn current_origin(report: &Report, row: &Row) -> Option<String> {
    row.current.map(|value| side_origin(report, row, value))
}

fn side_origin(report: &Report, row: &Row, value: Value) -> String {
    let is_budget = [row.limits.warn, row.limits.fail].into_iter().flatten().any(|l| l.kind == LimitKind::Budget);
    if row.p.is_some() && in_turns(report, row) && !is_budget {
        return format!("{}, level of {} in turns", statistic(row), wording::count(value.runs, "run"));
    }
    taken_from(value, statistic(row))
}

fn statistic(row: &Row) -> &'static str {
    row.statistic.map_or("value", |s| s.as_str())
}

/// Whether the noise of a row was learned from a history.
fn by_history(report: &Report, row: &Row) -> bool {
    report.history > 0 && row.p.is_some() && !in_turns(report, row)
}

/// Whether the runs of a row were taken in turns.
fn in_turns(report: &Report, row: &Row) -> bool {
    report.pairs > 0 || row.reasons.contains(&Reason::MeasuredAgain)
}

/// The change of the two values, where it is not the change that was judged.
fn values_alone(row: &Row) -> Option<f64> {
    let (before, now, judged) = (row.baseline?.value?, row.current?.value?, row.change?);
    let alone = now / before - 1.0;
    (row.p.is_some() && alone.is_finite() && (alone - judged).abs() >= 0.005).then_some(alone)
}

/// What the verdict rests on.
fn judged_by(report: &Report, row: &Row) -> String {
    let (Some(baseline), Some(current)) = (row.baseline, row.current) else { return String::new() };
    let runs = |value: Value| wording::count(value.runs, "run");
    if by_history(report, row) {
        let history = wording::count(report.history, "run");
        format!("the noise of {history} of history; {} of the baseline, {} judged", runs(baseline), runs(current))
    } else if row.p.is_some() && in_turns(report, row) {
        let pairs = wording::count(baseline.runs.min(current.runs), "interleaved pair");
        format!("{pairs}: their differences, or the faster half of each side, whichever scattered less")
    } else if row.p.is_some() {
        format!("the noise between {} of the baseline and {} judged", runs(baseline), runs(current))
    } else if row.kind == Kind::Exact {
        "the limits alone: it is a count that the code decides, without noise".to_owned()
    } else if baseline.runs.max(current.runs) > 1 {
        format!("the limits and the spread inside {} and {}: too few to know the noise", runs(baseline), runs(current))
    } else {
        "the limits and the spread inside one run a side: the noise is unknown".to_owned()
    }
}

/// Whether a suite of this name may be the row's: suites have their tool's name, with a place where there are several.
fn is_suite_of(suite: &str, row: &Row) -> bool {
    suite.strip_prefix(row.tool.raw()).is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
}

/// The p-values in words.
fn evidence(row: &Row) -> String {
    let Some(p) = row.p else { return String::new() };
    let better = row.badness() < 0.0;
    let way = if better { "better" } else { "worse" };
    let adjusted = row.p_adjusted.map_or_else(String::new, |adjusted| {
        let needs =
            if better { format!("improved needs {FAIL_P}") } else { format!("fail needs {FAIL_P}, warn {WARN_P:.2}") };
        format!("; {} adjusted for all metrics judged together ({needs} or less)", probability(adjusted))
    });
    format!("p = {}, how often unchanged code looks this much {way}{adjusted}", probability(p))
}

fn probability(p: f64) -> String {
    if p >= 0.001 { format!("{p:.3}") } else { format!("{p:.1e}") }
}

/// What a reason says, in words.
fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::OverFailLimit => "worse by at least the fail limit",
        Reason::OverWarnLimit => "worse by at least the warn limit",
        Reason::OverFailBudget => "over its budget's fail value",
        Reason::OverWarnBudget => "over its budget's warn value",
        Reason::BetterThanFailLimit => "better by at least the fail limit",
        Reason::WithinNoise => "unchanged runs vary that much",
        Reason::CouldBeOverLimit => "over no limit, but a change over one cannot be excluded",
        Reason::SeenBefore => "its history had such values at an earlier level",
        Reason::Bimodal => "unchanged runs fall into two groups",
        Reason::UnderMinChange => "smaller than min-change",
        Reason::FewPairs => "no result in some of the pairs",
        Reason::OneRun => "too few runs to know the noise",
        Reason::SamplesOverlap => "the samples of the two sides overlap",
        Reason::WithinSuiteSpread => "the suite's other benchmarks moved about as much",
        Reason::EnvironmentDiffers => "measured on different machines or with different tools",
        Reason::ZeroBaseline => "the baseline is zero, so there is no share of it",
        Reason::DirectionUnknown => "nobody told whether more is better or worse",
        Reason::IdenticalSamples => "both sides hold the same samples",
        Reason::Accepted => "covered by an [[accept]] entry",
        Reason::BeyondAccepted => "worse than its [[accept]] entry allows",
        Reason::InvalidValue => "a value cannot be used",
        Reason::BenchmarkFailed => "the benchmark failed",
        Reason::UnitMismatch => "the units of the two sides differ",
        Reason::MeasuredAgain => "suspicious at first, so measured again in turns with the baseline",
        Reason::NotGated => "shown only, does not count",
    }
}

/// How a value came about: `p10 of 100 samples, 1 run`.
fn taken_from(value: Value, statistic: &str) -> String {
    let samples = value.samples.map(|n| format!(" of {}", wording::count(n as usize, "sample"))).unwrap_or_default();
    let median = if value.runs > 1 { "median of " } else { "" };
    format!("{statistic}{samples}, {median}{}", wording::count(value.runs, "run"))
}

/// What would give the row another verdict.
fn otherwise(report: &Report, row: &Row) -> String {
    let edge = |limit: Option<Limit>| limit.and_then(|l| value_at(row, l));
    let below = if row.better == Some(Better::Higher) { "above" } else { "below" };
    let beyond = if row.better == Some(Better::Higher) { "or less" } else { "or more" };
    // A change of zero is never worse, so a limit of zero is only crossed beyond the baseline.
    let within = |limit: Option<Limit>| {
        let zero = limit.is_some_and(|l| l.value == 0.0 && l.kind != LimitKind::Budget);
        let or_better = if row.better == Some(Better::Higher) { "or more" } else { "or less" };
        edge(limit).map(|v| if zero { format!("a value of {v} {or_better}") } else { format!("a value {below} {v}") })
    };
    match row.verdict {
        Verdict::Fail | Verdict::Accepted => {
            let mut ways: Vec<String> = within(row.limits.fail).into_iter().collect();
            if row.verdict == Verdict::Accepted {
                ways.push("removing the [[accept]] entry that covers it".to_owned());
            } else {
                ways.push("a wider fail limit".to_owned());
                ways.push("an [[accept]] entry, if the change is intended".to_owned());
            }
            ways.join("; or ")
        }
        Verdict::Warn => {
            let ways = [
                within(row.limits.warn).map(|value| format!("to pass, {value}")),
                if row.reasons.contains(&Reason::OverFailLimit) {
                    Some(format!("to fail, surer evidence: {}", more_runs(report, row)))
                } else {
                    edge(row.limits.fail).map(|v| format!("to fail, a value of {v} {beyond} and the evidence for it"))
                },
            ];
            ways.into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
        Verdict::Pass => edge(row.limits.warn.or(row.limits.fail))
            .map(|v| match row.kind {
                Kind::Exact => format!("a value of {v} {beyond}"),
                Kind::Noisy => format!("a value of {v} {beyond}, if noise can be ruled out"),
            })
            .unwrap_or_default(),
        Verdict::Improved => "nothing needs to: record the new level as the baseline".to_owned(),
        Verdict::Inconclusive => undecided(report, row, within(row.limits.warn.or(row.limits.fail))),
        Verdict::New => "a baseline that has it".to_owned(),
        Verdict::Missing => {
            "measuring it again; or, if it was renamed, a [[rename]] entry; or, if it was removed, a new baseline"
                .to_owned()
        }
        Verdict::Invalid => "a measurement that can be used: look at what the benchmark's own tool says".to_owned(),
    }
}

/// What would decide a row that the data cannot decide.
fn undecided(report: &Report, row: &Row, within: Option<String>) -> String {
    let has = |reason| row.reasons.contains(&reason);
    if has(Reason::ZeroBaseline) {
        return "a limit that is no share, such as \"+1\"".to_owned();
    }
    if has(Reason::DirectionUnknown) {
        return "its direction: `better` in [metrics]".to_owned();
    }
    if has(Reason::IdenticalSamples) {
        return "measuring the current side again".to_owned();
    }
    let over = has(Reason::OverFailLimit) || has(Reason::OverWarnLimit);
    let mut ways: Vec<String> = within.filter(|_| over).into_iter().collect();
    ways.push(more_runs(report, row));
    if let Some(share) = row.detectable.filter(|_| !over) {
        ways.push(format!("a fail limit above the {} that these runs could show", PLAIN.share(share)));
    }
    ways.join("; or ")
}

/// Which further runs would tell more.
fn more_runs(report: &Report, row: &Row) -> String {
    if in_turns(report, row) {
        return "more pairs (`perfgate ab --pairs N`)".to_owned();
    }
    let few = report.baseline.runs < 3 || report.current.runs < 3;
    if by_history(report, row) {
        let now = if report.current.runs < 3 { "3 or more runs of the current side" } else { "more runs" };
        return format!("{now}, or both sides measured in turns (`perfgate ab`)");
    }
    let more = if few { "3 or more runs a side" } else { "more runs a side" };
    format!("{more}, 5 or more runs of history, or both sides measured in turns (`perfgate ab`)")
}

/// The current value at which a limit is reached, as text in the unit of the row.
fn value_at(row: &Row, limit: Limit) -> Option<String> {
    let values = wording::values(row, &PLAIN);
    Some(values.plain(&values.number(limit_value(row, limit)?)))
}

/// The current value at which a limit is reached, in the base unit.
pub(super) fn limit_value(row: &Row, limit: Limit) -> Option<f64> {
    let way = if row.better == Some(Better::Higher) { -1.0 } else { 1.0 };
    Some(match limit.kind {
        LimitKind::Relative => unchanged_value(row)? * (1.0 + way * limit.value),
        LimitKind::Step => unchanged_value(row)? + way * limit.value,
        LimitKind::Budget => limit.value,
    })
}

/// The current value that would be no change, in the base unit.
///
/// It is the baseline's. Where a shift of the suite or of the benchmark's neighbours was taken out, the change is not that
/// of the two values: then it is the current value with the same taken out of it.
pub(super) fn unchanged_value(row: &Row) -> Option<f64> {
    let implied = row.p.and(row.current).and_then(|v| Some(v.value? / (1.0 + row.change?))).filter(|v| v.is_finite());
    implied.or(row.baseline.and_then(|v| v.value))
}
