//! What the name of a field tells: `avg_response_time_ms` is the mean of a latency in milliseconds.
//!
//! A name is cut into words (`p95LatencyMs`, `p95_latency_ms` and `P95 latency (ms)` are the same three). Its end tells the
//! unit, other words the statistic and the quantity, and what is left names a part of what was measured.
//!
//! Not here: the object that the field stands in, whose other fields may tell the unit (`by_name`).

use crate::model::{Better, Kind, Statistic};
use crate::unit::{self, Parsed, Unit};

/// What a field holds of its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The value itself, or all samples.
    Value,
    /// One statistic.
    Statistic(Statistic),
    /// The standard deviation.
    Deviation,
}

/// What a name tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    /// The words that name a part of what was measured: `db_query` of `db_query_ms`.
    pub(super) about: String,
    /// The metric.
    pub(super) metric: &'static str,
    /// The unit; `None` where the name says only that it is a time.
    pub(super) unit: Option<Parsed>,
    /// The unit as people know it.
    pub(super) symbol: &'static str,
    pub(super) part: Part,
    pub(super) kind: Kind,
}

impl Told {
    /// What it says, for people: `latency, p95, in ms`.
    pub(super) fn in_words(&self) -> String {
        let part = match self.part {
            Part::Value => String::new(),
            Part::Statistic(statistic) => format!(", {}", statistic.as_str()),
            Part::Deviation => ", standard deviation".to_owned(),
        };
        let unit = if self.symbol.is_empty() { String::new() } else { format!(", in {}", self.symbol) };
        format!("{}{part}{unit}", self.metric)
    }
}

/// Words of settings: a number with one of them was chosen, not measured.
const SETTINGS: &[&str] = &[
    "timeout",
    "interval",
    "delay",
    "ttl",
    "limit",
    "limits",
    "threshold",
    "thresholds",
    "target",
    "targets",
    "budget",
    "budgets",
    "retention",
    "warmup",
    "sleep",
    "window",
    "expected",
    "acceptable",
    "goal",
    "goals",
];

/// Words of moments and of how long something has been there: times that nothing took.
const MOMENTS: &[&str] =
    &["timestamp", "uptime", "epoch", "date", "started", "ended", "finished", "created", "updated"];

/// Words of what was varied: they tell benchmarks of one name apart.
const PARAMETERS: &[&str] = &[
    "size",
    "threads",
    "workers",
    "concurrency",
    "users",
    "vus",
    "clients",
    "connections",
    "batch",
    "depth",
    "length",
    "nodes",
    "payload",
    "method",
    "mode",
    "variant",
    "group",
    "backend",
    "engine",
    "dataset",
];

/// Words that only say that it is counted per second.
const RATE: &[&str] = &[
    "throughput",
    "rate",
    "speed",
    "ops",
    "op",
    "operations",
    "operation",
    "requests",
    "request",
    "reqs",
    "req",
    "queries",
    "events",
    "iterations",
    "iters",
    "items",
    "messages",
    "calls",
    "transactions",
    "records",
    "rows",
];
/// Words that only say that it is a time.
const TIME: &[&str] = &[
    "time",
    "duration",
    "elapsed",
    "runtime",
    "took",
    "wall",
    "clock",
    "real",
    "execution",
    "exec",
    "times",
    "samples",
    "values",
];
/// Words of the time until an answer.
const LATENCY: &[&str] = &["latency", "latencies", "response"];
/// Words that only say that it is memory.
const MEMORY: &[&str] = &["memory", "mem", "rss", "heap", "ram", "used", "usage", "allocated", "alloc"];

/// A name's words in lower case; `/` is `per` and `%` is `pct`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut after_small = false;
    for c in name.chars() {
        match c {
            '/' => spaced.push_str(" per "),
            '%' => spaced.push_str(" pct "),
            c if !c.is_alphanumeric() => spaced.push(' '),
            c => {
                if c.is_uppercase() && after_small {
                    spaced.push(' ');
                }
                spaced.extend(c.to_lowercase());
            }
        }
        after_small = c.is_lowercase() || c.is_ascii_digit();
    }
    let mut words: Vec<String> = Vec::new();
    for word in spaced.split_whitespace() {
        match words.last_mut() {
            // `MiB` and `kB` are one word.
            Some(last) if word == "b" && ["k", "ki", "mi", "gi"].contains(&last.as_str()) => last.push('b'),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// A name without its unit, as a metric of its own: `total-duration` of `total_duration_seconds`.
pub(super) fn without_unit(name: &str) -> String {
    let mut words = words(name);
    if words.len() > 1 && words.last().is_some_and(|last| unit_of(last).is_some()) {
        words.pop();
    }
    words.join("-")
}

/// Whether a name is one of something that was varied, such as `size` or `batch_size`.
pub(super) fn is_parameter(words: &[String]) -> bool {
    words.len() <= 2 && words.last().is_some_and(|last| PARAMETERS.contains(&last.as_str()))
}

/// Why a name that tells nothing is left out.
pub(super) fn why_not(words: &[String]) -> &'static str {
    match () {
        () if is_setting(words) => "left out: a setting",
        () if is_moment(words) => "left out: a moment",
        () if is_parameter(words) => "part of the benchmark's name",
        () => "left out: no unit in its name",
    }
}

/// Whether a name is one of a setting.
fn is_setting(words: &[String]) -> bool {
    words.iter().any(|word| SETTINGS.contains(&word.as_str()))
}

/// Whether a name is one of a moment: `timestamp_ms`, `start_time_ms`, but not `end_to_end_ms`.
fn is_moment(words: &[String]) -> bool {
    let mut all = words.iter().map(String::as_str);
    let is_border = all.next().is_some_and(|first| ["start", "end", "begin"].contains(&first))
        && all.all(|word| TIME.contains(&word) || word == "at" || unit_of(word).is_some());
    is_border || words.iter().any(|word| MOMENTS.contains(&word.as_str()))
}

/// Whether words say nothing but a quantity, a statistic or a unit, so that they name no part of what was measured.
pub(super) fn are_of_a_quantity(words: &[String]) -> bool {
    let known = |word: &String| {
        let word = word.as_str();
        [RATE, TIME, LATENCY, MEMORY].iter().any(|list| list.contains(&word))
            || part_of(word).is_some()
            || unit_of(word).is_some()
            || ["peak", "cpu", "per", "std"].contains(&word)
    };
    !words.is_empty() && words.iter().all(known)
}

/// Reads a name's words. `None` where they tell no quantity, or only that of a setting.
pub(super) fn read(words: &[String]) -> Option<Told> {
    if is_setting(words) || is_moment(words) {
        return None;
    }
    let mut rest: Vec<&str> = words.iter().map(String::as_str).collect();
    let part = take_part(&mut rest)?;
    let told = |about: String, metric, unit: Option<Parsed>, symbol| {
        let kind = if metric == "allocs" { Kind::Exact } else { Kind::Noisy };
        Some(Told { about, metric, unit, symbol, part, kind })
    };
    let has = |rest: &[&str], any: &[&str]| rest.iter().any(|word| any.contains(word));
    // `requests_per_second`, `MB/s`; `ns/op` is a time.
    if let Some(at) = rest.iter().rposition(|word| *word == "per") {
        let per = rest.get(at + 1).copied().unwrap_or("");
        let counted: Vec<&str> = rest.get(..at).unwrap_or(&[]).to_vec();
        if let Some((_, parsed)) = unit_of(per).filter(|(_, parsed)| parsed.unit == Unit::Second) {
            let bytes = counted.last().and_then(|word| unit_of(word)).filter(|(_, p)| p.unit == Unit::Byte);
            let (unit, shown, about) = match bytes {
                Some((_, size)) => {
                    let unit = Parsed {
                        factor: size.factor / parsed.factor,
                        unit: Unit::BytePerSecond,
                        better: Some(Better::Higher),
                    };
                    (unit, "B/s", left(counted.get(..counted.len() - 1).unwrap_or(&[]), &[RATE]))
                }
                None => (per_second(1.0 / parsed.factor), "/s", left(&counted, &[RATE])),
            };
            return told(about, "throughput", Some(unit), shown);
        }
        rest = counted;
    }
    let last = rest.last().copied().unwrap_or("");
    // A single letter is a unit only behind something: `duration_s`.
    let is_alone = rest.len() == 1 && words.len() == 1;
    let unit = unit_of(last).filter(|_| last.len() > 1 || !is_alone);
    if let Some((symbol, parsed)) = unit {
        rest.pop();
        let (about, metric, parsed) = match &parsed.unit {
            Unit::PerSecond => (left(&rest, &[RATE]), "throughput", parsed),
            Unit::Byte if has(&rest, &["size", "sizes"]) => {
                (left(&rest, &[&["size", "sizes"]]), "size", Parsed { better: None, ..parsed })
            }
            Unit::Byte if has(&rest, &["peak"]) => (left(&rest, &[MEMORY, &["peak"]]), "peak-memory", parsed),
            Unit::Byte => (left(&rest, &[MEMORY]), "memory", parsed),
            Unit::One => share(&rest, parsed, symbol)?,
            _ if has(&rest, LATENCY) => (left(&rest, &[TIME, LATENCY]), "latency", parsed),
            _ if has(&rest, &["cpu"]) => (left(&rest, &[TIME, &["cpu"]]), "cpu-time", parsed),
            _ => (left(&rest, &[TIME]), "time", parsed),
        };
        return told(about, metric, Some(parsed), symbol);
    }
    if has(&rest, &["allocs", "allocations"]) {
        let unit = Parsed { factor: 1.0, unit: Unit::One, better: Some(Better::Lower) };
        return told(left(&rest, &[&["allocs", "allocations"]]), "allocs", Some(unit), "");
    }
    if has(&rest, &["throughput"]) || rest == ["ops"] {
        return told(left(&rest, &[RATE]), "throughput", Some(per_second(1.0)), "/s");
    }
    if has(&rest, &["rate"]) {
        let fraction = Parsed { factor: 1.0, unit: Unit::One, better: None };
        let (about, metric, unit) = share(&rest, fraction, "")?;
        return told(about, metric, Some(unit), "");
    }
    // A statistic alone, or a time: in the unit of its neighbours. `samples` alone may be their number.
    let is_time = rest.iter().any(|word| TIME.contains(word) && !["times", "samples", "values"].contains(word))
        || has(&rest, LATENCY)
        || (rest.is_empty() && part != Part::Value);
    let metric = if has(&rest, LATENCY) { "latency" } else { "time" };
    if is_time { told(left(&rest, &[TIME, LATENCY]), metric, None, "") } else { None }
}

/// The words that are on none of these lists.
fn left(words: &[&str], lists: &[&[&str]]) -> String {
    let kept: Vec<&str> = words.iter().filter(|word| !lists.iter().any(|list| list.contains(word))).copied().collect();
    kept.join("_")
}

fn per_second(factor: f64) -> Parsed {
    Parsed { factor, unit: Unit::PerSecond, better: Some(Better::Higher) }
}

/// A share by what it is a share of: its other words, metric and direction.
fn share(rest: &[&str], parsed: Parsed, symbol: &str) -> Option<(String, &'static str, Parsed)> {
    const OF: &[(&str, &[&str], Option<Better>)] = &[
        ("error-rate", &["error", "errors", "failure", "failures", "failed", "fail"], Some(Better::Lower)),
        ("success-rate", &["success", "successful", "ok", "passed"], Some(Better::Higher)),
        ("hit-rate", &["hit", "hits"], Some(Better::Higher)),
        ("miss-rate", &["miss", "misses"], Some(Better::Lower)),
        ("cpu", &["cpu"], Some(Better::Lower)),
    ];
    let (metric, names, better) = OF.iter().find(|(_, names, _)| rest.iter().any(|word| names.contains(word)))?;
    // `cpu_rate` says nothing.
    if *metric == "cpu" && symbol.is_empty() {
        return None;
    }
    let about: Vec<&str> = rest
        .iter()
        .filter(|word| {
            !names.contains(word) && !["rate", "ratio", "requests", "request", "usage", "used"].contains(word)
        })
        .copied()
        .collect();
    Some((about.join("_"), metric, Parsed { better: *better, ..parsed }))
}

/// Takes the statistic out of the words. `None` where there are two.
fn take_part(rest: &mut Vec<&str>) -> Option<Part> {
    if let Some(at) = rest.windows(2).position(|two| matches!(two, ["std" | "standard", "dev" | "deviation"])) {
        rest.drain(at..at + 2);
        return rest.iter().all(|word| part_of(word).is_none()).then_some(Part::Deviation);
    }
    let parts: Vec<(usize, Part)> = rest.iter().enumerate().filter_map(|(i, word)| Some((i, part_of(word)?))).collect();
    match parts.as_slice() {
        [] => Some(Part::Value),
        [(at, part)] => {
            rest.remove(*at);
            Some(*part)
        }
        _ => None,
    }
}

fn part_of(word: &str) -> Option<Part> {
    Some(Part::Statistic(match word {
        "avg" | "average" | "mean" => Statistic::Mean,
        "median" | "med" | "p50" | "50th" | "q2" => Statistic::Median,
        "min" | "minimum" | "fastest" | "best" | "lowest" => Statistic::Min,
        "max" | "maximum" | "slowest" | "worst" | "highest" => Statistic::Max,
        "p10" | "10th" => Statistic::P10,
        "p25" | "25th" | "q1" => Statistic::P25,
        "p75" | "75th" | "q3" => Statistic::P75,
        "p90" | "90th" => Statistic::P90,
        "p95" | "95th" => Statistic::P95,
        "p99" | "99th" => Statistic::P99,
        "stddev" | "stdev" | "std" | "sd" | "sigma" => return Some(Part::Deviation),
        _ => return None,
    }))
}

/// The unit that a word is, as it is shown.
fn unit_of(word: &str) -> Option<(&'static str, Parsed)> {
    let symbol = match word {
        "ns" | "nanos" | "nanoseconds" | "nsec" => "ns",
        "us" | "µs" | "μs" | "micros" | "microseconds" | "usec" => "us",
        "ms" | "millis" | "milliseconds" | "msec" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "minutes" | "mins" => "min",
        "hours" => "h",
        "b" | "bytes" | "byte" => "B",
        "kb" => "kB",
        "mb" => "MB",
        "gb" => "GB",
        "kib" => "KiB",
        "mib" => "MiB",
        "gib" => "GiB",
        "rps" | "qps" | "tps" | "iops" | "hz" => return Some(("/s", per_second(1.0))),
        "pct" | "percent" | "percentage" => {
            return Some(("%", Parsed { factor: 0.01, unit: Unit::One, better: None }));
        }
        _ => return None,
    };
    Some((symbol, unit::parse(symbol)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `METRIC[.STATISTIC] ×FACTOR [about]`.
    fn told(name: &str) -> String {
        let Some(told) = read(&words(name)) else { return "-".to_owned() };
        let part = match told.part {
            Part::Value => String::new(),
            Part::Statistic(statistic) => format!(".{}", statistic.as_str()),
            Part::Deviation => ".stddev".to_owned(),
        };
        let unit = told.unit.map_or("?".to_owned(), |unit| format!("{}{}", unit.factor, unit.unit.symbol()));
        let about = if told.about.is_empty() { String::new() } else { format!(" of {}", told.about) };
        format!("{}{part} {unit}{about}", told.metric)
    }

    #[test]
    fn names_tell_unit_statistic_and_quantity() {
        let cases = [
            ("duration_seconds", "time 1s"),
            ("avg_duration", "time.mean ?"),
            ("std_deviation", "time.stddev ?"),
            ("std_dev_ms", "time.stddev 0.001s"),
            ("p95_duration_seconds", "time.p95 1s"),
            ("avg_latency_ms", "latency.mean 0.001s"),
            ("p95LatencyMs", "latency.p95 0.001s"),
            ("P99 response time (ms)", "latency.p99 0.001s"),
            ("max_us", "time.max 0.000001s"),
            ("ms", "time 0.001s"),
            ("s", "-"),
            ("mean", "time.mean ?"),
            ("duration_s", "time 1s"),
            ("db_query_ms", "time 0.001s of db_query"),
            ("ns/op", "time 0.000000001s"),
            ("B/op", "memory 1B"),
            ("allocs/op", "allocs 11"),
            ("cpu_time_ms", "cpu-time 0.001s"),
            ("throughput", "throughput 11/s"),
            ("throughput_rps", "throughput 11/s"),
            ("ops_per_sec", "throughput 11/s"),
            ("requests per second", "throughput 11/s"),
            ("write_mb_per_sec", "throughput 1000000B/s of write"),
            ("memory_mb", "memory 1000000B"),
            ("memory (MiB)", "memory 1048576B"),
            ("size [kB]", "size 1000B"),
            ("peak_memory_mb", "peak-memory 1000000B"),
            ("bundle_size_kb", "size 1000B of bundle"),
            ("success_rate_pct", "success-rate 0.011"),
            ("error_rate", "error-rate 11"),
            ("cpu_percent", "cpu 0.011"),
            ("failed_requests_pct", "error-rate 0.011"),
        ];
        for (name, expected) in cases {
            assert_eq!(told(name), expected, "{name}");
        }
    }

    #[test]
    fn settings_and_counts_tell_nothing() {
        for name in [
            "timeout_ms",
            "threshold_seconds",
            "target_p95_ms",
            "iterations",
            "total_requests",
            "version",
            "id",
            "timestamp",
            "timestamp_ms",
            "uptime_seconds",
            "start_time_ms",
            "samples",
            "discount_percent",
            "avg_p95_ms",
            "",
            "é",
        ] {
            assert_eq!(told(name), "-", "{name}");
        }
    }

    #[test]
    fn words_of_a_quantity_name_no_part() {
        let are = |name: &str| are_of_a_quantity(&words(name));
        assert!(are("latency") && are("response_time") && are("p95") && are("memory"));
        assert!(!are("medium_program") && !are("login") && !are(""));
    }
}
