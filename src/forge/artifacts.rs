//! What another workflow run left behind, read in memory within limits.
//!
//! An artifact of a pull request's run is written by a stranger. Only one entry of each archive is read, nothing is
//! unpacked to disk, no path in it means anything, and every size is bounded before it is believed: entries, packed and
//! unpacked bytes, which are counted while they come.
//!
//! Source: docs.github.com REST "Actions artifacts"; the archives are those of actions/upload-artifact v4 and later.
//!
//! Not here: what the entry holds (`format`), limits on its content (`cli`).

use std::io::{Cursor, Read as _};

use serde::Deserialize;
use serde_json::Value;
use zip::ZipArchive;

use super::github::GitHub;
use super::http::{Method, Request};
use super::policy::Problem;
use crate::text;

/// What the names of artifacts for us begin with.
pub const PREFIX: &str = "perfgate-report";
/// The entry of an archive that is read.
pub const ENTRY: &str = "run.json";
/// Most artifacts of a run.
const MOST_ARTIFACTS: usize = 32;
/// Most bytes of an archive.
const MOST_PACKED: usize = 5 * 1024 * 1024;
/// Most bytes of the entry.
const MOST_BYTES: u64 = 20 * 1024 * 1024;
/// Most entries of an archive.
const MOST_ENTRIES: usize = 16;

/// An artifact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    /// Its number.
    pub id: u64,
    /// Its name, which the run chose.
    pub name: String,
    #[serde(default)]
    size_in_bytes: u64,
    #[serde(default)]
    expired: bool,
}

/// Why an artifact is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It breaks a limit, or is no archive.
    Refused(String),
    /// It could not be fetched.
    Problem(Problem),
}

impl From<Problem> for Unusable {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl GitHub {
    /// The artifacts of a run that are for us, by name. Of several with one name, which attempts of a run leave, the
    /// newest.
    ///
    /// # Errors
    /// If they cannot be listed, or break a limit.
    pub fn artifacts(&self, run: u64) -> Result<Vec<Artifact>, Unusable> {
        let list = |page: Value| match page {
            Value::Object(mut page) => match page.remove("artifacts") {
                Some(Value::Array(list)) => Some(list),
                _ => None,
            },
            _ => None,
        };
        let all: Vec<Artifact> = self.pages_of(&format!("/actions/runs/{run}/artifacts"), list)?;
        let mut ours: Vec<Artifact> = all.into_iter().filter(|artifact| artifact.name.starts_with(PREFIX)).collect();
        ours.sort_by(|a, b| a.name.cmp(&b.name).then(b.id.cmp(&a.id)));
        ours.dedup_by(|later, first| later.name == first.name);
        let refused = |artifact: &Artifact, why: &str| {
            Unusable::Refused(format!("the artifact `{}` {why}", text::shown(&artifact.name.as_str().into())))
        };
        if ours.len() > MOST_ARTIFACTS {
            return Err(Unusable::Refused(format!("the run has more than {MOST_ARTIFACTS} artifacts `{PREFIX}*`")));
        }
        for artifact in &ours {
            if artifact.expired {
                return Err(refused(artifact, "has expired; run the benchmarks again"));
            }
            if artifact.size_in_bytes > MOST_PACKED as u64 {
                return Err(refused(artifact, "is larger than 5 MiB"));
            }
        }
        Ok(ours)
    }

    /// The content of the one entry of an artifact that is read.
    ///
    /// # Errors
    /// If it cannot be fetched, or breaks a limit.
    pub fn artifact(&self, artifact: &Artifact) -> Result<Vec<u8>, Unusable> {
        let url = self.url(&format!("/actions/artifacts/{}/zip", artifact.id));
        let response = self.session().send(&Request::new(Method::Get, url).at_most(MOST_PACKED))?;
        entry(response.body).map_err(|why| {
            let name = text::shown(&artifact.name.as_str().into());
            Unusable::Refused(format!("the artifact `{name}` {why}"))
        })
    }
}

/// The one entry of an archive that is read.
///
/// # Errors
/// Why it is not, as the end of a sentence.
pub fn entry(archive: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut archive = ZipArchive::new(Cursor::new(archive))
        .map_err(|error| format!("is no zip archive: {}", text::line(&error.to_string())))?;
    if archive.len() > MOST_ENTRIES {
        return Err(format!("has more than {MOST_ENTRIES} entries"));
    }
    let index = archive.index_for_name(ENTRY).ok_or_else(|| format!("holds no `{ENTRY}`"))?;
    let is_encrypted = archive.by_index_raw(index).map_or(true, |entry| entry.encrypted());
    if is_encrypted {
        return Err("is encrypted".to_owned());
    }
    let entry = archive.by_index(index).map_err(|error| format!("is damaged: {}", text::line(&error.to_string())))?;
    if !entry.is_file() {
        return Err(format!("has a `{ENTRY}` that is no file"));
    }
    let mut content = Vec::new();
    // What the archive says of the size is the stranger's word as well.
    entry
        .take(MOST_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(|error| format!("is damaged: {}", text::line(&error.to_string())))?;
    if content.len() as u64 > MOST_BYTES {
        return Err(format!("has a `{ENTRY}` of more than 20 MiB"));
    }
    Ok(content)
}
