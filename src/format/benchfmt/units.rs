//! What the units of Go results mean: metric, SI base, direction, noisy or exact.
//!
//! Times, bytes and allocations per operation and bytes per time are the metrics that all formats share, in whatever unit
//! they are given, so that a `us/op` compares with an `ns/op`; every other unit is its own metric. `Unit` lines
//! (golang/perf 712aea8, `benchfmt/reader.go`) override direction and kind for the whole file, wherever they stand.
//!
//! Not here: the factors of units (`crate::unit`).

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::model::{Better, Kind, MetricId};
use crate::text::Untrusted;
use crate::unit::{self, Parsed, Unit};

/// The units that Go itself writes. Cut units are measured against these, and of two units of one metric they win.
pub(super) const STANDARD: [&str; 5] = ["ns/op", "MB/s", "B/s", "B/op", "allocs/op"];

/// The rank of units that are metrics of their own.
pub(super) const OF_ITS_OWN: u8 = 2;

/// Counts of which less is better when they are given per operation.
const COSTS: [&str; 9] =
    ["instructions", "allocs", "misses", "miss", "faults", "fault", "cycles", "mispredicts", "switches"];

/// A unit of the file.
pub(super) struct UnitEntry {
    /// As it is written.
    pub(super) text: Untrusted,
    /// Factor, SI unit and direction.
    pub(super) parsed: Parsed,
    /// The metric it measures.
    pub(super) metric: MetricId,
    /// Which of two units has a metric's name: the one with the lower rank, 0 for Go's own.
    pub(super) rank: u8,
    kind: Kind,
}

impl UnitEntry {
    fn new(text: &str) -> Self {
        let mut parsed = unit::parse(text);
        // `p99-ns` is a time as well, but another one.
        let plain = !text.contains(['-', '*']);
        let (name, kind) = match (&parsed.unit, text.strip_suffix("/op")) {
            (Unit::Second, Some(_)) if plain => (Some(MetricId::TIME), Kind::Noisy),
            // Bytes are divided by the iterations and rounded, so equal code can give 37 and 38.
            (Unit::Byte, Some(_)) if plain => (Some(MetricId::MEMORY), Kind::Noisy),
            (Unit::BytePerSecond, _) if plain => (Some(MetricId::THROUGHPUT), Kind::Noisy),
            (_, Some("allocs")) => (Some(MetricId::ALLOCS), Kind::Exact),
            _ => (None, Kind::Noisy),
        };
        if parsed.better.is_none()
            && let Some(counted) = text.strip_suffix("/op")
            && COSTS.contains(&counted.rsplit(['-', '*', '_']).next().unwrap_or(counted))
        {
            parsed.better = Some(Better::Lower);
        }
        let text = Untrusted::from(text);
        let metric = name.map_or_else(|| MetricId(text.clone()), MetricId::new);
        let rank = match name {
            Some(_) if STANDARD.contains(&text.raw()) => 0,
            Some(_) => 1,
            None => OF_ITS_OWN,
        };
        Self { text, parsed, metric, rank, kind }
    }

    /// Whether a value below zero cannot be a measurement.
    pub(super) fn never_negative(&self) -> bool {
        !matches!(self.parsed.unit, Unit::Other(_))
    }
}

/// Metric, meaning and kind of a unit that Go wrote, for files that hold Go's results in a form of their own.
pub(in crate::format) fn meaning_of(text: &str) -> (MetricId, Parsed, Kind) {
    let UnitEntry { text: _, parsed, metric, rank: _, kind } = UnitEntry::new(text);
    (metric, parsed, kind)
}

/// What a `Unit` line may say.
#[derive(Clone, Copy, Default)]
struct Stated {
    better: Option<Better>,
    kind: Option<Kind>,
}

/// Every unit of a file, and what its `Unit` lines say.
#[derive(Default)]
pub(super) struct Units {
    table: IndexMap<Box<str>, UnitEntry>,
    stated: BTreeMap<String, Stated>,
}

/// Why a `key=value` of a `Unit` line is not used.
pub(super) enum Refused {
    /// Neither `better=` nor `assume=`, or a value they do not have.
    Unknown,
    /// An earlier line says otherwise.
    Conflict,
}

impl Units {
    /// The number of a unit, which is new or known.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        let at = match self.table.get_index_of(text) {
            Some(at) => at,
            None => self.table.insert_full(text.into(), UnitEntry::new(text)).0,
        };
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// A unit by its number.
    pub(super) fn get(&self, number: u32) -> Option<&UnitEntry> {
        self.table.get_index(number as usize).map(|(_, unit)| unit)
    }

    /// Whether the unit with this number is written like this.
    pub(super) fn is(&self, number: u32, text: &str) -> bool {
        self.table.get_index(number as usize).is_some_and(|(known, _)| **known == *text)
    }

    /// Whether a unit that ends a file without a line break is there in full.
    pub(super) fn is_whole(&self, text: &str) -> bool {
        if self.table.contains_key(text) {
            !self.table.keys().any(|known| known.len() > text.len() && known.starts_with(text))
        } else {
            STANDARD.contains(&text)
        }
    }

    /// Takes one `key=value` of a `Unit` line.
    pub(super) fn state(&mut self, unit: &str, key: &str, value: &str) -> Result<(), Refused> {
        let stated = self.stated.entry(tidy(unit)).or_default();
        match (key, value) {
            ("better", "higher") => set(&mut stated.better, Better::Higher),
            ("better", "lower") => set(&mut stated.better, Better::Lower),
            ("assume", "exact") => set(&mut stated.kind, Kind::Exact),
            ("assume", "nothing") => set(&mut stated.kind, Kind::Noisy),
            _ => Err(Refused::Unknown),
        }
    }

    /// Direction and kind of a unit, with what the file says about it.
    pub(super) fn meaning(&self, unit: &UnitEntry) -> (Option<Better>, Kind) {
        // Most files have no `Unit` line, and this is asked for every series.
        let stated = if self.stated.is_empty() { None } else { self.stated.get(&tidy(unit.text.raw())).copied() };
        let stated = stated.unwrap_or_default();
        (stated.better.or(unit.parsed.better), stated.kind.unwrap_or(unit.kind))
    }
}

fn set<T: PartialEq>(slot: &mut Option<T>, value: T) -> Result<(), Refused> {
    match slot {
        Some(known) if *known != value => Err(Refused::Conflict),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

/// The unit as benchstat names it, under which `Unit` lines are looked up: `ns` is `sec` and `MB` is `B` in the
/// numerator (golang/perf 712aea8, `benchunit/tidy.go`).
fn tidy(unit: &str) -> String {
    let numerator = unit.split('/').next().unwrap_or(unit);
    let mut tidied = String::with_capacity(unit.len() + 4);
    for part in numerator.split_inclusive(['-', '*']) {
        let word = part.trim_end_matches(['-', '*']);
        tidied.push_str(match word {
            "ns" => "sec",
            "MB" => "B",
            other => other,
        });
        tidied.push_str(part.get(word.len()..).unwrap_or(""));
    }
    tidied.push_str(unit.get(numerator.len()..).unwrap_or(""));
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(units: &mut Units, text: &str) -> (String, Option<Better>, Kind) {
        let number = units.number(text);
        let unit = units.get(number).unwrap();
        let (better, kind) = units.meaning(unit);
        (unit.metric.raw().to_owned(), better, kind)
    }

    #[test]
    fn metrics_of_units() {
        let mut units = Units::default();
        let lower = Some(Better::Lower);
        let cases = [
            ("ns/op", "time", lower, Kind::Noisy),
            ("B/op", "memory", lower, Kind::Noisy),
            ("allocs/op", "allocs", lower, Kind::Exact),
            ("MB/s", "throughput", Some(Better::Higher), Kind::Noisy),
            ("us/op", "time", lower, Kind::Noisy),
            ("µs/op", "time", lower, Kind::Noisy),
            ("sec/op", "time", lower, Kind::Noisy),
            ("KB/op", "memory", lower, Kind::Noisy),
            ("MiB/op", "memory", lower, Kind::Noisy),
            ("GiB/s", "throughput", Some(Better::Higher), Kind::Noisy),
            ("p99-ns", "p99-ns", lower, Kind::Noisy),
            ("gc-ns/op", "gc-ns/op", lower, Kind::Noisy),
            ("disk-MB/s", "disk-MB/s", Some(Better::Higher), Kind::Noisy),
            ("ms", "ms", lower, Kind::Noisy),
            ("hits/op", "hits/op", None, Kind::Noisy),
            ("L1-dcache-load-misses/op", "L1-dcache-load-misses/op", lower, Kind::Noisy),
            ("page-faults/op", "page-faults/op", lower, Kind::Noisy),
            ("misses", "misses", None, Kind::Noisy),
            ("miss-%", "miss-%", None, Kind::Noisy),
        ];
        for (text, metric, better, kind) in cases {
            assert_eq!(meaning(&mut units, text), (metric.to_owned(), better, kind), "{text}");
        }
    }

    #[test]
    fn unit_lines_override_and_do_not_contradict() {
        let mut units = Units::default();
        assert!(units.state("sec/op", "assume", "exact").is_ok());
        assert!(units.state("ns/op", "assume", "exact").is_ok());
        assert!(matches!(units.state("ns/op", "assume", "nothing"), Err(Refused::Conflict)));
        assert!(matches!(units.state("ns/op", "better", "sideways"), Err(Refused::Unknown)));
        assert!(units.state("hits/op", "better", "higher").is_ok());
        assert!(units.state("allocs/op", "assume", "nothing").is_ok());
        assert_eq!(meaning(&mut units, "ns/op").2, Kind::Exact);
        assert_eq!(meaning(&mut units, "hits/op").1, Some(Better::Higher));
        assert_eq!(meaning(&mut units, "allocs/op").2, Kind::Noisy);
        assert_eq!(tidy("L1-miss-ns/op"), "L1-miss-sec/op");
        assert_eq!(tidy("ops/ns"), "ops/ns");
    }
}
