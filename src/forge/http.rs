//! One request and its answer, as every layer above the wire sees them.
//!
//! Not here: when to send again (`policy`), and how bytes travel (`wire`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// Most bytes of an answer that are read, unless a request says otherwise: a page of 100 long comments has 7 MiB.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something new: the only one that must not be repeated blindly.
    Post,
    /// Changes.
    Patch,
    /// Replaces.
    Put,
    /// Takes away.
    Delete,
}

impl Method {
    /// Its name in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// What is sent, as JSON.
    pub body: Option<Value>,
    /// Whether the token goes with it.
    pub is_authorized: bool,
    /// Whether sending it twice does the same as sending it once.
    pub is_repeatable: bool,
    /// Most bytes of the answer that are read; a longer one is refused.
    pub most_bytes: usize,
}

impl Request {
    /// A request with the token.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            body: None,
            is_authorized: true,
            is_repeatable: method != Method::Post,
            most_bytes: MOST_BYTES,
        }
    }

    /// Adds what is sent.
    #[must_use]
    pub fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Says that it only asks, although it is a POST.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// Bounds the answer.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Method and path, for messages: no host, no query.
    pub fn name(&self) -> String {
        let path = super::place::split(&self.url).map_or("", |(_, rest)| rest);
        format!("{} {}", self.method.as_str(), path.split(['?', '#']).next().unwrap_or(""))
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers by their names in small letters; of several, the last.
    pub headers: BTreeMap<String, String>,
    /// The content.
    pub body: Vec<u8>,
}

impl Response {
    /// A header by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A header that is a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.header(name)?.trim().parse().ok()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The host was not reached: nothing was done.
    NotSent(String),
    /// It may have been done.
    Unknown(String),
    /// The answer is longer than the request allows.
    TooLong,
}

/// Sends requests.
pub trait Transport {
    /// Sends one request once, follows nothing, and waits no longer than `patience`.
    ///
    /// # Errors
    /// If no whole answer came back.
    fn send(&self, request: &Request, patience: Duration) -> Result<Response, Lost>;
}
