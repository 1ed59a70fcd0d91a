//! Rows in full: `perfgate explain BENCHMARK`.
//!
//! Everything that is known of a series, why it has its verdict in words, and what would have to be different for
//! another one.
//!
//! Not here: finding the rows that a pattern means (`cli`).

use anstyle::Style as Paint;

use super::Style;
use super::table::wrap;
use super::terminal::{paint, painted};
use super::wording::{self, Names, PLAIN};
use crate::model::Better;
use crate::model::report::{Limit, LimitKind, Report, Row, Value, Verdict};
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
    let mut say = |label: &str, said: String| {
        if said.is_empty() {
            return;
        }
        for (i, line) in wrap(&text::line(&said), style.width, LABEL + 2).iter().enumerate() {
            out.push_str(&format!("  {:<LABEL$}{line}\n", if i == 0 { label } else { "" }));
        }
    };
    let package = row.package.as_ref().map(|p| format!(", {}", text::shown(p))).unwrap_or_default();
    say("tool", format!("{}{package}", text::shown(&row.tool)));
    let params = row.params.iter().map(|(k, v)| format!("{} = {}", text::shown(k), text::shown(v)));
    say("parameters", params.collect::<Vec<_>>().join(", "));
    let values = wording::values(row, &PLAIN);
    let statistic = row.statistic.map_or("value", |s| s.as_str());
    for (label, number, value) in
        [("baseline", &values.baseline, row.baseline), ("current", &values.current, row.current)]
    {
        say(
            label,
            match value {
                None => "none".to_owned(),
                Some(value) => format!("{} ({})", values.plain(number), taken_from(value, statistic)),
            },
        );
    }
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
    let adjusted = row.p_adjusted.map(|p| format!("{p:.2e} adjusted for all metrics judged together"));
    let p = [row.p.map(|p| format!("p = {p:.2e}")), adjusted];
    say("evidence", p.into_iter().flatten().collect::<Vec<_>>().join(", "));
    if let Some(share) = row.detectable {
        say("could show", format!("changes of {} and more", PLAIN.share(share)));
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
    let codes: Vec<&str> = row.reasons.iter().map(|r| r.as_str()).collect();
    say("reasons", codes.join(", "));
    say("would change", otherwise(report, row));
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
                edge(row.limits.fail).map(|v| format!("to fail, a value of {v} {beyond} and the evidence for it")),
            ];
            ways.into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
        Verdict::Pass => edge(row.limits.warn.or(row.limits.fail))
            .map(|v| format!("a value of {v} {beyond}, if noise can be ruled out"))
            .unwrap_or_default(),
        Verdict::Improved => "nothing needs to: record the new level as the baseline".to_owned(),
        Verdict::Inconclusive => {
            let few = report.baseline.runs < 3 || report.current.runs < 3;
            let more = if few { "3 or more runs a side" } else { "more runs a side" };
            format!("{more}, 5 or more runs of history, or both sides measured in turns by `perfgate ab`")
        }
        Verdict::New => "a baseline that has it".to_owned(),
        Verdict::Missing => {
            "measuring it again; or, if it was renamed, a [[rename]] entry; or, if it was removed, a new baseline"
                .to_owned()
        }
        Verdict::Invalid => "a measurement that can be used: look at what the benchmark's own tool says".to_owned(),
    }
}

/// The current value at which a limit is reached, in the unit of the row.
fn value_at(row: &Row, limit: Limit) -> Option<String> {
    let baseline = row.baseline.and_then(|v| v.value);
    let way = if row.better == Some(Better::Higher) { -1.0 } else { 1.0 };
    let value = match limit.kind {
        LimitKind::Relative => baseline? * (1.0 + way * limit.value),
        LimitKind::Step => baseline? + way * limit.value,
        LimitKind::Budget => limit.value,
    };
    let values = wording::values(row, &PLAIN);
    Some(values.plain(&values.number(value)))
}
