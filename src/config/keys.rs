//! What an unknown key was probably meant to be.
//!
//! A key that is ignored can switch a limit off unnoticed, so every unknown one is an error; this makes the error
//! helpful. Proposed are, in this order: the same word in kebab-case, the table where the key is known, the nearest key
//! of this table, the nearest of another one.
//!
//! Not here: what the keys mean (`tables`).

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::reading::Reading;
use super::tables::{
    AcceptTable, BudgetTable, FieldTable, File, FormatTable, GateTable, MetricTable, RenameTable, RuleTable,
};
use crate::diag::{Code, Diagnostic};
use crate::model::Statistic;
use crate::text::shown;

const TOP: &str = "the top of the file";

/// Every table with its keys.
const TABLES: &[(&str, &[&str])] = &[
    (TOP, File::KEYS),
    ("[gate]", GateTable::KEYS),
    ("[metrics.NAME]", MetricTable::KEYS),
    ("[[rule]]", RuleTable::KEYS),
    ("[[budget]]", BudgetTable::KEYS),
    ("[[accept]]", AcceptTable::KEYS),
    ("[[rename]]", RenameTable::KEYS),
    ("[[format]]", FormatTable::KEYS),
    ("[[format.metric]]", FieldTable::KEYS),
];

/// Reports a key that the table `title` does not know.
pub(super) fn unknown(
    reading: &mut Reading<'_>,
    title: &str,
    keys: &[&'static str],
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
) {
    let name = key.get_ref().as_ref();
    let place = if title.is_empty() { TOP } else { title };
    let message = match place {
        TOP => format!("unknown key `{}` at {TOP}", shown(&name.into())),
        _ => format!("unknown key `{}` in {}", shown(&name.into()), shown(&title.into())),
    };
    let mut diagnostic = Diagnostic::new(Code::UnknownKey, message).at(reading.location(key.span(), ""));
    let help = proposal(title, keys, name, value.get_ref().is_table());
    if let Some(help) = help {
        diagnostic.help.push(help);
    } else {
        let of = if place == TOP { "at" } else { "of" };
        diagnostic.notes.push(format!("the keys {of} {} are {}", shown(&place.into()), keys.join(", ")));
    }
    reading.diagnostics.push(diagnostic);
}

fn proposal(title: &str, keys: &[&'static str], name: &str, table: bool) -> Option<String> {
    // `[metrics.time.p95]` without quotes is a table inside a table.
    if let Some(metric) = title.strip_prefix("[metrics.").and_then(|rest| rest.strip_suffix(']'))
        && table
    {
        let full = format!("{}.{name}", metric.trim_matches('"'));
        let what = if Statistic::from_name(name).is_some() { "a fixed statistic" } else { "a name with a dot" };
        return Some(format!("{what} is quoted: [metrics.\"{}\"]", shown(&full.into())));
    }
    let kebab = name.trim().to_lowercase().replace(['_', ' '], "-");
    if let Some(key) = keys.iter().find(|key| **key == kebab) {
        return Some(format!("did you mean `{key}`?"));
    }
    let elsewhere: Vec<&str> = TABLES.iter().filter(|(_, keys)| keys.contains(&kebab.as_str())).map(|t| t.0).collect();
    if let Some((last, rest)) = elsewhere.split_last() {
        let places = if rest.is_empty() { (*last).to_owned() } else { format!("{} or {last}", rest.join(", ")) };
        return Some(match places.as_str() {
            TOP => format!("`{kebab}` belongs at {TOP}, before the first table"),
            places => format!("`{kebab}` belongs in {places}"),
        });
    }
    if let Some(key) = nearest(&kebab, keys) {
        return Some(format!("did you mean `{key}`?"));
    }
    TABLES.iter().find_map(|(place, keys)| {
        let key = nearest(&kebab, keys)?;
        Some(if *place == TOP {
            format!("did you mean `{key}`, at {TOP}?")
        } else {
            format!("did you mean `{key}` of {place}?")
        })
    })
}

/// The name that a misspelled one was probably meant to be.
pub(super) fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let most = (name.chars().count() / 3).clamp(1, 3);
    let (distance, found) = names.iter().map(|known| (strsim::osa_distance(name, known), *known)).min()?;
    if distance <= most {
        return Some(found);
    }
    // `bench` for `benchmark`, `min` for `min-change`.
    let shortened = |known: &&&str| name.len() >= 3 && known.starts_with(name);
    names.iter().copied().find(|known| shortened(&known))
}

/// The key of [metrics.NAME] that a name is, in any case of letters.
pub(super) fn metric_key(name: &str) -> Option<&'static str> {
    let kebab = name.to_lowercase().replace('_', "-");
    MetricTable::KEYS.iter().copied().find(|key| *key == kebab)
}
