//! TOML into typed values, each with the place it was set at, and every mistake of a file in one go.
//!
//! A table is declared once with [`table!`]: the macro makes the struct, its reader, its list of known keys and, in
//! tests, its JSON schema, so the four cannot differ. A value that cannot be used is reported and left out; the rest is
//! still read.
//!
//! Not here: the tables themselves (`tables`), and what their values mean together (`layers`).

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::limit::{Amount, InvalidLimit, Limit};
use super::pattern::Pattern;
use super::words::{Counted, Evidence, FailOn, Inconclusive};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::mapping::{DocumentPath, MappedPart};
use crate::model::{Better, MetricId, Statistic};
use crate::text::{Untrusted, shown};

/// A value, and where it was set.
#[derive(Clone, Debug)]
pub(super) struct Set<T> {
    /// The value.
    pub(super) value: T,
    /// Where, for people: `perfgate.toml:12`, `--fail`, `PERFGATE_FAIL`, `default`.
    pub(super) origin: Untrusted,
    /// The place in the file, if it is a file's.
    pub(super) at: Option<Location>,
}

impl<T> Set<T> {
    /// A value that no file sets.
    pub(super) fn by(value: T, origin: &str) -> Self {
        Self { value, origin: origin.into(), at: None }
    }
}

/// Equal values are equal wherever they were set.
impl<T: PartialEq> PartialEq for Set<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A file that is being read.
pub(super) struct Reading<'a> {
    /// Its name; `None` for the built-in defaults.
    pub(super) name: Option<&'a Untrusted>,
    /// Its text.
    pub(super) text: &'a str,
    /// Where mistakes go.
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl Reading<'_> {
    /// A place in the file.
    pub(super) fn location(&self, span: Range<usize>, path: &str) -> Location {
        let name = self.name.cloned().unwrap_or_else(|| "default".into());
        let location = Location::span(name, self.text, span.start, span.len());
        if path.is_empty() { location } else { location.at(path) }
    }

    /// Wraps a value with the place it was set at.
    fn set<T>(&self, value: T, span: Range<usize>, path: &str) -> Set<T> {
        let Some(name) = self.name else { return Set::by(value, "default") };
        let at = self.location(span, path);
        let origin = format!("{}:{}", name.raw(), at.line.unwrap_or(1)).into();
        Set { value, origin, at: Some(at) }
    }

    /// Reads the value of a key. A mistake in it is reported, and it counts as not set.
    pub(super) fn value<T: Value>(&mut self, path: &str, value: &Spanned<DeValue<'_>>) -> Option<Set<T>> {
        match T::read(self, path, value) {
            Ok(read) => Some(self.set(read, value.span(), path)),
            Err(problem) => {
                let mut diagnostic =
                    Diagnostic::new(problem.code, problem.message).at(self.location(value.span(), path));
                diagnostic.help.extend(problem.help);
                self.diagnostics.push(diagnostic);
                None
            }
        }
    }
}

/// Why a value cannot be used.
pub(super) struct Problem {
    code: Code,
    message: String,
    help: Option<String>,
}

impl Problem {
    /// A value of another kind or form than its key needs.
    fn new(message: impl Into<String>, help: Option<String>) -> Self {
        Self { code: Code::InvalidConfig, message: message.into(), help }
    }

    /// A value of another type than its key needs.
    fn expected(expected: &str, found: &DeValue<'_>) -> Self {
        let found = match found {
            DeValue::String(text) => format!("the string `{}`", shown(&text.as_ref().into())),
            DeValue::Integer(_) => "an integer".to_owned(),
            DeValue::Float(_) => "a number".to_owned(),
            DeValue::Boolean(flag) => format!("`{flag}`"),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "an array".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        Self::new(format!("expected {expected}, found {found}"), None)
    }
}

impl From<InvalidLimit> for Problem {
    fn from(invalid: InvalidLimit) -> Self {
        Self { code: Code::InvalidLimit, message: invalid.message, help: Some(invalid.help) }
    }
}

/// What can be the value of a key.
pub(super) trait Value: Sized {
    /// Reads it; `path` is for messages.
    fn read(reading: &mut Reading<'_>, path: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem>;
}

/// A table whose values can be put over those of another one.
pub(super) trait Layer {
    /// Its own values where it has them, else those of `base`.
    fn or(self, base: Self) -> Self;
}

/// Declares a table of the file: `field "key": Type`.
macro_rules! table {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident $key:literal : $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[cfg_attr(test, schemars(deny_unknown_fields))]
        pub(super) struct $name {
            $($(#[$field_meta])* #[cfg_attr(test, schemars(rename = $key))] pub(super) $field: Option<Set<$type>>),*
        }

        impl $name {
            /// Every key it knows, in the order of the documentation.
            pub(super) const KEYS: &'static [&'static str] = &[$($key),*];

            /// Reads it; `title` is its name in messages, empty for the whole file.
            pub(super) fn read(reading: &mut Reading<'_>, title: &str, table: &DeTable<'_>) -> Self {
                let mut read = Self::default();
                for (key, value) in in_order(table) {
                    let path = if title.is_empty() { key.get_ref().to_string() } else { format!("{title} {}", key.get_ref()) };
                    match key.get_ref().as_ref() {
                        $($key => read.$field = reading.value(&path, value),)*
                        _ => $crate::config::keys::unknown(reading, title, Self::KEYS, key, value),
                    }
                }
                read
            }
        }

        impl Layer for $name {
            fn or(self, base: Self) -> Self {
                Self { $($field: self.$field.or(base.$field)),* }
            }
        }
    };
}
pub(super) use table;

/// The entries of a table in the order of the file; the parser orders them by key.
pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<toml::de::DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The text of a string value that is not blank.
fn string<'v>(expected: &str, value: &'v Spanned<DeValue<'_>>) -> Result<&'v str, Problem> {
    match value.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => {
            Err(Problem::new(format!("expected {expected}, found an empty string"), None))
        }
        DeValue::String(text) => Ok(text),
        other => Err(Problem::expected(expected, other)),
    }
}

/// The text of a limit. A bare number is a common mistake, so the message proposes what it may have meant.
fn limit_text<'v>(
    value: &'v Spanned<DeValue<'_>>,
    proposal: impl Fn(&str) -> String,
    expected: &str,
) -> Result<&'v str, Problem> {
    let number = match value.get_ref() {
        DeValue::Integer(number) => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        DeValue::String(text) => return Ok(text),
        other => return Err(Problem { code: Code::InvalidLimit, ..Problem::expected(expected, other) }),
    };
    let found = Problem::expected(expected, value.get_ref()).message;
    let help = number.parse::<f64>().is_ok_and(|n| n >= 0.0).then(|| proposal(number));
    Err(Problem { code: Code::InvalidLimit, message: found, help })
}

impl Value for Limit {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let proposal = |n: &str| match n.parse::<f64>() {
            // 0.05 is how other tools write 5 %.
            Ok(share) if share > 0.0 && share < 1.0 => format!("write \"{}\"", Self::Relative(share)),
            _ => format!("write \"{n}%\" for a share of the baseline, or \"+{n}\" for a step"),
        };
        Ok(limit_text(value, proposal, "a limit such as \"5%\"")?.parse()?)
    }
}

/// A limit whose step needs no sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MinChange(pub(super) Limit);

impl Value for MinChange {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let text = limit_text(value, |n| format!("put it in quotes: \"{n}\""), "a smallest change such as \"1ns\"")?;
        Ok(Self(Limit::parse_min_change(text)?))
    }
}

impl Value for Amount {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let text = limit_text(value, |n| format!("put it in quotes: \"{n}\""), "a value such as \"10ns\"")?;
        Ok(text.parse()?)
    }
}

impl Value for String {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        Ok(string("a string", value)?.to_owned())
    }
}

impl Value for Untrusted {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        Ok(string("a string", value)?.into())
    }
}

impl Value for MetricId {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        Ok(Self::new(string("the name of a metric such as \"time\"", value)?))
    }
}

impl Value for DocumentPath {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let help = || Some("write it like benchmarks.*.runs[0]; a key with a dot in quotes".to_owned());
        let DeValue::String(text) = value.get_ref() else {
            return Err(Problem::expected("a path into the document such as \"benchmarks.*\"", value.get_ref()));
        };
        text.parse()
            .map_err(|why: String| Problem::new(format!("no path into a document: {}", shown(&why.into())), help()))
    }
}

impl Value for MappedPart {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let names: Vec<&str> =
            ["value", "stddev"].into_iter().chain(Statistic::ALL.iter().map(|s| s.as_str())).collect();
        word(value, &names, Self::from_name)
    }
}

impl Value for Pattern {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        Ok(Self::new(string("a glob on benchmark names such as \"parse/**\"", value)?))
    }
}

impl Value for bool {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        value.get_ref().as_bool().ok_or_else(|| Problem::expected("`true` or `false`", value.get_ref()))
    }
}

impl Value for Vec<String> {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        const EXPECTED: &str = "an array of strings";
        let Some(items) = value.get_ref().as_array() else {
            let mut problem = Problem::expected(EXPECTED, value.get_ref());
            problem.help = value.get_ref().as_str().map(|text| format!("write [\"{}\"]", shown(&text.into())));
            return Err(problem);
        };
        items.iter().map(|item| Ok(string("a string in the array", item)?.to_owned())).collect()
    }
}

impl Value for jiff::civil::Date {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        const EXPECTED: &str = "a date such as 2027-01-31";
        let problem = || Problem::expected(EXPECTED, value.get_ref());
        match value.get_ref() {
            DeValue::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
                let (year, month, day) = (i16::try_from(date.year), i8::try_from(date.month), i8::try_from(date.day));
                let (Ok(year), Ok(month), Ok(day)) = (year, month, day) else { return Err(problem()) };
                Self::new(year, month, day).map_err(|_| Problem::new("there is no such day", None))
            }
            DeValue::Datetime(_) => {
                Err(Problem::new(format!("expected {EXPECTED}, found a time"), Some("write the day alone".to_owned())))
            }
            // Only the written-out form: jiff would also read times and abbreviated forms.
            DeValue::String(text) if text.len() == "2027-01-31".len() => text.parse().map_err(|_| problem()),
            _ => Err(problem()),
        }
    }
}

/// Reads one of the words that a key takes.
fn word<T>(value: &Spanned<DeValue<'_>>, names: &[&str], from_name: impl Fn(&str) -> Option<T>) -> Result<T, Problem> {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let expected = quoted.split_last().map_or(String::new(), |(last, rest)| format!("{} or {last}", rest.join(", ")));
    let text = string(&expected, value)?;
    from_name(text).ok_or_else(|| {
        let meant = match text.to_lowercase().as_str() {
            "p50" => "median".to_owned(),
            "ignore" => "pass".to_owned(),
            "pass" => "ignore".to_owned(),
            other => other.to_owned(),
        };
        let nearest = super::keys::nearest(&meant, names);
        let help = nearest.map(|name| format!("did you mean \"{name}\"?"));
        Problem { help, ..Problem::expected(&expected, value.get_ref()) }
    })
}

macro_rules! word_values {
    ($($name:ident)*) => { $(
        impl Value for $name {
            fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
                word(value, Self::NAMES, Self::from_name)
            }
        }
    )* };
}
word_values!(Evidence FailOn Counted Inconclusive);

impl Value for Better {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        word(value, &["lower", "higher"], |name| match name {
            "lower" => Some(Self::Lower),
            "higher" => Some(Self::Higher),
            _ => None,
        })
    }
}

/// A statistic, or `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen(pub(super) Option<Statistic>);

impl Chosen {
    /// The word in files.
    pub(super) fn as_str(self) -> &'static str {
        self.0.map_or("auto", Statistic::as_str)
    }
}

impl Value for Chosen {
    fn read(_: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let names: Vec<&str> = std::iter::once("auto").chain(Statistic::ALL.map(Statistic::as_str)).collect();
        word(value, &names, |name| match name {
            "auto" => Some(Self(None)),
            _ => Statistic::from_name(name).map(|statistic| Self(Some(statistic))),
        })
    }
}

/// A table with known keys.
pub(super) trait Table: Sized {
    /// Its name in messages: `[gate]`, `[[rule]]`.
    const TITLE: &'static str;
    /// Reads it.
    fn read_table(reading: &mut Reading<'_>, title: &str, table: &Spanned<DeValue<'_>>, content: &DeTable<'_>) -> Self;
}

impl<T: Table> Value for T {
    fn read(reading: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(T::read_table(reading, T::TITLE, value, table)),
            other => {
                let brackets = || format!("write the header once, with one pair of brackets: {}", T::TITLE);
                let help = (other.is_array() && !T::TITLE.starts_with("[[")).then(brackets);
                Err(Problem { help, ..Problem::expected(&format!("the table {}", T::TITLE), other) })
            }
        }
    }
}

impl<T: Table> Value for Vec<Set<T>> {
    fn read(reading: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let expected = format!("{} entries", T::TITLE);
        let Some(items) = value.get_ref().as_array() else {
            let help = value.get_ref().is_table().then(|| format!("write the header with two brackets: {}", T::TITLE));
            return Err(Problem { help, ..Problem::expected(&expected, value.get_ref()) });
        };
        Ok(items.iter().filter_map(|item| reading.value::<T>(T::TITLE, item)).collect())
    }
}

impl<T: Table> Value for BTreeMap<String, Set<T>> {
    fn read(reading: &mut Reading<'_>, _: &str, value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let Some(table) = value.get_ref().as_table() else {
            return Err(Problem::expected("tables such as [metrics.time]", value.get_ref()));
        };
        let mut read = Self::new();
        for (key, entry) in in_order(table) {
            let name = key.get_ref().to_string();
            let title = format!("[metrics.{}]", super::show::key(&name));
            if let Some(content) = entry.get_ref().as_table() {
                let table = T::read_table(reading, &title, entry, content);
                let set = reading.set(table, entry.span(), &title);
                read.insert(name, set);
            } else {
                let found = Problem::expected(&format!("the table {title}"), entry.get_ref()).message;
                let help = super::keys::metric_key(&name).map(|key| {
                    format!("`{key}` belongs under the name of a metric, as in [metrics.time], or in [gate]")
                });
                let mut diagnostic =
                    Diagnostic::new(Code::InvalidConfig, found).at(reading.location(entry.span(), "[metrics]"));
                diagnostic.help.extend(help);
                reading.diagnostics.push(diagnostic);
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod schema {
    use super::{Chosen, MinChange, Pattern, Set};
    use crate::model::Statistic;
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use std::borrow::Cow;

    impl<T: JsonSchema> JsonSchema for Set<T> {
        fn inline_schema() -> bool {
            T::inline_schema()
        }

        fn schema_name() -> Cow<'static, str> {
            T::schema_name()
        }

        fn schema_id() -> Cow<'static, str> {
            T::schema_id()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            T::json_schema(generator)
        }
    }

    impl JsonSchema for MinChange {
        fn schema_name() -> Cow<'static, str> {
            "MinChange".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A share of the baseline, or an absolute change with or without a unit.",
                "type": "string",
                "pattern": r"^\s*\+?\s*[0-9.]+([eE][+-]?[0-9]+)?",
                "examples": ["1ns", "2%", "3"],
            })
        }
    }

    impl JsonSchema for Pattern {
        fn schema_name() -> Cow<'static, str> {
            "Pattern".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A glob on benchmark names: `*` stops at `/`, `**` does not; brackets are literal.",
                "type": "string",
                "minLength": 1,
            })
        }
    }

    impl JsonSchema for Chosen {
        fn schema_name() -> Cow<'static, str> {
            "Statistic".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let names: Vec<&str> = std::iter::once("auto").chain(Statistic::ALL.map(Statistic::as_str)).collect();
            json_schema!({ "type": "string", "enum": names })
        }
    }
}
