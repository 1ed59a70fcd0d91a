//! A message to Slack, by an incoming webhook.
//!
//! The webhook's address is a secret as a whole: it comes from a variable only and stands in no message, which is why
//! problems are told in words of their own here. A message is sent once; only where Slack asks for it, later again.
//!
//! Source: docs.slack.dev, "Sending messages using incoming webhooks".
//!
//! Not here: what the message says (`report::trend`).

use serde_json::Value;

use super::http::{Method, Request};
use super::place::Address;
use super::policy::{Problem, Session};
use super::{failed, unauthorized};
use crate::diag::Diagnostic;
use crate::io::system;

/// Variable that holds the address.
pub const VARIABLE: &str = "PERFGATE_SLACK_WEBHOOK";

/// Where a message goes.
pub struct Webhook(Address);

impl Webhook {
    /// The webhook of this process; `None` where none is set.
    ///
    /// # Errors
    /// If what is set is no `https` address. The message does not show it.
    pub fn from_environment() -> Result<Option<Self>, Diagnostic> {
        let Some(text) = system::variable(VARIABLE).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        Address::parse(&text).map(|address| Some(Self(address))).map_err(|_| {
            failed(format!("{VARIABLE} holds no address that begins with `https://`"))
                .help("copy it again from the settings of the Slack app")
        })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// Why it was not sent, without the address.
    pub fn send(&self, message: Value) -> Result<(), Diagnostic> {
        let session = unauthorized(&self.0)?;
        self.send_by(&session, message)
    }

    fn send_by(&self, session: &Session, message: Value) -> Result<(), Diagnostic> {
        let mut request = Request::new(Method::Post, self.0.join("")).with(message);
        request.is_authorized = false;
        let why = match session.send(&request) {
            Ok(_) => return Ok(()),
            Err(Problem::Refused { status: status @ (403 | 404 | 410), .. }) => {
                format!("it says {status}: the webhook is revoked, or its channel is gone")
            }
            Err(Problem::Refused { status, .. }) => format!("it says {status}"),
            Err(Problem::Limited { .. }) => "its rate limit is used up".to_owned(),
            Err(Problem::Unreachable(_)) => "it was not reached".to_owned(),
            Err(Problem::Unclear(_)) => "it did not answer; the message may be there".to_owned(),
            Err(Problem::OutOfTime) => "it took too long".to_owned(),
            Err(Problem::Malformed(_)) => "its answer is not understood".to_owned(),
        };
        Err(failed(format!("Slack was not told: {why}")))
    }
}
