//! When a request is sent again, how long is waited, and when to give up.
//!
//! | | a request that may be repeated | POST |
//! |---|---|---|
//! | the host was not reached | again | again: nothing was sent |
//! | no answer, 500, 502, 503, 504 | again | [`Problem::Unclear`]: [`Session::once`] looks before it sends again |
//! | 429, or 403 with a rate limit | waits as told, if there is time | the same: nothing was done |
//! | 401, 403, 404, 410, 422 | no | no |
//!
//! At most four tries, with random waits of up to 1, 2 and 4 s between, and all requests of a session share one limit of
//! time. Redirects are followed by hand: only a reading request goes to another host, and never with the token.
//!
//! Sources: docs.github.com "Rate limits for the REST API", "Best practices for using the REST API"; aws.amazon.com
//! "Exponential backoff and jitter".
//!
//! Not here: what to tell the user about a refusal (`cli`).

use std::cell::RefCell;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::http::{Lost, Method, Request, Response, Transport};
use super::place::{Address, split};
use crate::io::system;
use crate::text::{self, Untrusted};

/// How often a request is sent at most.
pub const TRIES: u32 = 4;
/// How long one request may take.
const CALL: Duration = Duration::from_secs(60);
/// How long is waited for a rate limit that does not say.
const LIMITED: Duration = Duration::from_secs(60);
/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The host was not reached.
    Unreachable(String),
    /// No answer came back, or that the host has failed: it may have been done.
    Unclear(String),
    /// The host said no.
    Refused {
        /// Method and path.
        request: String,
        /// The status.
        status: u16,
        /// What the host said.
        message: Untrusted,
    },
    /// A rate limit that lasts longer than there is time.
    Limited {
        /// When it ends, in seconds since 1970, where the host says so.
        until: Option<i64>,
    },
    /// The time is over.
    OutOfTime,
    /// The answer does not have the shape that it should have.
    Malformed(String),
}

impl Problem {
    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        if let Self::Refused { status, .. } = self { Some(*status) } else { None }
    }

    /// Whether a refusal's message has these words, in any case.
    pub fn says(&self, words: &str) -> bool {
        matches!(self, Self::Refused { message, .. } if message.raw().to_ascii_lowercase().contains(words))
    }

    /// What happened, for a message.
    pub fn reason(&self) -> String {
        match self {
            Self::Unreachable(why) => format!("the server was not reached: {why}"),
            Self::Unclear(why) => format!("the server did not answer: {why}"),
            Self::Refused { request, status, message } if message.is_empty() => {
                format!("the server refused `{}` with status {status}", text::shown(&request.as_str().into()))
            }
            Self::Refused { request, status, message } => format!(
                "the server refused `{}` with status {status}: {}",
                text::shown(&request.as_str().into()),
                text::shown(message)
            ),
            Self::Limited { until: None } => "the rate limit is used up for longer than is waited".to_owned(),
            Self::Limited { until: Some(until) } => {
                let until = jiff::Timestamp::from_second(*until).map_or_else(|_| "later".to_owned(), |t| t.to_string());
                format!("the rate limit is used up until {until}")
            }
            Self::OutOfTime => "the server took too long".to_owned(),
            Self::Malformed(why) => format!("the server's answer is not understood: {why}"),
        }
    }
}

/// Time as it passes: another one in tests.
pub trait Clock {
    /// How long this clock has been running.
    fn elapsed(&self) -> Duration;
    /// Seconds since 1970.
    fn unix(&self) -> i64;
    /// Lets time pass.
    fn wait(&self, time: Duration);
    /// A random part of a time.
    fn part(&self, most: Duration) -> Duration;
}

/// The clock of this machine.
pub struct Real(Instant);

impl Real {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for Real {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for Real {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn unix(&self) -> i64 {
        system::now()
    }

    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn part(&self, most: Duration) -> Duration {
        most.mul_f64(fastrand::f64())
    }
}

/// Requests that share a transport, a clock and a limit of time.
pub struct Session {
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
    end: Duration,
    log: RefCell<Vec<String>>,
}

impl Session {
    /// A session that lasts `patience` from now on.
    pub fn new(transport: Box<dyn Transport>, clock: Box<dyn Clock>, patience: Duration) -> Self {
        let end = clock.elapsed() + patience;
        Self { transport, clock, end, log: RefCell::default() }
    }

    /// What was sent so far, a line each: method, path, status and what is left of the rate limit.
    pub fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    /// What is left of the time; `None` if nothing is.
    fn left(&self) -> Option<Duration> {
        self.end.checked_sub(self.clock.elapsed()).filter(|left| !left.is_zero())
    }

    /// Waits a random part of a time, or until the end.
    pub fn pause(&self, most: Duration) {
        let time = self.clock.part(most);
        self.clock.wait(time.min(self.left().unwrap_or_default()));
    }

    /// Waits before the try of this number, from 1.
    fn back_off(&self, tries: u32) {
        self.pause(Duration::from_secs(1) * 2_u32.saturating_pow(tries.saturating_sub(1)));
    }

    /// Sends a request as the table says and returns an answer of the 200s.
    ///
    /// # Errors
    /// Why it was not done; [`Problem::Unclear`] if it may have been.
    pub fn send(&self, request: &Request) -> Result<Response, Problem> {
        let mut request = request.clone();
        let mut redirects = 0;
        loop {
            let response = self.tried(&request)?;
            let Some(target) = redirected(&request, &response) else { return self.judged(&request, response) };
            redirects += 1;
            if redirects > MOST_REDIRECTS {
                return Err(Problem::Malformed("it redirects in circles".to_owned()));
            }
            request = target?;
        }
    }

    /// Sends a POST until it is known to be done. After each try that may have been, `look` says whether it was.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn once<T>(
        &self,
        post: impl Fn() -> Result<T, Problem>,
        look: impl Fn() -> Result<Option<T>, Problem>,
    ) -> Result<T, Problem> {
        let mut tries = 0;
        loop {
            match post() {
                Err(Problem::Unclear(_)) if tries + 1 < TRIES => {}
                // What stands there counts, whatever the last answer was.
                Err(problem @ Problem::Unclear(_)) => return look()?.ok_or(problem),
                done => return done,
            }
            tries += 1;
            self.back_off(tries);
            if let Some(found) = look()? {
                return Ok(found);
            }
        }
    }

    /// An answer of any status that is worth no further try.
    fn tried(&self, request: &Request) -> Result<Response, Problem> {
        let mut tries = 0;
        loop {
            let left = self.left().ok_or(Problem::OutOfTime)?;
            tries += 1;
            let answer = self.transport.send(request, left.min(CALL));
            self.note(request, &answer);
            let problem = match answer {
                Ok(response) => match self.limit(&response) {
                    Some(limit) if tries < TRIES => {
                        self.wait_for(&limit)?;
                        continue;
                    }
                    Some(Limit { until, .. }) => return Err(Problem::Limited { until }),
                    None if matches!(response.status, 500 | 502 | 503 | 504) => {
                        Problem::Unclear(format!("it said {}", response.status))
                    }
                    None => return Ok(response),
                },
                Err(Lost::NotSent(why)) => {
                    let origin = split(&request.url).map_or("", |(origin, _)| origin);
                    Problem::Unreachable(format!("{origin}: {why}"))
                }
                Err(Lost::Unknown(why)) => Problem::Unclear(why),
                Err(Lost::TooLong) => return Err(Problem::Malformed("it is too long".to_owned())),
            };
            let again = request.is_repeatable || matches!(problem, Problem::Unreachable(_));
            if !again || tries >= TRIES {
                return Err(problem);
            }
            self.back_off(tries);
        }
    }

    fn note(&self, request: &Request, answer: &Result<Response, Lost>) {
        let name = text::shown(&request.name().as_str().into());
        let line = match answer {
            Ok(response) => {
                let left = response.number("x-ratelimit-remaining");
                let left = left.map_or_else(String::new, |left| format!(", {left} requests left"));
                format!("{name}: {}{left}", response.status)
            }
            Err(Lost::NotSent(_)) => format!("{name}: not reached"),
            Err(Lost::Unknown(_)) => format!("{name}: no answer"),
            Err(Lost::TooLong) => format!("{name}: an answer that is too long"),
        };
        self.log.borrow_mut().push(line);
    }

    /// The rate limit that an answer speaks of.
    fn limit(&self, response: &Response) -> Option<Limit> {
        let after = response.number("retry-after").and_then(|seconds| u64::try_from(seconds).ok());
        let is_used_up = response.number("x-ratelimit-remaining") == Some(0);
        let is_secondary = || message(response).raw().to_ascii_lowercase().contains("secondary rate limit");
        let is_limit = match response.status {
            429 => true,
            403 => after.is_some() || is_used_up || is_secondary(),
            _ => false,
        };
        if !is_limit {
            return None;
        }
        let now = self.clock.unix();
        if let Some(after) = after {
            let until = now.checked_add_unsigned(after);
            return Some(Limit { wait: Duration::from_secs(after.max(1)), until });
        }
        let reset = response.number("x-ratelimit-reset").filter(|_| is_used_up);
        let wait = reset.map_or(LIMITED, |reset| {
            Duration::from_secs(u64::try_from(reset.saturating_sub(now)).unwrap_or(0).saturating_add(1))
        });
        Some(Limit { wait, until: reset })
    }

    /// Waits for the end of a rate limit, if that is before the end of all.
    fn wait_for(&self, limit: &Limit) -> Result<(), Problem> {
        if self.left().is_none_or(|left| limit.wait >= left) {
            return Err(Problem::Limited { until: limit.until });
        }
        self.clock.wait(limit.wait);
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "the last step of `send`")]
    fn judged(&self, request: &Request, response: Response) -> Result<Response, Problem> {
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        Err(Problem::Refused { request: request.name(), status: response.status, message: message(&response) })
    }
}

/// Reads an answer's JSON.
///
/// # Errors
/// If it is something else, such as the page of a proxy that wants a login.
pub(super) fn parsed<T: DeserializeOwned>(response: &Response) -> Result<T, Problem> {
    serde_json::from_slice(&response.body).map_err(|error| {
        let is_page = response.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
            || response.body.trim_ascii_start().starts_with(b"<");
        Problem::Malformed(if is_page { "it is a web page, not JSON".to_owned() } else { error.to_string() })
    })
}

/// A rate limit.
struct Limit {
    wait: Duration,
    until: Option<i64>,
}

/// What an answer says in its JSON; nothing where it is a page.
fn message(response: &Response) -> Untrusted {
    /// GitHub and Gitea say `message`; GitLab also `error`.
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said {
        message: serde_json::Value,
        error: serde_json::Value,
        errors: serde_json::Value,
    }
    let Ok(said) = serde_json::from_slice::<Said>(&response.body) else { return Untrusted::default() };
    let words = |value: serde_json::Value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    let parts: Vec<String> = [said.message, said.error, said.errors].into_iter().filter_map(words).collect();
    parts.join("; ").into()
}

/// The request that an answer redirects to, or why it is not followed.
fn redirected(request: &Request, response: &Response) -> Option<Result<Request, Problem>> {
    let reads = request.method == Method::Get;
    let follows = match response.status {
        307 | 308 => true,
        301..=303 => reads,
        _ => false,
    };
    if !follows {
        return None;
    }
    let refused = |why: &str| Some(Err(Problem::Malformed(format!("it redirects {why}"))));
    let Some(location) = response.header("location") else { return refused("without saying where to") };
    let (origin, _) = split(&request.url)?;
    let url = if location.starts_with('/') && !location.starts_with("//") {
        format!("{origin}{location}")
    } else {
        location.to_owned()
    };
    let Some((to, rest)) = split(&url) else { return refused("to something that is no address") };
    let Ok(to) = Address::parse(to) else { return refused("to an address that is not safe") };
    let stays = to.is_origin_of(&request.url);
    if !stays && !reads {
        return refused("what is to be written to another host");
    }
    let url = format!("{}{}", to.origin(), rest.split('#').next().unwrap_or(""));
    Some(Ok(Request { url, is_authorized: request.is_authorized && stays, ..request.clone() }))
}
