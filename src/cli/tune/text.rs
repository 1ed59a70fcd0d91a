//! A back-test in words: a table for each metric, what stands in the way of lower limits, and a block to paste.
//!
//! Not here: the figures (`verdict::backtest`).

use crate::config::Limit;
use crate::model::{MetricId, Statistic};
use crate::report::{Style, columns, elided, wrap};
use crate::text::{self, Untrusted};
use crate::verdict::backtest::{AtLimit, BackTest, LONGEST_HISTORY, MetricPast, Outcome, SIZES, WARNINGS};

/// Most runs with alarms that are named.
const MOST_ALARMS: usize = 5;

/// Longest name of a benchmark, run or tool.
const MOST_NAME: usize = 40;

/// Fewest series of a tool whose standard deviation is told.
const FEWEST_SERIES: usize = 8;

/// A tool needs limits of its own where it could do with half the limit of another.
const APART: f64 = 2.0;

/// The whole text. Ends with a line break.
pub(super) fn tell(found: &BackTest, sources: &[Untrusted], wanted: f64, style: &Style) -> String {
    let mut out = Text { text: String::new(), width: style.width };
    out.say(&format!(
        "{} of {} runs judged, each by up to {LONGEST_HISTORY} runs before it. They stand for unchanged code: a real \
         change among them counts as a false alarm, so the rates here are upper bounds.",
        found.judged, found.runs
    ));
    for (metric, past) in &found.metrics {
        out.line("");
        of_metric(metric, past, sources, &mut out);
    }
    out.line("");
    legend(&mut out);
    out.line("");
    confidence(found.judged, wanted, &mut out);
    out.line("");
    out.say(&format!(
        "For perfgate.toml, aiming at {} of unchanged runs failing and {} warning:",
        share(wanted),
        share((wanted * WARNINGS).min(1.0))
    ));
    for (metric, past) in &found.metrics {
        out.line("");
        block(metric, past, &mut out);
    }
    out.text
}

/// Text that grows by lines.
struct Text {
    text: String,
    width: Option<usize>,
}

impl Text {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A paragraph, wrapped.
    fn say(&mut self, said: &str) {
        self.wrapped("", "", said);
    }

    /// Wrapped text behind a first prefix; further lines have the other one.
    fn wrapped(&mut self, first: &str, further: &str, said: &str) {
        for (i, line) in wrap(said, self.width, columns(further)).iter().enumerate() {
            self.line(&format!("{}{line}", if i == 0 { first } else { further }));
        }
    }

    /// Rows with their cells in columns: the first `left` to the left, the others to the right.
    fn table(&mut self, rows: &[Vec<String>], left: usize) {
        let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| columns(c)).max().unwrap_or(0);
        for row in rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let pad = " ".repeat(wide(column).saturating_sub(columns(cell)));
                let cell = if column < left { format!("{cell}{pad}") } else { format!("{pad}{cell}") };
                line.push_str("  ");
                line.push_str(&cell);
            }
            self.line(&line);
        }
    }
}

fn of_metric(metric: &MetricId, past: &MetricPast, sources: &[Untrusted], out: &mut Text) {
    let whole = &past.whole;
    let tools: Vec<String> = past.tools.keys().map(short).collect();
    let series = if whole.series == 1 { "series" } else { "series at most" };
    out.say(&format!(
        "{}: {} {series} of {}, {} verdicts in {} runs{}",
        text::shown(&metric.0),
        whole.series,
        tools.join(", "),
        whole.rows,
        whole.runs,
        if whole.exact { "; counts without noise" } else { "" }
    ));
    let quiet = |at: &AtLimit| at.failed_rows == 0 && at.warned_runs == 0 && at.plain_rows == 0;
    if whole.limits.iter().all(quiet) {
        let least = whole.limits.first().map_or(0.0, |at| at.limit);
        out.line("");
        out.say(&format!("No run got worse by {} or more, with or without evidence.", share(least)));
    } else {
        limits(whole, out);
    }
    by_tool(past, out);
    power(past, out);
    alarms(past, sources, out);
}

fn limits(whole: &Outcome, out: &mut Text) {
    let head = ["", "failed", "at", "of all", "warned", "", "change alone:", "of all"];
    let head_two = ["limit", "runs", "most", "verdicts", "runs", "sees", "failed runs", "verdicts"];
    let cells = |head: [&str; 8]| head.map(str::to_owned).to_vec();
    let mut rows = vec![cells(head), cells(head_two)];
    for at in &whole.limits {
        let of_all = |n: usize| percent(n as f64 / whole.rows.max(1) as f64);
        let mark = if whole.fail == Some(at.limit) { "> " } else { "" };
        rows.push(vec![
            format!("{mark}{}", share(at.limit)),
            format!("{} of {}", at.failed_runs, whole.runs),
            percent(at.at_most),
            of_all(at.failed_rows),
            format!("{} of {}", at.warned_runs, whole.runs),
            sees(at),
            format!("{} of {}", at.plain_runs, whole.runs),
            of_all(at.plain_rows),
        ]);
    }
    out.line("");
    out.table(&rows, 0);
}

/// One line for each tool: what it would need alone, and which statistic is steadiest.
fn by_tool(past: &MetricPast, out: &mut Text) {
    let statistics = |outcome: &Outcome| {
        // Taking out what few series share takes out most of their noise, so that only the order is left to tell.
        let figure = |apart: f64| {
            if outcome.series < FEWEST_SERIES { String::new() } else { format!(" {}", percent(apart)) }
        };
        let all: Vec<String> =
            outcome.statistics.iter().map(|(s, apart)| format!("{}{}", s.as_str(), figure(*apart))).collect();
        all.join(", ")
    };
    if past.tools.values().any(|outcome| !outcome.statistics.is_empty()) {
        out.line("");
        out.say("Statistics, the steadiest first, with a benchmark's standard deviation between runs:");
        for (tool, outcome) in &past.tools {
            if !outcome.statistics.is_empty() {
                out.wrapped("  ", "    ", &format!("{}: {}", short(tool), statistics(outcome)));
            }
        }
    }
    if past.tools.len() < 2 {
        return;
    }
    let mut rows = vec![["each tool alone", "series", "limit", "failed runs", "sees"].map(str::to_owned).to_vec()];
    for (tool, outcome) in &past.tools {
        let at = outcome.at_fail();
        rows.push(vec![
            short(tool),
            outcome.series.to_string(),
            outcome.fail.map_or_else(|| "none".to_owned(), share),
            at.map_or_else(|| "-".to_owned(), |at| format!("{} of {}", at.failed_runs, outcome.runs)),
            at.map_or_else(|| "-".to_owned(), sees),
        ]);
    }
    out.line("");
    out.table(&rows, 1);
    let needed: Vec<f64> = past.tools.values().map(|o| o.fail.unwrap_or(f64::INFINITY)).collect();
    let least = needed.iter().copied().fold(f64::INFINITY, f64::min);
    if needed.iter().any(|limit| *limit >= APART * least) && least.is_finite() {
        out.say(
            "They need limits far apart: give the calmer ones their own by [[rule]] entries, or a gate of their own \
             (`--config`).",
        );
    }
}

/// How many of the regressions that were put in failed, by tool and size.
fn power(past: &MetricPast, out: &mut Text) {
    let Some(limit) = past.whole.fail.filter(|_| !past.whole.exact) else { return };
    let mut head = vec![format!("seen at {}", share(limit))];
    head.extend(SIZES.iter().map(|size| format!("+{}", share(*size))));
    let mut rows = vec![head];
    for (tool, outcome) in &past.tools {
        let Some(at) = outcome.at(limit) else { continue };
        let mut row = vec![short(tool)];
        row.extend(at.seen.iter().map(|(failed, all)| match all {
            0 => "-".to_owned(),
            all => format!("{:.0}%", *failed as f64 / *all as f64 * 100.0),
        }));
        rows.push(row);
    }
    out.line("");
    out.table(&rows, 1);
}

fn alarms(past: &MetricPast, sources: &[Untrusted], out: &mut Text) {
    let Some(at) = past.alarms_at.filter(|_| !past.alarms.is_empty()) else { return };
    out.line("");
    let what = if past.whole.fail.is_some() { "In the way of a lower limit" } else { "In the way of any limit" };
    out.say(&format!("{what}: failures at {}", share(at)));
    for alarm in past.alarms.iter().take(MOST_ALARMS) {
        let run = sources.get(alarm.run).map_or_else(|| format!("run {}", alarm.run + 1), short);
        let others = match alarm.rows {
            1 => String::new(),
            n => format!(", the worst of {n}"),
        };
        let change = if alarm.change.is_finite() { format!("+{}", percent(alarm.change)) } else { "from 0".to_owned() };
        let lasting = if alarm.lasting { "; it stayed, as a real change would" } else { "" };
        out.wrapped(
            "  - ",
            "    ",
            &format!("{run}: {} {change}{others}{lasting}", short(&alarm.benchmark.qualified())),
        );
    }
    if past.alarms.len() > MOST_ALARMS {
        out.line(&format!("  and {} more runs", past.alarms.len() - MOST_ALARMS));
    }
    if past.alarms.iter().any(|a| a.lasting) {
        out.say("If one was a real change, tune again with the runs from it on.");
    }
}

fn legend(out: &mut Text) {
    for (word, said) in [
        ("failed runs", "runs with a failure or more"),
        ("at most", "the rate of such runs that may stand behind that, with 95% confidence"),
        ("warned runs", "runs with a warning or a failure, were it the warn limit"),
        ("sees", "smallest regression of one benchmark that failed 8 times in 10 when put in"),
        ("seen at", "the share of such regressions, by size, that failed"),
        ("change alone", "by the change from the run before, as `--evidence none` judges"),
    ] {
        out.wrapped(&format!("{word:<14}"), &" ".repeat(14), said);
    }
}

/// What so many runs can show at all.
fn confidence(judged: usize, wanted: f64, out: &mut Text) {
    let needed = (0.05_f64.ln() / (1.0 - wanted).ln()).ceil();
    if wanted <= 0.0 {
        out.say("No number of runs shows a rate of 0%; the rates above have upper bounds.");
    } else if (judged as f64) < needed {
        out.say(&format!(
            "{judged} runs cannot show a rate of {}: that takes {needed:.0} without a failure. The suggestion is the \
             smallest limit that these runs do not speak against.",
            share(wanted)
        ));
    }
}

/// A table for perfgate.toml.
fn block(metric: &MetricId, past: &MetricPast, out: &mut Text) {
    let whole = &past.whole;
    let table = format!("[metrics.{}]", toml_key(metric.raw()));
    if whole.never_worse() {
        out.line(&format!("# it never got worse in {} runs, so any increase can fail", whole.runs));
        out.line(&table);
        out.line("fail = \"+0\"");
        return;
    }
    let Some(at) = whole.at_fail() else {
        let Some(most) = whole.limits.last() else { return };
        out.wrapped(
            "# ",
            "# ",
            &format!(
                "no limit up to {} is wide enough: {} of {} runs failed at it; `gate = false` shows without judging",
                share(most.limit),
                most.failed_runs,
                whole.runs
            ),
        );
        out.line(&format!("# {table}"));
        return;
    };
    let seen = match at.sees {
        Some(size) => format!("sees +{} in one benchmark", share(size)),
        None => "no size of regression up to 50% is sure to be seen".to_owned(),
    };
    out.wrapped(
        "# ",
        "# ",
        &format!("{} of {} runs failed (at most {}); {seen}", at.failed_runs, whole.runs, percent(at.at_most)),
    );
    out.line(&table);
    if !whole.exact {
        let best: Vec<Statistic> = past.tools.values().filter_map(|o| o.statistics.first().map(|(s, _)| *s)).collect();
        let note = match best.as_slice() {
            [first, rest @ ..] if rest.iter().all(|s| s == first) => format!("  # which is {} here", first.as_str()),
            _ => String::new(),
        };
        out.line(&format!("statistic = \"auto\"{note}"));
    }
    // Without its own, the metric would warn from [gate]'s limit on.
    let warn = whole.warn.unwrap_or(at.limit);
    out.line(&format!("warn = \"{}\"", share(warn)));
    out.line(&format!("fail = \"{}\"", share(at.limit)));
    if let Some(warned) = whole.at(warn).filter(|at| at.warned_runs > at.failed_runs) {
        out.line(&format!("# {} of {} runs warned by it", warned.warned_runs, whole.runs));
    }
}

/// A metric's name as a key of TOML.
fn toml_key(name: &str) -> String {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return name.to_owned();
    }
    let escaped = name.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if text::is_unsafe(c) => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn short(name: &Untrusted) -> String {
    elided(&text::shown(name), MOST_NAME)
}

/// A limit or rate as people write it.
fn share(value: f64) -> String {
    Limit::Relative(value).to_string()
}

/// A measured share.
fn percent(value: f64) -> String {
    let percent = value * 100.0;
    if percent > 0.0 && percent < 0.05 { "<0.1%".to_owned() } else { format!("{percent:.1}%") }
}

fn sees(at: &AtLimit) -> String {
    at.sees.map_or_else(|| "-".to_owned(), |size| format!("+{}", share(size)))
}

#[cfg(test)]
mod tests {
    use super::toml_key;

    #[test]
    fn keys_read_back_whatever_a_metric_is_called() {
        for name in ["time", "time.p95", "hits/op", "a \"b\" \\ c", "\u{202e}evil\n[gate]", "", "µs"] {
            let text = format!("[metrics.{}]\nfail = \"5%\"\n", toml_key(name));
            let table: toml::Table = text.parse().unwrap();
            let metrics = table.get("metrics").and_then(toml::Value::as_table).unwrap();
            assert_eq!(metrics.keys().collect::<Vec<_>>(), [name], "{text}");
        }
    }
}
