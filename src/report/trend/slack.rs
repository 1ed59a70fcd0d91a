//! The Slack message of a nightly job, in Block Kit.
//!
//! A header, one section with the worst regressions, and a line of links. Slack takes 150 characters of a header and 3 000 of
//! a section (docs.slack.dev, "Block Kit: blocks"), so regressions are left out from the end, saying how many. No buttons:
//! they need an application that answers.
//!
//! Not here: sending it (`forge::slack`).

use serde_json::{Value, json};

use super::super::wording::PLAIN;
use super::issue::{Alert, listed};
use super::{Names, change_said, limit_said};
use crate::model::alert::News;
use crate::model::trend::Change;
use crate::text;

/// Characters of a header.
const HEADER: usize = 150;
/// Characters of a section, with room for the line about what is left out.
const SECTION: usize = 2900;
/// Regressions that are listed.
const MOST_CHANGES: usize = 10;
/// Characters of a name.
const MOST_CHARACTERS: usize = 120;

/// The message, where tonight is worth one. `project` is what the repository is called, `issue` the issue's page.
pub fn message(alert: &Alert<'_>, project: &str, issue: Option<&str>) -> Option<Value> {
    let state = &alert.plan.state;
    let news = alert.plan.news.as_ref()?;
    let said = match news {
        News::Worse(ids) => format!("{} more of {}", ids.len(), alert.headline()),
        News::NoData => format!("no results ({})", alert.headline()),
        News::Opened | News::Back | News::Recovered => alert.headline(),
    };
    let header = text::truncate(&format!("perfgate: {said}"), HEADER).into_owned();
    let mut facts = vec![format!("*{}*", text::slack(&text::truncate(project, MOST_CHARACTERS)))];
    facts.push(text::slack_code(alert.testbed.raw(), MOST_CHARACTERS));
    let bad = state.first_bad.as_deref().filter(|_| !state.members.is_empty());
    facts.extend(bad.map(|c| format!("first bad {}", text::slack_code(c.get(..10).unwrap_or(c), MOST_CHARACTERS))));
    let mut section = facts.join(" · ");
    let wanted = |change: &Change| {
        let id = (alert.id)(change);
        match news {
            News::Worse(ids) => ids.contains(&id),
            News::Opened | News::Back => state.members.contains_key(&id),
            News::Recovered | News::NoData => false,
        }
    };
    let changes = listed(alert.trend, &wanted);
    let names = Names::new(alert.trend);
    let mut shown = 0;
    for change in changes.iter().take(MOST_CHANGES) {
        let line = line(change, &names);
        if section.chars().count() + line.chars().count() > SECTION {
            break;
        }
        section.push_str(&line);
        shown += 1;
    }
    if shown < changes.len() {
        section.push_str(&format!("\n…and {} more", changes.len() - shown));
    }
    let mut links = Vec::new();
    let mut link = |address: Option<&str>, name: &str| {
        // An address that could end the link is left out.
        let address =
            address.filter(|address| address.starts_with("http") && !address.contains(['<', '>', '|', ' ', '\n']));
        links.extend(address.map(|address| format!("<{}|{name}>", address.replace('&', "&amp;"))));
    };
    link(alert.links.run(), "Run");
    link(issue, "Issue");
    let range = match news {
        News::Recovered => state.last_bad.as_deref().zip(state.first_clean.as_deref()),
        _ => state.last_good.as_deref().zip(state.first_bad.as_deref()),
    };
    let range = range.and_then(|(before, after)| alert.links.compare(&before.into(), &after.into()));
    link(range.as_deref(), "Range");
    let mut blocks = vec![
        json!({ "type": "header", "text": { "type": "plain_text", "text": header } }),
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": section } }),
    ];
    if !links.is_empty() {
        let text = links.join(" · ");
        blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": text }] }));
    }
    // What a notification shows.
    let notice = text::slack(&format!("{header} ({project})"));
    Some(json!({ "text": notice, "blocks": blocks }))
}

fn line(change: &Change, names: &Names<'_>) -> String {
    let limit = limit_said(change, &PLAIN);
    let limit = if limit.is_empty() { limit } else { format!(" (limit {})", text::slack(&limit)) };
    format!(
        "\n• {} {} *{}*{limit}",
        text::slack_code(names.of(change).raw(), MOST_CHARACTERS),
        text::slack_code(change.metric.0.raw(), MOST_CHARACTERS),
        change_said(change, &PLAIN)
    )
}
