//! Every row of the table, and what holds over any sequence of nights.

use proptest::prelude::*;

use super::*;
use crate::model::trend::Grade;

const DAY: i64 = 24 * 3600;

fn member(id: &str, grade: Grade, since: i64) -> Member {
    let began = Began { run: 7, first_bad: Some("b".repeat(40)), last_good: Some("a".repeat(40)) };
    Member { id: id.to_owned(), grade, since: Some(since), began }
}

/// A night `n` in which these stand; a name in capitals fails, others warn.
fn stand(n: i64, names: &str) -> Night {
    let grade = |c: char| if c.is_uppercase() { Grade::Fail } else { Grade::Warn };
    let members = names.chars().map(|c| member(&c.to_lowercase().to_string(), grade(c), DAY)).collect();
    Night { standing: Some(members), ..nothing(n) }
}

/// A night `n` without results.
fn nothing(n: i64) -> Night {
    Night { standing: None, newest: Some(format!("{n:040x}")), seen: format!("run {n}"), now: n * DAY }
}

/// The issues of a place, as people and perfgate leave them.
#[derive(Default)]
struct Place {
    issues: Vec<Known>,
    comments: Vec<News>,
}

impl Place {
    fn night(&mut self, night: &Night) -> Option<Plan> {
        let plan = plan(&self.issues, night);
        let Some(done) = &plan else { return plan };
        let at = |number: u64| usize::try_from(number - 1).unwrap();
        match done.step {
            Step::Open => self.issues.push(Known {
                number: self.issues.len() as u64 + 1,
                is_open: true,
                is_completed: false,
                closed_at: None,
                state: done.state.clone(),
            }),
            Step::Update(n) => {
                assert!(self.issues[at(n)].is_open, "a closed issue is not written to");
                self.issues[at(n)].state = done.state.clone();
            }
            Step::Close(n) => self.close(at(n), true, night.now, done.state.clone()),
            Step::Reopen(n) => {
                let issue = &mut self.issues[at(n)];
                assert!(!issue.is_open);
                (issue.is_open, issue.closed_at, issue.state) = (true, None, done.state.clone());
            }
        }
        if done.step != Step::Open {
            self.comments.extend(done.news.clone());
        }
        plan
    }

    fn close(&mut self, index: usize, is_completed: bool, now: i64, state: State) {
        let issue = &mut self.issues[index];
        (issue.is_open, issue.is_completed, issue.closed_at, issue.state) = (false, is_completed, Some(now), state);
    }

    /// Somebody closes the issue.
    fn closed_by_hand(&mut self, number: u64, is_completed: bool, now: i64) {
        let state = self.issues[usize::try_from(number - 1).unwrap()].state.clone();
        self.close(usize::try_from(number - 1).unwrap(), is_completed, now, state);
    }

    fn open(&self) -> usize {
        self.issues.iter().filter(|issue| issue.is_open).count()
    }
}

fn worse(names: &str) -> News {
    News::Worse(names.chars().map(String::from).collect())
}

#[test]
fn the_first_regression_opens_an_issue() {
    let mut place = Place::default();
    assert_eq!(place.night(&stand(1, "")), None);
    let plan = place.night(&stand(2, "A")).unwrap();
    assert_eq!((plan.step, plan.news), (Step::Open, Some(News::Opened)));
    assert_eq!((plan.state.nights, plan.state.clean), (1, 0));
    assert_eq!(plan.state.first_bad, Some("b".repeat(40)));
}

#[test]
fn the_same_set_is_no_news() {
    let mut place = Place::default();
    place.night(&stand(1, "Ab"));
    let plan = place.night(&stand(2, "Ab")).unwrap();
    assert_eq!((plan.step, plan.news, plan.state.nights), (Step::Update(1), None, 2));
    // The job ran twice: nothing at all.
    assert_eq!(place.night(&stand(2, "Ab")), None);
}

#[test]
fn new_members_and_warnings_that_fail_are_told_alone() {
    let mut place = Place::default();
    place.night(&stand(1, "Ab"));
    assert_eq!(place.night(&stand(2, "Abc")).unwrap().news, Some(worse("c")));
    assert_eq!(place.night(&stand(3, "ABc")).unwrap().news, Some(worse("b")));
    // What fails no more but still warns is no news, but becoming worse again is.
    assert_eq!(place.night(&stand(4, "Abc")).unwrap().news, None);
    assert_eq!(place.night(&stand(5, "ABc")).unwrap().news, Some(worse("b")));
}

#[test]
fn what_recovers_is_struck_out_and_may_flap() {
    let mut place = Place::default();
    place.night(&stand(1, "AB"));
    let plan = place.night(&stand(2, "A")).unwrap();
    assert_eq!((plan.step, plan.news), (Step::Update(1), None));
    assert!(plan.state.gone.contains("b") && plan.state.members.len() == 1);
    let plan = place.night(&stand(3, "AB")).unwrap();
    assert_eq!((plan.news, plan.state.gone.len()), (None, 0));
}

#[test]
fn two_clean_nights_in_a_row_close_it() {
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    let plan = place.night(&stand(2, "")).unwrap();
    assert_eq!((plan.step, plan.news, plan.state.clean), (Step::Update(1), None, 1));
    // The same run once more is no second night.
    assert_eq!(place.night(&stand(2, "")), None);
    assert_eq!(place.night(&stand(3, "A")).unwrap().state.clean, 0);
    assert_eq!(place.night(&stand(4, "")).unwrap().state.clean, 1);
    let plan = place.night(&stand(5, "")).unwrap();
    assert_eq!((plan.step, plan.news), (Step::Close(1), Some(News::Recovered)));
    assert_eq!(plan.state.closed_at, Some(5 * DAY));
    assert_eq!(plan.state.last_bad, Some(format!("{:040x}", 3)));
    assert_eq!(plan.state.first_clean, Some(format!("{:040x}", 4)));
    assert_eq!(place.night(&stand(6, "")), None);
}

#[test]
fn better_limits_alone_are_no_clean_night() {
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    let plan = place.night(&stand(1, "")).unwrap();
    assert_eq!((plan.step, plan.news, plan.state.clean), (Step::Update(1), None, 0));
}

#[test]
fn what_comes_back_within_14_days_reopens_the_issue() {
    for (night, step, news) in [(17, Step::Reopen(1), News::Back), (18, Step::Open, News::Opened)] {
        let mut place = Place::default();
        place.night(&stand(1, "A"));
        place.night(&stand(2, ""));
        assert_eq!(place.night(&stand(3, "")).unwrap().step, Step::Close(1));
        let plan = place.night(&stand(night, "A")).unwrap();
        assert_eq!((plan.step, plan.news, plan.state.closed_at), (step, Some(news), None));
        assert_eq!(place.open(), 1);
    }
}

#[test]
fn closed_as_not_planned_is_accepted() {
    let mut place = Place::default();
    place.night(&stand(1, "Ab"));
    place.closed_by_hand(1, false, 2 * DAY);
    for n in 3..30 {
        assert_eq!(place.night(&stand(n, "Ab")), None, "night {n}");
    }
    // What is new gets an issue of its own, in which the accepted ones are not.
    let plan = place.night(&stand(30, "AbC")).unwrap();
    assert_eq!((plan.step, plan.news), (Step::Open, Some(News::Opened)));
    assert_eq!(plan.state.members.keys().collect::<Vec<_>>(), ["c"]);
    assert_eq!(place.night(&stand(31, "AbC")).unwrap().news, None);
    // An accepted warning that fails is not what was accepted.
    assert_eq!(place.night(&stand(32, "ABC")).unwrap().news, Some(worse("b")));
}

#[test]
fn a_new_issue_names_the_commits_of_its_own_regressions() {
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.closed_by_hand(1, false, 2 * DAY);
    let began = |run: usize, name: &str| Began {
        run,
        first_bad: Some(name.repeat(40)),
        last_good: Some(name.to_uppercase().repeat(40)),
    };
    let later = |id: &str, began: Began| Member { began, ..member(id, Grade::Fail, 9 * DAY) };
    let mut all = stand(10, "A").standing.unwrap();
    all.extend([later("b", began(20, "e")), later("c", began(15, "d"))]);
    let night = Night { standing: Some(all), ..nothing(10) };
    let plan = place.night(&night).unwrap();
    assert_eq!((plan.step, plan.state.members.len()), (Step::Open, 2));
    assert_eq!((plan.state.first_bad, plan.state.last_good), (Some("d".repeat(40)), Some("D".repeat(40))));
    let plan = place.night(&Night { seen: "run 11".to_owned(), ..night }).unwrap();
    assert_eq!((plan.step, plan.state.first_bad), (Step::Update(2), Some("d".repeat(40))));
}

#[test]
fn an_accepted_regression_that_begins_anew_is_none() {
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.closed_by_hand(1, false, 2 * DAY);
    assert_eq!(place.night(&stand(3, "")), None);
    let again = Night { standing: Some(vec![member("a", Grade::Fail, 5 * DAY)]), ..nothing(6) };
    assert_eq!(place.night(&again).unwrap().step, Step::Open);
}

#[test]
fn closed_as_completed_is_opened_again_once() {
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.closed_by_hand(1, true, 2 * DAY);
    let plan = place.night(&stand(3, "A")).unwrap();
    assert_eq!((plan.step, plan.news), (Step::Reopen(1), Some(News::Back)));
    place.closed_by_hand(1, true, 4 * DAY);
    assert_eq!(place.night(&stand(5, "A")), None);
    assert_eq!(place.night(&stand(6, "AB")).unwrap().step, Step::Open);
    // One that is closed as completed and is clean stays closed.
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.closed_by_hand(1, true, 2 * DAY);
    assert_eq!(place.night(&stand(3, "")), None);
}

#[test]
fn no_results_are_told_once_and_never_clean() {
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.night(&stand(2, ""));
    let plan = place.night(&nothing(3)).unwrap();
    assert_eq!((plan.step, plan.news, plan.state.clean), (Step::Update(1), Some(News::NoData), 0));
    assert_eq!(place.night(&nothing(4)), None);
    let plan = place.night(&stand(5, "")).unwrap();
    assert_eq!((plan.step, plan.state.clean, plan.state.no_data), (Step::Update(1), 1, false));
    assert_eq!(place.night(&stand(6, "")).unwrap().step, Step::Close(1));
    // Without an issue, one is opened, and goes when there are results again.
    let mut place = Place::default();
    let plan = place.night(&nothing(1)).unwrap();
    assert_eq!((plan.step, plan.news, plan.state.fingerprint.as_str()), (Step::Open, Some(News::Opened), "no-data"));
    assert_eq!(place.night(&nothing(2)), None);
    assert_eq!(place.night(&stand(3, "A")).unwrap().news, Some(worse("a")));
    let mut place = Place::default();
    place.night(&nothing(1));
    place.closed_by_hand(1, false, 2 * DAY);
    let still = Night { seen: nothing(1).seen, ..nothing(3) };
    assert_eq!(place.night(&still), None);
    // There were results, and now there are none again.
    assert_eq!(place.night(&stand(4, "")), None);
    let plan = place.night(&Night { seen: stand(4, "").seen, ..nothing(6) }).unwrap();
    assert_eq!((plan.step, plan.news), (Step::Open, Some(News::Opened)));
    // The run that is missing may be newer than the last that was looked at.
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    assert_eq!(place.night(&nothing(2)).unwrap().news, Some(News::NoData));
    place.closed_by_hand(1, false, 3 * DAY);
    assert_eq!(place.night(&Night { seen: nothing(2).seen, ..nothing(4) }), None);
}

#[test]
fn others_than_those_of_a_closed_issue_get_an_issue_of_their_own() {
    // Closed by hand as mended, and it is.
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.closed_by_hand(1, true, 2 * DAY);
    let new = Night { standing: Some(vec![member("b", Grade::Fail, 150 * DAY)]), ..nothing(150) };
    let plan = place.night(&new).unwrap();
    assert_eq!((plan.step, plan.news, plan.state.reopened), (Step::Open, Some(News::Opened), false));
    // The same series, of which a new step began after that.
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.closed_by_hand(1, true, 2 * DAY);
    let anew = Night { standing: Some(vec![member("a", Grade::Fail, 150 * DAY)]), ..nothing(150) };
    assert_eq!(place.night(&anew).unwrap().step, Step::Open);
    // Closed by perfgate some nights ago.
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    place.night(&stand(2, ""));
    place.night(&stand(3, ""));
    let plan = place.night(&stand(4, "B")).unwrap();
    assert_eq!((plan.step, plan.news), (Step::Open, Some(News::Opened)));
    assert!(plan.state.gone.is_empty());
}

#[test]
fn of_two_open_issues_one_stays() {
    let mut place = Place::default();
    place.night(&stand(1, "A"));
    let twin = Known { number: 2, ..place.issues[0].clone() };
    place.issues.push(twin);
    let plan = plan(&place.issues, &stand(2, "A")).unwrap();
    assert_eq!((plan.step, plan.twins), (Step::Update(1), vec![2]));
}

#[test]
fn numbers_that_somebody_wrote_into_an_issue_do_not_overflow() {
    for (names, clean) in [("A", 0), ("", u32::MAX)] {
        let mut place = Place::default();
        place.night(&stand(1, "A"));
        let state = &mut place.issues[0].state;
        (state.nights, state.clean) = (u32::MAX, u32::MAX);
        let plan = place.night(&stand(2, names)).unwrap();
        assert_eq!((plan.state.nights, plan.state.clean), (u32::MAX, clean));
    }
}

#[test]
fn more_than_can_be_remembered_is_not_told_every_night() {
    let members = |n: i64| {
        let many = (0..3000).map(|i| member(&format!("{i:012x}"), Grade::Fail, DAY)).collect();
        Night { standing: Some(many), ..nothing(n) }
    };
    let mut place = Place::default();
    place.night(&members(1));
    assert_eq!(place.issues[0].state.members.len(), MOST_MEMBERS);
    assert_eq!(place.night(&members(2)).unwrap().news, None);
}

/// What a night can be, or somebody does.
#[derive(Clone, Debug)]
enum Act {
    Stands(String),
    NoResults,
    SameRun(String),
    Closes(bool),
}

fn act() -> impl Strategy<Value = Act> {
    let names =
        proptest::collection::btree_set(proptest::sample::select(vec!['a', 'b', 'c']), 0..3).prop_flat_map(|names| {
            proptest::collection::vec(any::<bool>(), names.len()).prop_map(move |fails| {
                names
                    .iter()
                    .zip(fails)
                    .map(|(c, fail)| if fail { c.to_ascii_uppercase() } else { *c })
                    .collect::<String>()
            })
        });
    prop_oneof![
        6 => names.clone().prop_map(Act::Stands),
        1 => Just(Act::NoResults),
        1 => names.prop_map(Act::SameRun),
        1 => any::<bool>().prop_map(Act::Closes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn any_sequence_of_nights_keeps_the_promises(acts in proptest::collection::vec(act(), 1..40)) {
        let mut place = Place::default();
        let mut told: BTreeMap<u64, BTreeMap<String, Grade>> = BTreeMap::new();
        for (n, act) in (1_i64..).zip(&acts) {
            let night = match act {
                Act::Stands(names) => stand(n, names),
                Act::NoResults => nothing(n),
                Act::SameRun(names) => Night { seen: format!("run {}", n - 1), ..stand(n, names) },
                Act::Closes(completed) => {
                    if let Some(open) = place.issues.iter().find(|issue| issue.is_open).map(|issue| issue.number) {
                        place.closed_by_hand(open, *completed, n * DAY);
                    }
                    continue;
                }
            };
            let before: Vec<Known> = place.issues.clone();
            let plan = place.night(&night);
            prop_assert!(place.open() <= 1, "never two open issues");
            let Some(plan) = plan else { continue };
            if night.standing.is_none() {
                prop_assert!(plan.state.clean == 0 && !matches!(plan.step, Step::Close(_)), "no results are never clean");
            }
            if let Step::Close(number) = plan.step {
                let state = &before.iter().find(|issue| issue.number == number).unwrap().state;
                prop_assert!(state.clean == 1 && plan.state.members.is_empty());
            }
            let number = match plan.step {
                Step::Open => place.issues.len() as u64,
                Step::Update(n) | Step::Close(n) | Step::Reopen(n) => n,
            };
            // The same regression is told once for an issue, unless it became worse, or the issue was closed.
            let known = told.entry(number).or_default();
            match &plan.news {
                Some(News::Worse(ids)) => {
                    prop_assert!(!ids.is_empty());
                    for id in ids {
                        let grade = plan.state.members[id];
                        let last = before.iter().find(|issue| issue.number == number).unwrap();
                        let improved = last.state.members.get(id).is_some_and(|was| grade < *was);
                        prop_assert!(improved || !known.contains_key(id), "{id} is told twice");
                    }
                }
                Some(News::Back | News::Recovered) => known.clear(),
                _ => {}
            }
            if !matches!(plan.step, Step::Close(_)) {
                known.extend(plan.state.members.clone());
            }
        }
    }
}
