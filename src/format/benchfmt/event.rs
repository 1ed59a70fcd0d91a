//! Events of `go test -json`, after <https://pkg.go.dev/cmd/test2json> (Go 1.27) and `go help buildjson`.
//!
//! Here because text is only text if it holds no events.
//!
//! Not here: putting output together (`go_json`).

use std::borrow::Cow;

use serde::Deserialize;

const ACTIONS: [&str; 13] = [
    "start",
    "run",
    "pause",
    "cont",
    "pass",
    "bench",
    "fail",
    "output",
    "skip",
    "attr",
    "artifacts",
    "build-output",
    "build-fail",
];

/// An event. What it lacks is empty.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::format) struct Event<'a> {
    /// What happened, one of the known actions.
    #[serde(borrow)]
    pub(in crate::format) action: Cow<'a, str>,
    /// When, in RFC 3339.
    #[serde(borrow, default)]
    pub(in crate::format) time: Cow<'a, str>,
    /// The package.
    #[serde(borrow, default)]
    pub(in crate::format) package: Cow<'a, str>,
    /// The package of a build event.
    #[serde(borrow, default)]
    pub(in crate::format) import_path: Cow<'a, str>,
    /// The test or benchmark. With output it may be one that ended before.
    #[serde(borrow, default)]
    pub(in crate::format) test: Cow<'a, str>,
    /// A piece of the output.
    #[serde(borrow, default)]
    pub(in crate::format) output: Cow<'a, str>,
    /// The import path of the build that made the package fail.
    #[serde(borrow, default)]
    pub(in crate::format) failed_build: Cow<'a, str>,
}

impl<'a> Event<'a> {
    /// The event in a line, if there is one.
    pub(in crate::format) fn of(line: &'a str) -> Option<Self> {
        if !line.trim_start().starts_with('{') {
            return None;
        }
        let event: Self = serde_json::from_str(line).ok()?;
        ACTIONS.contains(&&*event.action).then_some(event)
    }

    /// Whether a line is an event beyond doubt. Other streams have an `Action` as well; the rest tells them apart.
    pub(in crate::format) fn is_in(line: &'a str) -> bool {
        line.contains("\"Action\"")
            && Self::of(line).is_some_and(|event| {
                !(event.package.is_empty() && event.output.is_empty() && event.import_path.is_empty())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_go_and_of_others() {
        assert!(Event::is_in(r#"{"Time":"2026-11-21T08:19:32Z","Action":"start","Package":"x"}"#));
        assert!(Event::is_in(r#"{"Action":"output","Output":"PASS\n"}"#));
        assert!(!Event::is_in(r#"{"Type":"container","Action":"start","Actor":{"ID":"1"}}"#));
        assert!(!Event::is_in(r#"{"Action":"buy","Package":"x"}"#));
        assert!(!Event::is_in(r#"["Action"]"#));
    }
}
