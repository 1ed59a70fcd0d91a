//! The configuration as it is in force: TOML that reads back as the same, each value with where it was set.
//!
//! Not here: the reference of the keys (`default.toml`).

use std::fmt::Write as _;

use super::Config;
use super::reading::Set;
use super::tables::{
    AcceptTable, BudgetTable, FieldTable, File, FormatTable, GateTable, MetricTable, RenameTable, RuleTable,
};
use crate::text;

impl Config {
    /// Every value with its origin, as TOML with comments: `# perfgate.toml:12`, `# default`, `# --fail`.
    pub fn show(&self) -> String {
        let File { inputs, store, testbed, gate, metrics, rule, budget, accept, rename, format } = &self.file;
        let mut out = Out::default();
        out.key("inputs", inputs.as_ref(), |items| {
            let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
            format!("[{}]", items.join(", "))
        });
        out.key("store", store.as_ref(), |text| quoted(&text::without_credentials(text)));
        out.key("testbed", testbed.as_ref(), |text| quoted(text));
        if let Some(gate) = gate {
            let GateTable { warn, fail, evidence, fail_on, missing, suite_shift, inconclusive, invalid } = &gate.value;
            out.header("[gate]");
            out.key("warn", warn.as_ref(), display);
            out.key("fail", fail.as_ref(), display);
            out.key("evidence", evidence.as_ref(), |word| quoted(word.as_str()));
            out.key("fail-on", fail_on.as_ref(), |word| quoted(word.as_str()));
            out.key("missing", missing.as_ref(), |word| quoted(word.as_str()));
            out.key("suite-shift", suite_shift.as_ref(), |word| quoted(word.as_str()));
            out.key("inconclusive", inconclusive.as_ref(), |word| quoted(word.as_str()));
            out.key("invalid", invalid.as_ref(), |word| quoted(word.as_str()));
        }
        for (name, metric) in metrics.iter().flat_map(|set| &set.value) {
            out.header(&format!("[metrics.{}]", key(name)));
            out.limits(&metric.value);
        }
        for set in rule.iter().flat_map(|set| &set.value) {
            let RuleTable { benchmark, metric, tool, statistic, warn, fail, min_change, better, gate } =
                set.value.clone();
            out.header("[[rule]]");
            out.key("benchmark", benchmark.as_ref(), |pattern| quoted(pattern.as_str()));
            out.key("metric", metric.as_ref(), |metric| quoted(metric.raw()));
            out.key("tool", tool.as_ref(), |tool| quoted(tool.raw()));
            out.limits(&MetricTable { statistic, warn, fail, min_change, better, gate });
        }
        for set in budget.iter().flat_map(|set| &set.value) {
            let BudgetTable { benchmark, metric, tool, warn, fail } = &set.value;
            out.header("[[budget]]");
            out.key("benchmark", benchmark.as_ref(), |pattern| quoted(pattern.as_str()));
            out.key("metric", metric.as_ref(), |metric| quoted(metric.raw()));
            out.key("tool", tool.as_ref(), |tool| quoted(tool.raw()));
            out.key("warn", warn.as_ref(), display);
            out.key("fail", fail.as_ref(), display);
        }
        for set in accept.iter().flat_map(|set| &set.value) {
            let AcceptTable { benchmark, metric, tool, up_to, until, reason } = &set.value;
            out.header("[[accept]]");
            out.key("benchmark", benchmark.as_ref(), |pattern| quoted(pattern.as_str()));
            out.key("metric", metric.as_ref(), |metric| quoted(metric.raw()));
            out.key("tool", tool.as_ref(), |tool| quoted(tool.raw()));
            out.key("up-to", up_to.as_ref(), display);
            out.key("until", until.as_ref(), ToString::to_string);
            out.key("reason", reason.as_ref(), |text| quoted(text.raw()));
        }
        for set in rename.iter().flat_map(|set| &set.value) {
            let RenameTable { from, to } = &set.value;
            out.header("[[rename]]");
            out.key("from", from.as_ref(), |text| quoted(text.raw()));
            out.key("to", to.as_ref(), |text| quoted(text.raw()));
        }
        for set in format.iter().flat_map(|set| &set.value) {
            let FormatTable { name, records, benchmark, metric } = &set.value;
            out.header("[[format]]");
            out.key("name", name.as_ref(), |text| quoted(text));
            out.key("records", records.as_ref(), |path| quoted(&path.to_string()));
            out.key("benchmark", benchmark.as_ref(), |text| quoted(text));
            for set in metric.iter().flat_map(|set| &set.value) {
                let FieldTable { name, value, unit, better, statistic } = &set.value;
                out.header("[[format.metric]]");
                out.key("name", name.as_ref(), |metric| quoted(metric.raw()));
                out.key("value", value.as_ref(), |path| quoted(&path.to_string()));
                out.key("unit", unit.as_ref(), |text| quoted(text));
                out.key("better", better.as_ref(), |better| quoted(better.as_str()));
                out.key("statistic", statistic.as_ref(), |part| quoted(part.as_str()));
            }
        }
        out.finish()
    }
}

/// Lines of one table, which are aligned before they are written.
#[derive(Default)]
struct Out {
    text: String,
    lines: Vec<(String, String)>,
}

impl Out {
    fn key<T>(&mut self, name: &str, set: Option<&Set<T>>, write: impl Fn(&T) -> String) {
        if let Some(set) = set {
            let origin = text::line(set.origin.raw()).into_owned();
            self.lines.push((format!("{name} = {}", write(&set.value)), origin));
        }
    }

    fn limits(&mut self, table: &MetricTable) {
        let MetricTable { statistic, warn, fail, min_change, better, gate } = table;
        self.key("statistic", statistic.as_ref(), |chosen| quoted(chosen.as_str()));
        self.key("warn", warn.as_ref(), display);
        self.key("fail", fail.as_ref(), display);
        self.key("min-change", min_change.as_ref(), |change| quoted(change.0.to_string().trim_start_matches('+')));
        self.key("better", better.as_ref(), |better| quoted(better.as_str()));
        self.key("gate", gate.as_ref(), ToString::to_string);
    }

    fn header(&mut self, header: &str) {
        self.flush();
        let _ = writeln!(self.text, "\n{header}");
    }

    fn flush(&mut self) {
        // Long lines do not push the comments of the others out of sight.
        let width = self.lines.iter().map(|(line, _)| line.chars().count()).filter(|w| *w <= 40).max().unwrap_or(0);
        for (line, origin) in std::mem::take(&mut self.lines) {
            let _ = writeln!(self.text, "{line:width$}  # {origin}");
        }
    }

    fn finish(mut self) -> String {
        self.flush();
        self.text
    }
}

fn display<T: ToString>(value: &T) -> String {
    quoted(&value.to_string())
}

/// A TOML string, with every character that is invisible or drives a terminal spelled out.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if text::is_unsafe(c) && u32::from(c) <= 0xFFFF => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c if text::is_unsafe(c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A TOML key, quoted where it has to be.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { name.to_owned() } else { quoted(name) }
}
