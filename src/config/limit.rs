//! Limits, budgets and smallest changes as people write them: `5%`, `+2ms`, `+3`, `10ns`.
//!
//! A limit speaks about a change and is a share or a step; an [`Amount`] is a value by itself. Both are kept in SI base
//! units. What is written back ([`std::fmt::Display`]) reads as the same value again.
//!
//! Not here: which limit a series has (`judging`), and whether a change is over it (`verdict`).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::text::shown;
use crate::unit::{self, Unit};

/// How much worse a series may get.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// A share of the baseline: `5%` is 0.05.
    Relative(f64),
    /// A difference to the baseline: `+2ms` is 0.002 seconds.
    Step {
        /// The difference, in `unit`.
        value: f64,
        /// An SI base unit; `None` means the series' own base unit.
        unit: Option<Unit>,
    },
}

/// A value that stands by itself: `10ns` is 1e-8 seconds, `95%` is 0.95.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// The value, in `unit`.
    pub value: f64,
    /// An SI base unit; `None` means the series' own base unit.
    pub unit: Option<Unit>,
}

/// Why a text is not a limit or an amount, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLimit {
    /// Lowercase sentence without a period; outside text already made visible.
    pub message: String,
    /// What to write.
    pub help: String,
}

impl fmt::Display for InvalidLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.help)
    }
}

impl std::error::Error for InvalidLimit {}

const EXAMPLES: &str = r#"write a share such as "5%", or a step such as "+3", "+2ms" or "+1MiB""#;
const AMOUNTS: &str = r#"write a value such as "10ns", "1.5MiB", "95%" or "3""#;

fn invalid(message: impl Into<String>, help: impl Into<String>) -> InvalidLimit {
    InvalidLimit { message: message.into(), help: help.into() }
}

impl Limit {
    /// The order of two limits of the same kind; `None` where they cannot be compared.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Relative(a), Self::Relative(b)) => Some(a.total_cmp(b)),
            (Self::Step { value: a, unit: u }, Self::Step { value: b, unit: v }) if u == v => Some(a.total_cmp(b)),
            _ => None,
        }
    }

    /// Whether it is a share of the baseline.
    pub fn is_relative(&self) -> bool {
        matches!(self, Self::Relative(_))
    }

    /// Whether both are shares or both are steps.
    pub fn same_kind(&self, other: &Self) -> bool {
        self.is_relative() == other.is_relative()
    }

    /// Reads a smallest change, whose step needs no sign: `1ns`, `+1ns`, `2%`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse_min_change(text: &str) -> Result<Self, InvalidLimit> {
        let bare = text.trim();
        if bare.starts_with('+') || bare.ends_with('%') {
            return bare.parse();
        }
        let Amount { value, unit } = Amount::parse(bare, r#"write a smallest change such as "1ns", "2%" or "3""#)?;
        Ok(Self::Step { value, unit })
    }
}

impl FromStr for Limit {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let name = shown(&text.into());
        let bare = text.trim();
        if bare.starts_with(['-', '\u{2212}']) {
            return Err(invalid(
                format!("a limit cannot be negative: `{name}`"),
                r#"write how much worse is too much, such as "5%": which direction is worse is the metric's affair"#,
            ));
        }
        let (step, bare) = bare.strip_prefix('+').map_or((false, bare), |rest| (true, rest.trim_start()));
        let Some((number, rest)) = number(bare) else {
            return Err(invalid(format!("`{name}` is not a limit"), EXAMPLES));
        };
        if rest == "%" {
            return Ok(Self::Relative(number / 100.0));
        }
        let unit = if rest.is_empty() { None } else { Some(known_unit(rest)?) };
        if !step {
            let written = bare.trim_end();
            return Err(match unit {
                None => invalid(
                    format!("the limit `{name}` is neither a share nor a step"),
                    format!("write \"{written}%\" for a share of the baseline, or \"+{written}\" for a step"),
                ),
                Some(_) => invalid(
                    format!("the limit `{name}` lacks the `+` of a step"),
                    format!("write \"+{}\"", shown(&written.into())),
                ),
            });
        }
        Ok(match unit {
            None => Self::Step { value: number, unit: None },
            Some((factor, unit)) => Self::Step { value: to_base(number, factor), unit: Some(unit) },
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relative(share) => {
                let percent = shortest(share * 100.0, |p| (p / 100.0).total_cmp(share).is_eq());
                write!(f, "{}%", percent.unwrap_or_else(|| format!("{:e}", share * 100.0)))
            }
            Self::Step { value, unit } => write!(f, "+{}", Amount { value: *value, unit: unit.clone() }),
        }
    }
}

impl Amount {
    /// The value in the unit of a series; `None` where it is in another one. A share is that many hundredths of `%`.
    pub fn in_unit(&self, unit: &Unit) -> Option<f64> {
        match &self.unit {
            None => Some(self.value),
            Some(own) if own == unit => Some(self.value),
            Some(Unit::One) if unit.symbol() == "%" => Some(self.value * 100.0),
            Some(_) => None,
        }
    }

    fn parse(text: &str, help: &str) -> Result<Self, InvalidLimit> {
        let name = shown(&text.into());
        let bare = text.trim();
        if bare.starts_with(['-', '\u{2212}']) {
            return Err(invalid(format!("the value cannot be negative: `{name}`"), help));
        }
        if bare.starts_with('+') {
            return Err(invalid(format!("a budget is a value, not a step: `{name}`"), "leave the `+` out"));
        }
        let Some((number, rest)) = number(bare) else {
            return Err(invalid(format!("`{name}` is not a value"), help));
        };
        if rest.is_empty() {
            return Ok(Self { value: number, unit: None });
        }
        if rest == "%" {
            return Ok(Self { value: number / 100.0, unit: Some(Unit::One) });
        }
        let (factor, unit) = known_unit(rest)?;
        Ok(Self { value: to_base(number, factor), unit: Some(unit) })
    }
}

impl FromStr for Amount {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        Self::parse(text, AMOUNTS)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        let plain = || shortest(value, |v| v.total_cmp(&value).is_eq()).unwrap_or_else(|| format!("{value:e}"));
        // A larger unit is used only where the number in it is short and reads back exactly.
        let scales: &[(f64, &str)] = match &self.unit {
            None => return f.write_str(&plain()),
            Some(Unit::Second) if value > 0.0 => &[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps")],
            Some(Unit::Byte) if value > 0.0 => {
                &[(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1024.0, "KiB"), (1.0, "B")]
            }
            Some(Unit::BytePerSecond) if value > 0.0 => &[(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s")],
            Some(_) => &[],
        };
        for (factor, suffix) in scales {
            let scaled = value / factor;
            let Some(text) = shortest(scaled, |v| to_base(v, *factor).total_cmp(&value).is_eq()) else { continue };
            if scaled >= 0.999 && text.len() <= 8 {
                return write!(f, "{text}{suffix}");
            }
        }
        let symbol = self.unit.as_ref().map_or("", Unit::symbol);
        let space = if symbol.starts_with(|c: char| c.is_ascii_digit()) { " " } else { "" };
        write!(f, "{}{space}{symbol}", plain())
    }
}

/// The finite number that a text starts with, and the rest without spaces around it.
fn number(text: &str) -> Option<(f64, &str)> {
    let plain = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let exponent = text.get(plain..).and_then(|rest| {
        let after = rest.strip_prefix(['e', 'E'])?;
        let digits = after.strip_prefix(['+', '-']).unwrap_or(after);
        let count = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        (count > 0).then(|| rest.len() - digits.len() + count)
    });
    let (number, rest) = text.split_at_checked(plain + exponent.unwrap_or(0))?;
    let number: f64 = number.parse().ok()?;
    number.is_finite().then_some((number, rest.trim()))
}

/// The factor to base and the base unit of a unit that perfgate knows.
fn known_unit(text: &str) -> Result<(f64, Unit), InvalidLimit> {
    let parsed = unit::parse(text);
    match parsed.unit {
        Unit::Other(_) => Err(invalid(
            format!("unknown unit `{}`", shown(&text.into())),
            "use a unit such as ns, µs, ms, s, B, KiB, MiB, MB/s or 1/s, or none for the metric's own",
        )),
        unit => Ok((parsed.factor, unit)),
    }
}

/// A number of units in base units, correctly rounded: `0.3ns` is exactly the number 3e-10.
fn to_base(number: f64, factor: f64) -> f64 {
    if factor < 1.0 { number / (1.0 / factor).round() } else { number * factor }
}

/// The shortest decimal near a number that `same` accepts.
fn shortest(near: f64, same: impl Fn(f64) -> bool) -> Option<String> {
    (0..=12).map(|digits| format!("{near:.digits$}")).find(|text| text.parse().is_ok_and(&same))
}

#[cfg(test)]
mod schema {
    use super::{Amount, Limit};
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use std::borrow::Cow;

    const NUMBER: &str = r"[0-9.]+([eE][+-]?[0-9]+)?";

    impl JsonSchema for Limit {
        fn schema_name() -> Cow<'static, str> {
            "Limit".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A share of the baseline, or a step with or without a unit.",
                "type": "string",
                "pattern": format!(r"^\s*(\+?\s*{NUMBER}\s*%|\+\s*{NUMBER}[^%]*)\s*$"),
                "examples": ["5%", "+3", "+2ms", "+1MiB"],
            })
        }
    }

    impl JsonSchema for Amount {
        fn schema_name() -> Cow<'static, str> {
            "Amount".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A value with or without a unit, or a share.",
                "type": "string",
                "pattern": format!(r"^\s*{NUMBER}([^%]*|\s*%\s*)$"),
                "examples": ["10ns", "1.5MiB", "95%", "3"],
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(value: f64, unit: Unit) -> Limit {
        Limit::Step { value, unit: Some(unit) }
    }

    #[test]
    fn limits_as_people_write_them() {
        let cases = [
            ("5%", Limit::Relative(0.05), "5%"),
            (" 5 % ", Limit::Relative(0.05), "5%"),
            ("0.5%", Limit::Relative(0.005), "0.5%"),
            ("+7%", Limit::Relative(0.07), "7%"),
            ("0%", Limit::Relative(0.0), "0%"),
            ("+3", Limit::Step { value: 3.0, unit: None }, "+3"),
            ("+0", Limit::Step { value: 0.0, unit: None }, "+0"),
            ("+2ms", step(0.002, Unit::Second), "+2ms"),
            ("+0.3 ns", step(3e-10, Unit::Second), "+300ps"),
            ("+1MiB", step(1_048_576.0, Unit::Byte), "+1MiB"),
            ("+1.5MB", step(1.5e6, Unit::Byte), "+1500000B"),
            ("+10MB/s", step(1e7, Unit::BytePerSecond), "+10MB/s"),
            ("+1e3 allocs", step(1000.0, Unit::One), "+1000 1"),
            ("+1e-15s", step(1e-15, Unit::Second), "+1e-15s"),
        ];
        for (text, expected, written) in cases {
            assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
            assert_eq!(expected.to_string(), written);
            assert_eq!(written.parse(), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_is_no_limit_says_what_to_write() {
        let cases = [
            ("10", r#""10%" for a share"#),
            ("10", r#""+10" for a step"#),
            ("2ms", r#"write "+2ms""#),
            ("-5%", "negative"),
            ("\u{2212}5%", "negative"),
            ("", "not a limit"),
            ("%", "not a limit"),
            ("5%%", "unknown unit"),
            ("+2mss", "unknown unit `mss`"),
            ("inf%", "not a limit"),
            ("1e999%", "not a limit"),
            ("1.2.3%", "not a limit"),
            ("0,5%", "unknown unit"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Limit>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn amounts_and_smallest_changes() {
        assert_eq!("10ns".parse(), Ok(Amount { value: 1e-8, unit: Some(Unit::Second) }));
        assert_eq!("3".parse(), Ok(Amount { value: 3.0, unit: None }));
        for wrong in ["+5%", "+5ns", "-5ns", "fast", "5 parsecs", "5 %%"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
        let share: Amount = " 95 % ".parse().unwrap();
        assert_eq!(share, Amount { value: 0.95, unit: Some(Unit::One) });
        let units = [Unit::One, Unit::from_symbol("%"), Unit::Second];
        assert_eq!(units.map(|unit| share.in_unit(&unit)), [Some(0.95), Some(95.0), None]);
        assert_eq!(Limit::parse_min_change("0.3ns"), Ok(step(3e-10, Unit::Second)));
        assert_eq!(Limit::parse_min_change("+1ns"), Ok(step(1e-9, Unit::Second)));
        assert_eq!(Limit::parse_min_change("2%"), Ok(Limit::Relative(0.02)));
        assert!(Limit::parse_min_change("-1ns").is_err());
    }

    #[test]
    fn only_limits_of_one_kind_compare() {
        let limit = |text: &str| text.parse::<Limit>().unwrap();
        assert_eq!(limit("5%").compare(&limit("10%")), Some(Ordering::Less));
        assert_eq!(limit("+2ms").compare(&limit("+1s")), Some(Ordering::Less));
        assert_eq!(limit("+2ms").compare(&limit("+1")), None);
        assert_eq!(limit("5%").compare(&limit("+1")), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(value in 0.0..1e9_f64, exponent in -15..12_i32, kind in 0..5_usize) {
            let value = value * 10_f64.powi(exponent);
            let unit = [None, Some(Unit::Second), Some(Unit::Byte), Some(Unit::PerSecond), Some(Unit::One)][kind].clone();
            let limit = Limit::Step { value, unit };
            let Limit::Step { value: read, .. } = limit.to_string().parse::<Limit>().unwrap() else { panic!("{limit}") };
            assert!((read - value).abs() <= value * 1e-15, "{limit}");
            let share = Limit::Relative(value);
            let Limit::Relative(read) = share.to_string().parse::<Limit>().unwrap() else { panic!("{share}") };
            assert!((read - value).abs() <= value * 1e-15, "{share}");
        }
    }
}
