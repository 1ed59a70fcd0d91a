//! Bytes on the wire: octocrab for GitHub and what is like it, plain requests for the rest.
//!
//! The only file that knows octocrab and reqwest. octocrab gives the token to its own host only; reqwest below it brings
//! proxies, certificates of the system and timeouts. octocrab is put together from its parts, without what it would do
//! beyond that: its models refuse answers with a `null` that they do not expect, its retries send a POST again, its way of
//! putting a base path before every path is wrong for GraphQL on enterprise servers, and its own name as the user agent
//! stays beside any other.
//!
//! Cryptography is ring: it needs no more than a C compiler, also where perfgate is cross-compiled.
//!
//! Not here: tries and waiting (`policy`).

use std::error::Error as StdError;
use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;

use super::failed;
use super::http::{Lost, Request, Response, Transport};
use super::place::{Address, Kind, Place};
use super::token::Token;
use crate::diag::{Diagnostic, Location};
use crate::io::{files, system};
use crate::text;

/// How long it may take to reach the host.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the host may be silent.
const READ: Duration = Duration::from_secs(30);
/// The version of GitHub's interface that is spoken.
const VERSION: &str = "2022-11-28";
/// Variable that names certificates to trust besides the system's.
const CA_BUNDLE: &str = "PERFGATE_CA_BUNDLE";

/// Sends requests over the network.
pub(super) struct Wire {
    runtime: tokio::runtime::Runtime,
    plain: reqwest::Client,
    sender: Sender,
}

/// Who puts the token into a request.
enum Sender {
    Octocrab(Box<octocrab::Octocrab>),
    GitLab(Token),
    Nobody,
}

impl Wire {
    pub(super) fn new(place: &Place, token: Token) -> Result<Self, Diagnostic> {
        let (runtime, plain) = basis(&place.api)?;
        let sender = match place.kind {
            Kind::GitLab => Sender::GitLab(token),
            Kind::GitHub | Kind::Gitea => {
                // octocrab's client lives in a task of the runtime.
                let _inside = runtime.enter();
                let unfit = |error: &dyn std::fmt::Display| failed(format!("cannot talk to the server: {error}"));
                let mut secret =
                    http::HeaderValue::from_str(&format!("Bearer {}", token.secret())).map_err(|e| unfit(&e))?;
                secret.set_sensitive(true);
                let own: http::Uri = place.api.origin().parse().map_err(|e| unfit(&e))?;
                let Ok(octocrab) = octocrab::OctocrabBuilder::new_empty()
                    .with_service(ReqwestConnector::new(plain.clone()))
                    .with_layer(&AuthHeaderLayer::new(Some(secret), own.clone(), own))
                    .with_auth(octocrab::AuthState::None)
                    .build();
                Sender::Octocrab(Box::new(octocrab))
            }
        };
        Ok(Self { runtime, plain, sender })
    }

    /// For requests that carry their secret in their address.
    pub(super) fn without_token(address: &Address) -> Result<Self, Diagnostic> {
        let (runtime, plain) = basis(address)?;
        Ok(Self { runtime, plain, sender: Sender::Nobody })
    }

    async fn answer(&self, request: &Request) -> Result<Response, Lost> {
        let body = request.body.as_ref().map(serde_json::Value::to_string).unwrap_or_default();
        let mut built = http::Request::builder()
            .method(request.method.as_str())
            .uri(&request.url)
            .header(http::header::USER_AGENT, agent());
        if request.body.is_some() {
            built = built.header(http::header::CONTENT_TYPE, "application/json");
        }
        match &self.sender {
            Sender::Octocrab(octocrab) if request.is_authorized => {
                let built = built
                    .header(http::header::ACCEPT, "application/vnd.github+json")
                    .header("X-GitHub-Api-Version", VERSION);
                let built = built.body(body).map_err(|error| Lost::NotSent(cause(&error)))?;
                let response = octocrab.execute(built).await.map_err(|error| lost(&error))?;
                let (head, body) = response.into_parts();
                let body = Limited::new(body, request.most_bytes).collect().await;
                Ok(response_of(&head, body.map(|body| body.to_bytes().to_vec()).map_err(cut)?))
            }
            Sender::GitLab(token) if request.is_authorized => {
                let mut secret = http::HeaderValue::from_str(token.secret())
                    .map_err(|_| Lost::NotSent("the token fits into no header".to_owned()))?;
                secret.set_sensitive(true);
                self.bare(built.header("PRIVATE-TOKEN", secret), body, request.most_bytes).await
            }
            _ => self.bare(built, body, request.most_bytes).await,
        }
    }

    /// Sends a request as it is, without a token of its own.
    async fn bare(&self, built: http::request::Builder, body: String, most: usize) -> Result<Response, Lost> {
        let built = built.body(body).map_err(|error| Lost::NotSent(cause(&error)))?;
        let built = reqwest::Request::try_from(built).map_err(|error| Lost::NotSent(cause(&error)))?;
        let response = self.plain.execute(built).await.map_err(|error| lost(&error))?;
        let response: http::Response<reqwest::Body> = response.into();
        let (head, body) = response.into_parts();
        let body = Limited::new(body, most).collect().await;
        Ok(response_of(&head, body.map(|body| body.to_bytes().to_vec()).map_err(cut)?))
    }
}

impl Transport for Wire {
    fn send(&self, request: &Request, patience: Duration) -> Result<Response, Lost> {
        self.runtime.block_on(async {
            match tokio::time::timeout(patience, self.answer(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(Lost::Unknown(format!("nothing came for {} s", patience.as_secs()))),
            }
        })
    }
}

fn agent() -> String {
    format!("perfgate/{}", env!("CARGO_PKG_VERSION"))
}

/// What every connection needs.
fn basis(address: &Address) -> Result<(tokio::runtime::Runtime, reqwest::Client), Diagnostic> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(format!("cannot talk to the network: {error}")))?;
    // Fails only where another one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok((runtime, client(address)?))
}

fn client(address: &Address) -> Result<reqwest::Client, Diagnostic> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    if address.is_loopback() {
        builder = builder.no_proxy();
    }
    if let Some(path) = system::variable(CA_BUNDLE).filter(|path| !path.is_empty()) {
        let unfit = |why: String| {
            failed(format!("cannot use the certificates that {CA_BUNDLE} names: {why}"))
                .at(Location::file(path.as_str()))
        };
        let bytes = files::read(&path).map_err(|error| unfit(error.message))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&bytes).map_err(|e| unfit(cause(&e)))?;
        if certificates.is_empty() {
            return Err(unfit("there are none in the file".to_owned()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| {
        failed(format!("cannot set up https: {}", cause(&error))).help(format!(
            "install the system's certificates (package `ca-certificates`), or name a file of them in {CA_BUNDLE}"
        ))
    })
}

fn response_of(head: &http::response::Parts, body: Vec<u8>) -> Response {
    let headers = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    Response { status: head.status.as_u16(), headers: headers.collect(), body }
}

/// An answer that ended too early or is too long.
fn cut(error: Box<dyn StdError + Send + Sync>) -> Lost {
    if error.is::<LengthLimitError>() { Lost::TooLong } else { Lost::Unknown(cause(error.as_ref())) }
}

/// A request without an answer: whether the host was reached decides what may be done again.
fn lost(error: &(dyn StdError + 'static)) -> Lost {
    let mut next = Some(error);
    while let Some(at) = next {
        if at.downcast_ref::<reqwest::Error>().is_some_and(|error| error.is_connect() || error.is_builder()) {
            return Lost::NotSent(cause(error));
        }
        next = at.source();
    }
    Lost::Unknown(cause(error))
}

/// The innermost reason; the outer ones repeat addresses, which may hold a signature.
fn cause(error: &(dyn StdError + 'static)) -> String {
    let mut inner = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    text::line(&inner.to_string()).into_owned()
}
