//! Posting against a GitHub in memory that holds each request against GitHub's own description of its interface.
#![cfg(feature = "github")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, unreachable_pub, missing_docs, reason = "tests")]
#![allow(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::cmp_owned,
    clippy::type_complexity,
    reason = "tests"
)]
#![allow(clippy::large_stack_arrays, clippy::unnecessary_wraps, reason = "tests")]

#[path = "forge/contract.rs"]
mod contract;
#[path = "forge/gitlab.rs"]
mod gitlab;
#[path = "forge/policy.rs"]
mod policy;
#[path = "forge/program.rs"]
mod program;
#[path = "forge/second_stage.rs"]
mod second_stage;
#[path = "forge/server.rs"]
mod server;
#[path = "forge/sticky.rs"]
mod sticky;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use perfgate::forge::place::{Kind, Place};
use perfgate::forge::policy::{Clock, Problem, Session};
use perfgate::forge::sticky::{Key, Posted, Stamp, Wanted, post};
use perfgate::forge::token::Token;
use perfgate::forge::{GitHub, PATIENCE, transport};

use server::{Server, TOKEN};

/// A clock that only moves when something waits, and always as long as it may.
#[derive(Clone, Default)]
pub struct Virtual {
    time: Rc<Cell<Duration>>,
    waits: Rc<RefCell<Vec<Duration>>>,
}

/// When virtual time begins, in seconds since 1970.
pub const EPOCH: i64 = 1_800_000_000;

impl Virtual {
    pub fn pass(&self, time: Duration) {
        self.time.set(self.time.get() + time);
    }

    pub fn seconds(&self) -> f64 {
        self.time.get().as_secs_f64()
    }

    pub fn waits(&self) -> Vec<u64> {
        self.waits.borrow().iter().map(Duration::as_secs).collect()
    }
}

impl Clock for Virtual {
    fn elapsed(&self) -> Duration {
        self.time.get()
    }

    fn unix(&self) -> i64 {
        EPOCH + i64::try_from(self.time.get().as_secs()).unwrap()
    }

    fn wait(&self, time: Duration) {
        self.waits.borrow_mut().push(time);
        self.pass(time);
    }

    fn part(&self, most: Duration) -> Duration {
        most
    }
}

pub fn place(server: &Server) -> Place {
    Place::find(Kind::GitHub, Some(&server.api()), Some("o/r"), &|_| None).unwrap()
}

/// A connection whose waiting takes no time.
pub fn github(server: &Server, clock: &Virtual) -> GitHub {
    let place = place(server);
    let transport = transport(&place, Token::new(TOKEN, "a test").unwrap()).unwrap();
    GitHub::new(Session::new(transport, Box::new(clock.clone()), PATIENCE), place)
}

/// Posts on pull request 7 as the run of this number.
pub fn say(server: &Server, clock: &Virtual, run: u64, text: &str) -> Result<Posted, Problem> {
    say_if(server, clock, (run, 1), text, true)
}

pub fn say_if(
    server: &Server,
    clock: &Virtual,
    (run, attempt): (u64, u64),
    text: &str,
    may_create: bool,
) -> Result<Posted, Problem> {
    let key = Key::new("default").unwrap();
    let stamp = Stamp { run, attempt, sha: "abc".to_owned() };
    let github = github(server, clock);
    let posted = post(&github.pull_request(7), &Wanted { key: &key, stamp, text, may_create });
    assert_eq!(server.world().wrong, Vec::<String>::new(), "requests that are none of GitHub's");
    posted
}

/// The whole comment that a run writes.
pub fn body(run: u64, text: &str) -> String {
    let key = Key::new("default").unwrap();
    let stamp = Stamp { run, attempt: 1, sha: "abc".to_owned() };
    Wanted { key: &key, stamp, text, may_create: true }.body()
}
