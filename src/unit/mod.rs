//! Units of measurement: from what a tool wrote to SI base, and back to something people read.
//!
//! A tool's unit such as `ns/op`, `p99-ns`, `MB/s` or `KiB` becomes a factor and a [`Unit`]. The rules for composed units
//! are those of Go's benchmark tools (golang/perf 712aea8, `benchunit/tidy.go`: a unit is what its numerator measures,
//! `-`, `*` and `/` separate its parts) widened to the other spellings that occur in real files.
//!
//! Not here: which metric a value belongs to (`format`), and what counts as a change (`verdict`).

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a stored value counts. Values are always in these units, never in the tool's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Seconds, `s`.
    Second,
    /// Bytes, `B`.
    Byte,
    /// A plain count or ratio, `1`.
    One,
    /// Events per second, `1/s`.
    PerSecond,
    /// Bytes per second, `B/s`.
    BytePerSecond,
    /// A unit of the tool's own that is kept as it is written.
    Other(Arc<str>),
}

impl Unit {
    /// The unit's symbol. For [`Unit::Other`] this is text from the tool's file and needs an escaper.
    pub fn symbol(&self) -> &str {
        match self {
            Self::Second => "s",
            Self::Byte => "B",
            Self::One => "1",
            Self::PerSecond => "1/s",
            Self::BytePerSecond => "B/s",
            Self::Other(name) => name,
        }
    }

    /// The unit with this symbol.
    pub fn from_symbol(symbol: &str) -> Self {
        match symbol {
            "s" => Self::Second,
            "B" => Self::Byte,
            "1" => Self::One,
            "1/s" => Self::PerSecond,
            "B/s" => Self::BytePerSecond,
            other => Self::Other(other.into()),
        }
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_symbol(&String::deserialize(deserializer)?))
    }
}

/// Which direction of a value is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Less is better: time, memory, allocations.
    Lower,
    /// More is better: throughput.
    Higher,
}

impl Better {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
        }
    }
}

/// What a unit written by a tool means.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// A value in the tool's unit times this is a value in `unit`.
    pub factor: f64,
    /// The unit that values are kept in.
    pub unit: Unit,
    /// The good direction, where the unit tells it.
    pub better: Option<Better>,
}

/// Reads a unit as a tool wrote it. Never fails: what is not known is kept as [`Unit::Other`] with factor 1.
pub fn parse(text: &str) -> Parsed {
    let text = text.trim();
    let (numerator, denominator) = match text.split_once('/') {
        Some((numerator, denominator)) => (numerator, Some(denominator)),
        None => (text, None),
    };
    // `p99-ns` and `L1-miss-ns` measure what their last part says.
    let measured = numerator.rsplit(['-', '*']).next().unwrap_or(numerator);
    let time = time_factor(measured);
    let bytes = byte_factor(measured);
    if let Some(per) = denominator.and_then(time_factor) {
        return match bytes {
            Some(factor) => Parsed { factor: factor / per, unit: Unit::BytePerSecond, better: Some(Better::Higher) },
            None if time.is_some() => Parsed { factor: 1.0, unit: Unit::Other(text.into()), better: None },
            None => {
                let factor = thousands(measured).unwrap_or(1.0);
                Parsed { factor: factor / per, unit: Unit::PerSecond, better: Some(Better::Higher) }
            }
        };
    }
    if let Some(factor) = time {
        return Parsed { factor, unit: Unit::Second, better: Some(Better::Lower) };
    }
    if let Some(factor) = bytes {
        return Parsed { factor, unit: Unit::Byte, better: Some(Better::Lower) };
    }
    match (measured, denominator) {
        ("" | "1" | "allocs" | "instructions" | "cycles", _) => {
            Parsed { factor: 1.0, unit: Unit::One, better: (!measured.is_empty()).then_some(Better::Lower) }
        }
        ("Hz" | "hz", None) => Parsed { factor: 1.0, unit: Unit::PerSecond, better: Some(Better::Higher) },
        _ => Parsed { factor: 1.0, unit: Unit::Other(text.into()), better: None },
    }
}

/// Seconds in one of a time unit.
fn time_factor(unit: &str) -> Option<f64> {
    Some(match unit {
        "ps" => 1e-12,
        "ns" | "nsec" | "nanoseconds" => 1e-9,
        "us" | "µs" | "μs" | "usec" | "microseconds" => 1e-6,
        "ms" | "msec" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "min" | "minutes" => 60.0,
        "h" | "hours" => 3600.0,
        _ => return None,
    })
}

/// Bytes in one of a size unit.
fn byte_factor(unit: &str) -> Option<f64> {
    Some(match unit {
        "B" | "bytes" | "byte" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        "TiB" => 1_099_511_627_776.0,
        _ => return None,
    })
}

/// The factor of a counted thing with an SI prefix, as in `Mops/s`.
fn thousands(counted: &str) -> Option<f64> {
    Some(match counted {
        "Kops" | "kops" => 1e3,
        "Mops" => 1e6,
        "Gops" => 1e9,
        _ => return None,
    })
}

/// A scale to show values of one row in: divide by `divisor`, write `suffix` after the number.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// What values are divided by.
    pub divisor: f64,
    /// What stands after the number; for [`Unit::Other`] untrusted text. May be empty.
    pub suffix: String,
}

/// The scale in which a value of this size reads best. One scale serves a whole row.
pub fn scale(unit: &Unit, value: f64) -> Scale {
    let size = value.abs();
    let pick = |steps: &[(f64, &str)]| {
        let chosen = steps.iter().rev().find(|(step, _)| size >= *step * 0.9995).or(steps.first());
        let (divisor, suffix) = chosen.copied().unwrap_or((1.0, ""));
        Scale { divisor, suffix: suffix.to_owned() }
    };
    match unit {
        Unit::Second if size == 0.0 => Scale { divisor: 1e-9, suffix: "ns".to_owned() },
        Unit::Second => pick(&[(1e-12, "ps"), (1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s")]),
        Unit::Byte => pick(&[(1.0, "B"), (1024.0, "KiB"), (1_048_576.0, "MiB"), (1_073_741_824.0, "GiB")]),
        Unit::BytePerSecond => pick(&[(1.0, "B/s"), (1e3, "kB/s"), (1e6, "MB/s"), (1e9, "GB/s")]),
        Unit::PerSecond => pick(&[(1.0, "/s"), (1e3, "k/s"), (1e6, "M/s"), (1e9, "G/s")]),
        Unit::One if size < 1e5 => Scale { divisor: 1.0, suffix: String::new() },
        Unit::One => pick(&[(1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")]),
        Unit::Other(name) => Scale { divisor: 1.0, suffix: name.to_string() },
    }
}

impl Scale {
    /// The number in this scale with four significant digits, without the suffix.
    pub fn number(&self, value: f64) -> String {
        significant(value / self.divisor)
    }
}

/// A number with four significant digits; whole numbers below 100 000 stay whole.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if size.fract() == 0.0 && size < 1e5 {
        return format!("{value:.0}");
    }
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    // The exponent after rounding: 9.9999 has that of 10.00.
    let magnitude: i32 = format!("{size:.3e}").rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    let digits = usize::try_from(3 - magnitude).unwrap_or(0);
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_tools() {
        let cases = [
            ("ns/op", 1e-9, "s", Some(Better::Lower)),
            ("ns/iter", 1e-9, "s", Some(Better::Lower)),
            ("MB/s", 1e6, "B/s", Some(Better::Higher)),
            ("B/op", 1.0, "B", Some(Better::Lower)),
            ("allocs/op", 1.0, "1", Some(Better::Lower)),
            ("p99-ns", 1e-9, "s", Some(Better::Lower)),
            ("L1-miss-ns/op", 1e-9, "s", Some(Better::Lower)),
            ("ops/sec", 1.0, "1/s", Some(Better::Higher)),
            ("KB/ms", 1e6, "B/s", Some(Better::Higher)),
            ("1/ms", 1e3, "1/s", Some(Better::Higher)),
            ("req/min", 1.0 / 60.0, "1/s", Some(Better::Higher)),
            ("μs", 1e-6, "s", Some(Better::Lower)),
            ("ns/s", 1.0, "ns/s", None),
            ("hits/op", 1.0, "hits/op", None),
            ("ns/GC", 1e-9, "s", Some(Better::Lower)),
            ("%", 1.0, "%", None),
        ];
        for (text, factor, symbol, better) in cases {
            let parsed = parse(text);
            assert_eq!((parsed.factor, parsed.unit.symbol(), parsed.better), (factor, symbol, better), "{text}");
            assert_eq!(Unit::from_symbol(parsed.unit.symbol()), parsed.unit);
        }
    }

    #[test]
    fn numbers_people_read() {
        let cases = [
            (1.231e-5, "12.31 µs"),
            (0.000_999_96, "1.000 ms"),
            (0.0, "0 ns"),
            (3.0e-10, "300 ps"),
            (90.0, "90 s"),
            (9.9999e-9, "10.00 ns"),
        ];
        for (value, expected) in cases {
            let scale = scale(&Unit::Second, value);
            assert_eq!(format!("{} {}", scale.number(value), scale.suffix), expected);
        }
        assert_eq!(significant(0.5), "0.5000");
        assert_eq!(significant(1234.5), "1234");
        assert_eq!(significant(66.666), "66.67");
    }
}
