//! The tracking issue of a nightly job: its title, its text, and the comments under it.
//!
//! Title and first lines are counts and what perfgate knows itself: names of benchmarks stand only further down, in code
//! spans. The text begins with two hidden lines: which issue it is, and what it remembers (`model::alert::State`). Whoever
//! may edit the issue may edit those too, so what is read back is taken only where it has the form that was written.
//!
//! Not here: what is done when (`trend::alert`), and doing it (`forge`, `cli`).

use super::super::links::Links;
use super::super::markdown::COMMENT_BYTES;
use super::super::wording::count;
use super::{Names, markdown};
use crate::model::alert::{CLEAN_NIGHTS, News, Plan, State};
use crate::model::trend::{Change, Event, Grade, Trend};
use crate::text::{self, MAX_SHOWN, Untrusted};

/// Recovered regressions that are named.
const MOST_GONE: usize = 50;
/// Longest name that stands in a title.
const LONGEST_PLAIN: usize = 50;

/// Everything that the texts are made of.
pub struct Alert<'a> {
    /// The history.
    pub trend: &'a Trend,
    /// What is done tonight.
    pub plan: &'a Plan,
    /// The id of a change's series, as the plan names it.
    pub id: &'a dyn Fn(&Change) -> String,
    /// The branch of the history.
    pub branch: Option<&'a Untrusted>,
    /// The class of machines.
    pub testbed: &'a Untrusted,
    /// Where links point.
    pub links: &'a Links,
}

/// The first line of an issue with this key, which must be of `A-Z a-z 0-9 . _ -`.
pub fn marker(key: &str) -> String {
    format!("<!-- perfgate:issue:v1 key={key} -->")
}

const STATE: &str = "<!-- perfgate:state ";
const END: &str = " -->";

/// What an issue of this key remembers; `None` if the text is not of one. A memory that cannot be read is empty.
pub fn state(body: &str, key: &str) -> Option<State> {
    let mut lines = body.lines().map(str::trim_end);
    if lines.next() != Some(marker(key).as_str()) {
        return None;
    }
    let json = lines.next().and_then(|line| line.strip_prefix(STATE)?.strip_suffix(END));
    let mut state: State = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let is_id = |text: &String| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    state.members.retain(|id, grade| is_id(id) && grade.is_over_a_limit());
    state.gone.retain(is_id);
    for commit in [&mut state.first_bad, &mut state.last_good, &mut state.last_bad, &mut state.first_clean] {
        *commit = commit.take().filter(|commit| text::is_commit_id(commit));
    }
    for text in [&mut state.fingerprint, &mut state.seen] {
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') || text.len() > 64 {
            text.clear();
        }
    }
    Some(state)
}

/// The text of a twin that perfgate closes at this time: the same, but it remembers who closed it. `None` if the text is not
/// of an issue of this key.
pub fn closed_twin(body: &str, key: &str, now: i64) -> Option<String> {
    let state = State { closed_at: Some(now), ..state(body, key)? };
    let text: Vec<&str> = body.lines().skip(1).skip_while(|line| line.starts_with(STATE)).collect();
    Some(format!("{}{}", head(key, &state), text.join("\n")))
}

/// The two hidden lines.
fn head(key: &str, state: &State) -> String {
    // Ids and commits are hexadecimal, so nothing in it can end the comment.
    let json = serde_json::to_string(state).unwrap_or_default();
    format!("{}\n{STATE}{json}{END}\n", marker(key))
}

impl Alert<'_> {
    /// The title: counts, branch and testbed, and no name of a benchmark.
    pub fn title(&self) -> String {
        format!("perfgate: {}", self.headline())
    }

    /// `2 regressions on main (linux-x64)`.
    pub(super) fn headline(&self) -> String {
        let state = &self.plan.state;
        let said = match state.members.len() {
            _ if state.closed_at.is_some() => "recovered".to_owned(),
            0 if state.no_data => "no results".to_owned(),
            0 => "no regressions any more".to_owned(),
            n => count(n, "regression"),
        };
        let branch = self.branch.filter(|name| is_plain(name.raw())).map(|name| format!(" on {}", name.raw()));
        let testbed = is_plain(self.testbed.raw()).then(|| format!(" ({})", self.testbed.raw()));
        format!("{said}{}{}", branch.unwrap_or_default(), testbed.unwrap_or_default())
    }

    /// The text of the issue, its hidden lines first.
    pub fn body(&self, key: &str) -> String {
        let state = &self.plan.state;
        let mut out = head(key, state);
        let mark = match state.members.values().min() {
            Some(Grade::Fail) => "🔴",
            Some(_) => "🟡",
            None if state.no_data => "⚪",
            None => "🟢",
        };
        out.push_str(&format!("### {mark} {}\n\n{}\n", self.headline(), self.facts().join(" · ")));
        if state.no_data {
            out.push_str("\n> [!WARNING]\n> The benchmarks have no new results. What is said below is as old as the last ones.\n");
        } else if state.members.is_empty() && state.closed_at.is_none() {
            let clean = state.clean;
            out.push_str(&format!(
                "\nClean {clean} of {CLEAN_NIGHTS}: closed after {CLEAN_NIGHTS} such nights in a row.\n"
            ));
        }
        let foot = self.foot();
        let gone = self.gone();
        let room = COMMENT_BYTES.saturating_sub(out.len() + gone.len() + foot.len());
        out.push_str(&self.events(&|change| state.members.contains_key(&(self.id)(change)), room));
        out.push_str(&gone);
        out.push_str(&foot);
        out
    }

    /// The comment under the issue, where tonight is worth one.
    pub fn comment(&self) -> Option<String> {
        let state = &self.plan.state;
        let run = self.links.run().map_or_else(String::new, |run| format!("\n[The run]({run})\n"));
        let room = COMMENT_BYTES / 2;
        Some(match self.plan.news.as_ref()? {
            News::Opened => return None,
            News::Worse(ids) => {
                let events = self.events(&|change| ids.contains(&(self.id)(change)), room);
                format!("**{} more.**\n{events}{run}", count(ids.len(), "regression"))
            }
            News::Back => {
                let events = self.events(&|change| state.members.contains_key(&(self.id)(change)), room);
                let stands = if state.reopened { "still there" } else { "back" };
                format!("**{}: {stands}.**\n{events}{run}", count(state.members.len(), "regression"))
            }
            News::Recovered => {
                let range = self.range(state.last_bad.as_ref(), state.first_clean.as_ref());
                let range = range.map_or_else(String::new, |range| format!(" Recovered between {range}."));
                format!("**Recovered:** nothing stood in the runs of two nights.{range}\n{run}")
            }
            News::NoData => {
                let newest = super::run_name(self.trend.runs.last());
                let day = super::day(self.trend.runs.last()).map_or_else(String::new, |day| format!(" of {day}"));
                format!(
                    "**No results:** the newest run is still {}{day}. Do the benchmarks fail?\n{run}",
                    self.links.commit(&newest)
                )
            }
        })
    }

    /// What the issue says of itself in one line.
    fn facts(&self) -> Vec<String> {
        let state = &self.plan.state;
        let mut facts = Vec::new();
        if state.nights > 0 {
            facts.push(format!("seen in {}", count(state.nights as usize, "night")));
        }
        let commit = |commit: &Option<String>| commit.as_deref().map(|c| self.links.commit(&c.into()));
        if !state.members.is_empty() {
            facts.extend(commit(&state.first_bad).map(|c| format!("first bad {c}")));
            facts.extend(commit(&state.last_good).map(|c| format!("last good {c}")));
            facts.extend(self.range(state.last_good.as_ref(), state.first_bad.as_ref()));
        }
        if let Some(newest) = self.trend.runs.last() {
            let day = super::day(Some(newest)).map_or_else(String::new, |day| format!(" ({day})"));
            facts.push(format!("newest run {}{day}", self.links.commit(&super::run_name(Some(newest)))));
        }
        facts
    }

    /// What lies between two commits, as a link where that is possible.
    pub(super) fn range(&self, before: Option<&String>, after: Option<&String>) -> Option<String> {
        let (before, after) = (before?, after?);
        self.links.range(&before.as_str().into(), &after.as_str().into())
    }

    /// The changes that are wanted, by event, with their commits.
    fn events(&self, wanted: &dyn Fn(&Change) -> bool, room: usize) -> String {
        let names = Names::new(self.trend);
        let shown = |name: &Untrusted| self.links.commit(name);
        let mut out = String::new();
        let mut left_out = 0;
        for event in &self.trend.events {
            let event = standing(event, wanted);
            if event.changes.is_empty() {
                continue;
            }
            let mut block = markdown::block(self.trend, &event, &names, &shown);
            let commit = |run: usize| self.trend.run(run).and_then(|run| run.commit.as_ref());
            if let (Some(good), Some(bad)) = (commit(event.range.last_good), commit(event.range.first_bad))
                && let Some(range) = self.links.range(good, bad)
            {
                block.push_str(&format!("\nCommits: {range}\n"));
            }
            if left_out > 0 || out.len() + block.len() > room {
                left_out += event.changes.len();
            } else {
                out.push_str(&block);
            }
        }
        if left_out > 0 {
            out.push_str(&format!("\nand {left_out} more, left out for length\n"));
        }
        out
    }

    /// What has recovered, struck out.
    fn gone(&self) -> String {
        let gone = &self.plan.state.gone;
        if gone.is_empty() {
            return String::new();
        }
        let names = Names::new(self.trend);
        let mut named = std::collections::BTreeMap::new();
        for change in self.trend.changes() {
            let id = (self.id)(change);
            if gone.contains(&id) {
                let name = text::markdown_code(names.of(change).raw(), MAX_SHOWN, false);
                let metric = text::markdown_code(change.metric.0.raw(), MAX_SHOWN, false);
                let how = if change.accepted_by.is_some() { ", accepted" } else { "" };
                named.insert(id, format!("- ~~{name} {metric}~~{how}\n"));
            }
        }
        let mut list: String = named.values().take(MOST_GONE).cloned().collect();
        let more = gone.len() - named.len().min(MOST_GONE);
        if more > 0 {
            list.push_str(&format!("- and {more} more\n"));
        }
        format!("\n<details><summary>{} recovered</summary>\n\n{list}\n</details>\n", gone.len())
    }

    fn foot(&self) -> String {
        let run = self.links.run().map_or_else(String::new, |run| format!(" · [run]({run})"));
        let version = text::markdown_code(&self.trend.perfgate, 40, false);
        format!(
            "\nperfgate closes this issue when nothing stands for {CLEAN_NIGHTS} nights. Close it as not planned to accept these \
             levels, or add `[[accept]]` entries to perfgate.toml.\n\n<sub>perfgate {version}{run}</sub>\n"
        )
    }
}

/// An event with those of its changes that stand and are wanted.
fn standing(event: &Event, wanted: &dyn Fn(&Change) -> bool) -> Event {
    Event { changes: event.changes.iter().filter(|c| c.stands() && wanted(c)).cloned().collect(), ..event.clone() }
}

/// The changes that stand and are wanted, worst first.
pub(super) fn listed<'a>(trend: &'a Trend, wanted: &dyn Fn(&Change) -> bool) -> Vec<&'a Change> {
    let mut changes: Vec<&Change> = trend.changes().filter(|c| c.stands() && wanted(c)).collect();
    changes.sort_by(|a, b| a.grade.cmp(&b.grade).then_with(|| b.badness().total_cmp(&a.badness())));
    changes
}

/// Whether a name can stand in a title as it is.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    (1..=LONGEST_PLAIN).contains(&name.len()) && name.chars().all(plain) && !name.to_ascii_lowercase().contains("www.")
}
