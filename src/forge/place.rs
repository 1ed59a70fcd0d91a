//! Which host is talked to, and which project on it.
//!
//! Addresses come from options and from the variables that CI systems set, so that an enterprise server or a Forgejo
//! needs no configuration. They are `https`, unless the host is this machine, and carry no credentials.
//!
//! Sources: docs.github.com "Variables reference"; docs.gitlab.com "Predefined CI/CD variables"; forgejo.org "Actions".
//!
//! Not here: asking the environment for the pull request that is built (`io::ci`).

use crate::diag::{Code, Diagnostic};
use crate::text;

/// Kinds of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// github.com or an enterprise server.
    GitHub,
    /// gitlab.com or a server of one's own.
    GitLab,
    /// Gitea or Forgejo, whose interface is like GitHub's.
    Gitea,
}

impl Kind {
    /// The variable in which the place's own CI gives a token.
    pub fn token_variable(self) -> &'static str {
        match self {
            Self::GitHub | Self::Gitea => "GITHUB_TOKEN",
            Self::GitLab => "GITLAB_TOKEN",
        }
    }

    /// The variable in which the place's own CI names the project.
    pub fn project_variable(self) -> &'static str {
        match self {
            Self::GitHub | Self::Gitea => "GITHUB_REPOSITORY",
            Self::GitLab => "CI_PROJECT_ID",
        }
    }
}

/// The beginning of an address: scheme, host, port and path, without a final slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    scheme: &'static str,
    authority: String,
    path: String,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// If it is neither `https` nor of this machine, or carries credentials, a query or odd characters.
    pub fn parse(address: &str) -> Result<Self, Diagnostic> {
        let refused = |why: &str| {
            let shown = text::shown(&text::without_credentials(address).into());
            Diagnostic::new(Code::Usage, format!("`{shown}` is no address to talk to: {why}"))
        };
        let address = address.trim();
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
            _ => return Err(refused("it begins with neither `https://` nor `http://`")),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains('@') {
            return Err(refused("credentials do not belong into it"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%/:[]".contains(c);
        if authority.is_empty() || !authority.chars().chain(path.chars()).all(plain) {
            return Err(refused("it has no host, or a character that no such address has"));
        }
        let parsed =
            Self { scheme, authority: authority.to_ascii_lowercase(), path: path.trim_end_matches('/').to_owned() };
        if scheme == "http" && !parsed.is_loopback() {
            return Err(refused("without https, a token would be sent for everybody to read"));
        }
        Ok(parsed)
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = match self.authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or(""),
            None => self.authority.split(':').next().unwrap_or(""),
        };
        let address = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        address || host == "localhost"
    }

    /// Scheme, host and port, without the path.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// The address of something below: `path` begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin(), self.path)
    }

    /// Whether a whole address has this one's scheme, host and port, so that it may see the token.
    pub fn is_origin_of(&self, url: &str) -> bool {
        let Some((origin, _)) = split(url) else { return false };
        origin.eq_ignore_ascii_case(&self.origin())
    }
}

/// A whole address as its origin and the rest, if it has a scheme that is known here.
pub(super) fn split(url: &str) -> Option<(&str, &str)> {
    let after = url.split_once("://")?.1;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let at = url.len() - after.len() + end;
    Some((url.get(..at)?, url.get(at..)?))
}

/// A host and a project on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which kind of host.
    pub kind: Kind,
    /// Where its interface is.
    pub api: Address,
    /// Where its GraphQL is, which only GitHub has.
    pub graphql: Option<Address>,
    /// Where its pages are, for links.
    pub server: Option<Address>,
    /// The project: `owner/name`, or on GitLab a number or `group/name`.
    pub project: String,
}

impl Place {
    /// A place of a kind. What the options do not say, `variable` is asked for.
    ///
    /// # Errors
    /// If the project is not known, or a name or address is not one.
    pub fn find(
        kind: Kind,
        api: Option<&str>,
        project: Option<&str>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Diagnostic> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let is_gitlab = kind == Kind::GitLab;
        let names = [if is_gitlab { "CI_API_V4_URL" } else { "GITHUB_API_URL" }, kind.project_variable()];
        let usual = match kind {
            Kind::GitHub => Some("https://api.github.com".to_owned()),
            Kind::GitLab => Some("https://gitlab.com/api/v4".to_owned()),
            Kind::Gitea => None,
        };
        let is_given = api.is_some();
        let api = api.map(str::to_owned).or_else(|| variable(names[0])).or(usual).ok_or_else(|| {
            Diagnostic::new(Code::Usage, "the address of the server is not known")
                .help("name it: `--api-url https://HOST/api/v1`")
        })?;
        let api = Address::parse(&api)?;
        let project = project.map(str::to_owned).or_else(|| variable(names[1])).ok_or_else(|| {
            let example = if is_gitlab { "GROUP/NAME" } else { "OWNER/NAME" };
            Diagnostic::new(Code::Usage, "the project is not known")
                .help(format!("name it: `--repository {example}`, or set {}", names[1]))
        })?;
        let server = variable(if is_gitlab { "CI_SERVER_URL" } else { "GITHUB_SERVER_URL" });
        let server = server.map(|server| Address::parse(&server)).transpose()?;
        // The variable is about the server that runs the job, which an option may have replaced.
        let graphql = variable("GITHUB_GRAPHQL_URL").filter(|_| !is_given).map(|address| Address::parse(&address));
        let graphql = (kind == Kind::GitHub).then(|| graphql.unwrap_or_else(|| Ok(beside(&api)))).transpose()?;
        check_project(kind, &project)?;
        Ok(Self { kind, api, graphql, server, project })
    }

    /// The project as the part of an address.
    pub fn project_path(&self) -> String {
        match self.kind {
            Kind::GitHub | Kind::Gitea => format!("/repos/{}", self.project),
            Kind::GitLab => format!("/projects/{}", self.project.replace('/', "%2F")),
        }
    }

    /// The page of the project, if the server's pages are known.
    pub fn page(&self) -> Option<String> {
        let server = self.server.as_ref()?;
        let named = self.project.contains('/');
        named.then(|| server.join(&format!("/{}", self.project)))
    }
}

/// GraphQL beside the other interface: `/graphql`, on an enterprise server `/api/graphql`.
fn beside(api: &Address) -> Address {
    let path = api.path.strip_suffix("/v3").unwrap_or(&api.path);
    Address { path: format!("{path}/graphql"), ..api.clone() }
}

fn check_project(kind: Kind, project: &str) -> Result<(), Diagnostic> {
    let word = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        !part.is_empty() && part.len() <= 255 && !part.chars().all(|c| c == '.') && part.chars().all(plain)
    };
    let parts: Vec<&str> = project.split('/').collect();
    let fits = match kind {
        Kind::GitLab => !parts.is_empty(),
        Kind::GitHub | Kind::Gitea => parts.len() == 2,
    };
    if fits && parts.iter().all(|part| word(part)) {
        return Ok(());
    }
    let message = format!("`{}` is no project: write OWNER/NAME", text::shown(&project.into()));
    Err(Diagnostic::new(Code::Usage, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, variables: &[(&str, &str)]) -> Result<Place, Diagnostic> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Place::find(kind, None, None, &variable)
    }

    #[test]
    fn tokens_are_sent_over_https_or_to_this_machine_only() {
        for good in ["https://h", "https://h/api/v3/", "http://127.0.0.1:8", "http://localhost/x", "http://[::1]:1/"] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://h",
            "h",
            "ftp://h",
            "https://",
            "https://u:p@h",
            "https://h/a?b",
            "https://h\n.x",
            "http://127.0.0.1.evil.example",
        ] {
            let refused = Address::parse(bad).unwrap_err();
            assert!(!refused.message.contains("u:p"), "{refused:?}");
        }
    }

    #[test]
    fn enterprise_servers_have_their_own_addresses() {
        let repository = ("GITHUB_REPOSITORY", "o/r");
        let place = found(Kind::GitHub, &[repository, ("GITHUB_API_URL", "https://ghe.example/api/v3/")]).unwrap();
        assert_eq!(place.api.join("/x"), "https://ghe.example/api/v3/x");
        assert_eq!(place.graphql.unwrap().join(""), "https://ghe.example/api/graphql");
        assert_eq!(
            found(Kind::GitHub, &[repository]).unwrap().graphql.unwrap().join(""),
            "https://api.github.com/graphql"
        );
        assert_eq!(found(Kind::Gitea, &[repository, ("GITHUB_API_URL", "https://g/api/v1")]).unwrap().graphql, None);
        assert!(found(Kind::Gitea, &[repository]).is_err());
    }

    #[test]
    fn projects_are_names_and_nothing_else() {
        for bad in ["o", "o/r/x", "o/..", "../r", "o/r?x", "o/r#", "/r", "o/", "o/a b", "o/%2e"] {
            assert!(found(Kind::GitHub, &[("GITHUB_REPOSITORY", bad)]).is_err(), "{bad}");
        }
        let place = found(Kind::GitLab, &[("CI_PROJECT_ID", "g/s/p")]).unwrap();
        assert_eq!(place.project_path(), "/projects/g%2Fs%2Fp");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let api = Address::parse("https://h:8443/api").unwrap();
        assert!(api.is_origin_of("https://h:8443/other?x") && api.is_origin_of("https://H:8443"));
        for other in ["https://h/api", "http://h:8443/api", "https://h:8443.evil/", "https://h:84430/", "/api"] {
            assert!(!api.is_origin_of(other), "{other}");
        }
    }
}
