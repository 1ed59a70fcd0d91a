//! What a nightly job does with its tracking issue: a pure table from what was remembered and what stands tonight.
//!
//! | tonight | issue | told |
//! |---|---|---|
//! | the first regression | opened | yes |
//! | the same regressions | updated | no |
//! | a new one, or a warning that now fails | updated | yes, only those |
//! | some have recovered | updated, those struck out | no |
//! | none, the first night | updated: clean 1 of 2 | no |
//! | none, the second night in a row | closed | yes |
//! | one of them back within 14 days after that | the same one reopened | yes |
//! | back later, or others | a new one opened | yes |
//! | somebody closed it as not planned | left: the levels are accepted | no |
//! | somebody closed it as completed, and they still stand | reopened once | yes |
//! | no results | updated; never counts as clean | yes, once |
//! | somebody closed it for want of results, and no run came since | left | no |
//! | no run that was not looked at already | counts for nothing | no |
//!
//! A regression *stands* while the level it led to has not been left again, at least half of the way, and no `[[accept]]`
//! entry covers it: a slow drift stands as the steps that it is found as, and a regression stays in the list however long
//! ago it began. One that recovered and comes back while the issue is open is no news: it flaps. One that somebody accepted
//! by closing the issue stays accepted until it becomes worse, or recovers and begins anew.
//!
//! Not here: reading and writing issues (`forge`), and their texts (`report`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::model::alert::{Began, CLEAN_NIGHTS, Known, Member, News, Plan, State, Step};
use crate::model::report::GateVerdict;
use crate::model::trend::{Change, Moment, Trend};
use crate::text::{self, Untrusted};

/// For how long a closed issue is opened again, in seconds.
const REOPENED_WITHIN: i64 = 14 * 24 * 3600;
/// Most regressions that an issue remembers; beyond, none of them is news.
const MOST_MEMBERS: usize = 1000;
/// Age of the newest run from which on a commit without a run means that the benchmarks fail, in seconds.
const STALE: i64 = 36 * 3600;
/// Hexadecimal digits of an id.
const ID: usize = 12;
/// The fingerprint of a night without results.
const NO_DATA: &str = "no-data";

/// Tonight, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Night {
    /// The regressions that stand; `None` if there are no results.
    pub standing: Option<Vec<Member>>,
    /// Commit of the newest run.
    pub newest: Option<String>,
    /// Hash of the newest run.
    pub seen: String,
    /// Seconds since 1970 in UTC.
    pub now: i64,
}

/// Where a history was measured.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// The class of machines.
    pub testbed: &'a Untrusted,
    /// The suite.
    pub suite: &'a Untrusted,
}

/// The id of a change's series, by which an issue remembers it.
pub fn id(bench: Bench<'_>, change: &Change) -> String {
    let mut hash = Sha256::new();
    let metric = Some(&change.metric.0);
    let parts =
        [Some(bench.testbed), Some(bench.suite), Some(&change.suite), change.package.as_ref(), change.tool.as_ref()];
    for part in parts.into_iter().chain([change.benchmark.as_ref(), metric]) {
        // Nothing is another thing than an empty name.
        let text = part.map_or("", Untrusted::raw);
        hash.update(format!("{}{}:", if part.is_some() { "" } else { "-" }, text.len()));
        hash.update(text);
    }
    hex(hash).chars().take(ID).collect()
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// What a history says of tonight; `None` where it is too short to say anything yet. `is_tip_measured` is whether the newest
/// commit of the branch has a run; `None` where it is not known which that is.
pub fn night(trend: &Trend, bench: Bench<'_>, is_tip_measured: Option<bool>, now: i64) -> Option<Night> {
    if trend.runs.len() < super::FEWEST_RUNS {
        return None;
    }
    let newest = trend.runs.last();
    let age = newest.and_then(|run| run.taken_at).map(|taken| now.saturating_sub(taken));
    let is_stale = is_tip_measured == Some(false) && age.is_some_and(|age| age > STALE);
    let mut members: BTreeMap<String, Member> = BTreeMap::new();
    for change in trend.changes().filter(|change| change.stands()) {
        let run = trend.run(change.range.first_bad);
        let since = run.and_then(|run| run.taken_at.or(run.committed_at));
        let began = Began {
            run: change.range.first_bad,
            first_bad: run.and_then(commit),
            last_good: trend.run(change.range.last_good).and_then(commit),
        };
        let id = id(bench, change);
        let member = members.entry(id.clone()).or_insert_with(|| Member {
            id,
            grade: change.grade,
            since,
            began: began.clone(),
        });
        member.began = std::mem::take(&mut member.began).min(began);
        member.grade = member.grade.min(change.grade);
        // Of several steps of one series the newest tells whether it began anew.
        member.since = member.since.max(since);
    }
    Some(Night {
        standing: (!is_stale && trend.verdict != GateVerdict::None).then(|| members.into_values().collect()),
        newest: newest.and_then(commit),
        seen: newest.map(hash).unwrap_or_default(),
        now,
    })
}

/// A commit that is plainly one: it will stand in the text of an issue.
fn commit(run: &Moment) -> Option<String> {
    run.commit.as_ref().map(Untrusted::raw).filter(|commit| text::is_commit_id(commit)).map(str::to_owned)
}

/// What tells a run from another.
fn hash(run: &Moment) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?} {:?} ", run.commit.as_ref().map(Untrusted::raw), run.taken_at));
    hash.update(run.source.raw());
    hex(hash).chars().take(ID).collect()
}

/// What is to be done; `None` for nothing. `known` are all issues of this key, open and closed.
pub fn plan(known: &[Known], night: &Night) -> Option<Plan> {
    let standing = night.standing.as_ref().map(|standing| without_accepted(standing, known, night));
    let mut open = known.iter().filter(|issue| issue.is_open).collect::<Vec<_>>();
    open.sort_by_key(|issue| issue.number);
    if let Some((issue, twins)) = open.split_first() {
        let mut plan = continued(issue, standing.as_deref(), night);
        let twins: Vec<u64> = twins.iter().map(|twin| twin.number).collect();
        if plan.is_none() && !twins.is_empty() {
            plan = Some(Plan {
                step: Step::Update(issue.number),
                news: None,
                state: issue.state.clone(),
                twins: Vec::new(),
            });
        }
        return plan.map(|plan| Plan { twins, ..plan });
    }
    // Of those closed at the same moment the oldest is the one that stayed, and the others its twins.
    let last = known.iter().max_by_key(|issue| (issue.closed_at, std::cmp::Reverse(issue.number)));
    let state = match &standing {
        Some(standing) if standing.is_empty() => return None,
        Some(standing) => began(standing, night),
        // Somebody who closes an issue for want of results knows of it, until a run came and they are missing anew.
        None if last.is_some_and(|issue| is_known_outage(&issue.state, night)) => return None,
        None => began_without_results(night),
    };
    let plan = |step, news, state| Some(Plan { step, news: Some(news), state, twins: Vec::new() });
    let Some(issue) = last else { return plan(Step::Open, News::Opened, state) };
    let by_us = issue.state.closed_at;
    let stands = |is_meant: &dyn Fn(&Member) -> bool| standing.as_ref().is_some_and(|all| all.iter().any(is_meant));
    let was_in = |member: &Member| issue.state.members.contains_key(&member.id);
    let is_back = || stands(&|member| was_in(member) || issue.state.gone.contains(&member.id));
    let is_recent = by_us.is_some_and(|closed| night.now.saturating_sub(closed) <= REOPENED_WITHIN);
    // Somebody closed it as done, and it is not: that is said once.
    let is_denied = || stands(&|member| was_in(member) && began_before_closing(member, issue, night));
    let may_be_denied = by_us.is_none() && issue.is_completed && !issue.state.reopened;
    if (is_recent && is_back()) || (may_be_denied && is_denied()) {
        let reopened = by_us.is_none();
        let gone = issue.state.members.keys().chain(&issue.state.gone);
        let gone = gone.filter(|id| !state.members.contains_key(*id)).cloned().collect();
        return plan(Step::Reopen(issue.number), News::Back, State { gone, reopened, ..state });
    }
    plan(Step::Open, News::Opened, state)
}

/// Whether somebody closed an issue for want of results, and these are the same that were missing then.
fn is_known_outage(state: &State, night: &Night) -> bool {
    state.no_data && state.closed_at.is_none() && state.seen == night.seen
}

/// Whether a regression is one that was there when an issue was closed.
fn began_before_closing(member: &Member, issue: &Known, night: &Night) -> bool {
    member.since.is_none_or(|since| since <= issue.closed_at.unwrap_or(night.now))
}

/// The regressions that nobody has accepted by closing an issue as not planned, or as completed for a second time.
fn without_accepted(standing: &[Member], known: &[Known], night: &Night) -> Vec<Member> {
    let accepted = |member: &Member, issue: &Known| {
        let is_final =
            !issue.is_open && issue.state.closed_at.is_none() && (!issue.is_completed || issue.state.reopened);
        let is_old = began_before_closing(member, issue, night);
        is_final && is_old && issue.state.members.get(&member.id).is_some_and(|grade| member.grade >= *grade)
    };
    standing.iter().filter(|member| !known.iter().any(|issue| accepted(member, issue))).cloned().collect()
}

/// The memory of a new issue.
fn began(standing: &[Member], night: &Night) -> State {
    let Began { first_bad, last_good, .. } = earliest(standing);
    State {
        fingerprint: fingerprint(standing),
        members: remembered(standing),
        first_bad,
        last_good,
        last_bad: night.newest.clone(),
        nights: 1,
        seen: night.seen.clone(),
        ..State::default()
    }
}

/// Where the first of them began.
fn earliest(standing: &[Member]) -> Began {
    standing.iter().map(|member| &member.began).min().cloned().unwrap_or_default()
}

fn began_without_results(night: &Night) -> State {
    State { fingerprint: NO_DATA.to_owned(), no_data: true, seen: night.seen.clone(), ..State::default() }
}

fn remembered(standing: &[Member]) -> BTreeMap<String, crate::model::trend::Grade> {
    standing.iter().take(MOST_MEMBERS).map(|member| (member.id.clone(), member.grade)).collect()
}

/// Hash of the ids of what stands, in their order.
fn fingerprint(standing: &[Member]) -> String {
    let ids: BTreeSet<&str> = standing.iter().map(|member| member.id.as_str()).collect();
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id);
        hash.update("\n");
    }
    hex(hash)
}

/// What becomes of an open issue.
fn continued(issue: &Known, standing: Option<&[Member]>, night: &Night) -> Option<Plan> {
    let before = &issue.state;
    let update = |news: Option<News>, state: State| {
        Some(Plan { step: Step::Update(issue.number), news, state, twins: Vec::new() })
    };
    let Some(standing) = standing else {
        if before.no_data {
            return None;
        }
        // Results that come and go are no clean night, and what stood before still does as far as is known.
        let seen = night.seen.clone();
        return update(
            Some(News::NoData),
            State { no_data: true, clean: 0, first_clean: None, seen, ..before.clone() },
        );
    };
    let is_new_run = night.seen != before.seen;
    let is_same = before.fingerprint == fingerprint(standing) && !before.no_data;
    let mut state = State { no_data: false, seen: night.seen.clone(), closed_at: None, ..before.clone() };
    state.fingerprint = fingerprint(standing);
    state.members = remembered(standing);
    let ids: BTreeSet<&String> = standing.iter().map(|member| &member.id).collect();
    state.gone =
        before.members.keys().chain(&before.gone).filter(|id| !ids.contains(id)).take(MOST_MEMBERS).cloned().collect();
    if standing.is_empty() {
        if !is_new_run {
            // The same runs look better after a change of limits; only a new run is a clean night.
            return if is_same { None } else { update(None, state) };
        }
        state.clean = before.clean.saturating_add(1);
        state.first_clean = before.first_clean.clone().filter(|_| before.clean > 0).or_else(|| night.newest.clone());
        if state.clean < CLEAN_NIGHTS {
            return update(None, state);
        }
        state.closed_at = Some(night.now);
        return Some(Plan { step: Step::Close(issue.number), news: Some(News::Recovered), state, twins: Vec::new() });
    }
    (state.clean, state.first_clean) = (0, None);
    state.last_bad.clone_from(&night.newest);
    let Began { first_bad, last_good, .. } = earliest(standing);
    (state.last_good, state.first_bad) = (last_good, first_bad);
    state.nights = state.nights.saturating_add(u32::from(is_new_run || before.nights == 0));
    let is_full = before.members.len() >= MOST_MEMBERS;
    let is_news = |member: &&Member| match before.members.get(&member.id) {
        Some(grade) => member.grade < *grade,
        None => !before.gone.contains(&member.id) && !is_full,
    };
    let worse: BTreeSet<String> = standing.iter().filter(is_news).map(|member| member.id.clone()).collect();
    if worse.is_empty() && is_same && !is_new_run && state == *before {
        return None;
    }
    update((!worse.is_empty()).then_some(News::Worse(worse)), state)
}

#[cfg(test)]
mod tests;
