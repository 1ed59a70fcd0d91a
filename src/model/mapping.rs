//! A format that a user describes: where in a JSON or CSV document the results are, and what they mean.
//!
//! `[[format]]` in perfgate.toml makes a [`Mapping`] (`config`), and `format` reads documents by it.
//!
//! Not here: reading documents.

use std::fmt;
use std::str::FromStr;

use super::{Better, MetricId, Statistic};

/// A format that a user describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// What the format is called with `--input-format`, and the tool in reports.
    pub name: String,
    /// Where the records are; of a CSV document, its rows.
    pub records: DocumentPath,
    /// The benchmark's name, with `{field}` for a field of the record and `{1}` for what the first `*` of the path to it stands for.
    pub benchmark: String,
    /// What is read of each record.
    pub metrics: Vec<MappedMetric>,
}

/// One number of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct MappedMetric {
    /// The metric it is of.
    pub name: MetricId,
    /// Where it is in the record: a number, or a list of samples.
    pub value: DocumentPath,
    /// Its unit, as a tool would write it: `ms`, `MB/s`, `%`.
    pub unit: String,
    /// The good direction, where the unit does not tell.
    pub better: Option<Better>,
    /// What of the metric it is.
    pub part: MappedPart,
}

/// What a number is of its series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MappedPart {
    /// The value itself, or all samples.
    #[default]
    Value,
    /// One statistic of samples that are not in the document.
    Statistic(Statistic),
    /// Their standard deviation.
    Deviation,
}

impl MappedPart {
    /// The part that a word of perfgate.toml means.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "value" => Some(Self::Value),
            "stddev" => Some(Self::Deviation),
            other => Statistic::from_name(other).map(Self::Statistic),
        }
    }

    /// The word of perfgate.toml.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Statistic(statistic) => statistic.as_str(),
            Self::Deviation => "stddev",
        }
    }
}

/// One step on the way into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// The value of a key.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
    /// Every value of an object and every element of a list.
    Any,
}

/// A way into a document: `benchmarks.*.runs[0]`, with quotes around a key that holds dots or brackets; empty for the
/// document itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentPath(pub Vec<PathStep>);

impl FromStr for DocumentPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        let mut after_dot = false;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (index, behind) = inner.split_once(']').ok_or_else(|| format!("`{rest}` lacks its `]`"))?;
                steps.push(match index.trim() {
                    "" | "*" => PathStep::Any,
                    number => PathStep::Index(number.parse().map_err(|_| format!("`[{number}]` is no index"))?),
                });
                rest = behind;
            } else if let Some(inner) = rest.strip_prefix('"') {
                let (key, behind) = inner.split_once('"').ok_or_else(|| format!("`{rest}` lacks its closing quote"))?;
                steps.push(PathStep::Key(key.to_owned()));
                rest = behind;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, behind) = rest.split_at(end);
                match key.trim() {
                    "" => return Err("a key is empty".to_owned()),
                    "*" => steps.push(PathStep::Any),
                    key => steps.push(PathStep::Key(key.to_owned())),
                }
                rest = behind;
            }
            after_dot = rest.starts_with('.');
            if after_dot {
                rest = rest.get(1..).unwrap_or("");
            } else if !rest.is_empty() && !rest.starts_with('[') {
                return Err(format!("a dot is missing before `{rest}`"));
            }
        }
        if after_dot { Err("it ends in a dot".to_owned()) } else { Ok(Self(steps)) }
    }
}

impl fmt::Display for DocumentPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            let dot = if i > 0 { "." } else { "" };
            match step {
                PathStep::Key(key) if key.is_empty() || key == "*" || key.contains(['.', '[', ']', ' ']) => {
                    write!(out, "{dot}\"{key}\"")?;
                }
                PathStep::Key(key) => write!(out, "{dot}{key}")?,
                PathStep::Index(index) => write!(out, "[{index}]")?,
                PathStep::Any => write!(out, "{dot}*")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_written() {
        let read = |text: &str| text.parse::<DocumentPath>();
        for (text, written) in [
            ("", ""),
            ("a", "a"),
            ("a.b.*", "a.b.*"),
            ("a[].b[0]", "a.*.b[0]"),
            ("[*].x", "*.x"),
            ("\"a.b\".c", "\"a.b\".c"),
            ("Avg Time (ms)", "\"Avg Time (ms)\""),
        ] {
            let path = read(text).unwrap();
            assert_eq!(path.to_string(), written, "{text}");
            assert_eq!(read(written).unwrap(), path, "{text}");
        }
        for wrong in ["a.", ".a", "a..b", "a[", "a[x]", "\"a", "\"a\"b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
