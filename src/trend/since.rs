//! `--since`: the oldest run whose changes are reported.
//!
//! Four forms, told apart by how they look: a date (`2026-11-01`: runs of that day, in UTC, and later), an age (`30d`,
//! `12w`: as a date that long before today), the beginning of a commit (7 hexadecimal digits or more: from its oldest run
//! on), and a number of runs (`20`: the newest 20). A run's time is when it was measured, else when its commit was made.
//!
//! Not here: what `--since` means for what is new (the module above).

use jiff::civil::Date;

use super::Point;
use crate::diag::{Code, Diagnostic};
use crate::text::{self, Untrusted};

/// Where the report begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// Runs of this day in UTC, and later.
    Date(Date),
    /// Runs of the last so many days.
    Days(u32),
    /// From the oldest run of the commit that begins like this.
    Commit(Untrusted),
    /// The newest so many runs.
    Runs(usize),
}

/// Fewest digits of a commit.
const SHORTEST_COMMIT: usize = 7;

const SECONDS_OF_A_DAY: i64 = 86_400;

const FORMS: &str =
    "write a date (2026-11-01), an age (30d, 12w), 7 digits or more of a commit, or a number of runs (20)";

impl Since {
    /// Reads one of the four forms.
    ///
    /// # Errors
    /// A diagnostic that names the forms.
    pub fn parse(written: &str) -> Result<Self, Diagnostic> {
        let bare = written.trim();
        if let Ok(date) = bare.parse::<Date>() {
            return Ok(Self::Date(date));
        }
        for (suffix, days) in [('d', 1), ('w', 7)] {
            let number = bare.strip_suffix(suffix).filter(|n| n.len() < SHORTEST_COMMIT - 1);
            if let Some(n) = number.and_then(|n| n.parse::<u32>().ok()) {
                return Ok(Self::Days(n.saturating_mul(days)));
            }
        }
        if bare.len() >= SHORTEST_COMMIT && bare.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Self::Commit(bare.to_ascii_lowercase().into()));
        }
        match bare.parse::<usize>() {
            Ok(runs) if runs > 0 => Ok(Self::Runs(runs)),
            _ => {
                let shown = text::shown(&written.into());
                Err(Diagnostic::new(Code::Usage, format!("`--since {shown}` names no point in the history"))
                    .help(FORMS))
            }
        }
    }

    /// The index of the oldest run that is meant; the number of runs where all are older.
    pub(super) fn first(&self, points: &[Point<'_>], today: Date) -> Result<usize, Diagnostic> {
        let time = |p: &Point<'_>| p.run.subject.taken_at.or(p.run.subject.committed_at);
        match self {
            Self::Runs(runs) => Ok(points.len().saturating_sub(*runs)),
            Self::Commit(wanted) => {
                let is_it = |p: &Point<'_>| {
                    let commit = p.run.subject.commit.as_ref();
                    commit.is_some_and(|c| c.raw().to_ascii_lowercase().starts_with(wanted.raw()))
                };
                points.iter().position(is_it).ok_or_else(|| {
                    let message = format!("no run of the history measured the commit `{}`", text::shown(wanted));
                    Diagnostic::new(Code::Usage, message).help(FORMS)
                })
            }
            Self::Date(_) | Self::Days(_) => {
                if !points.is_empty() && points.iter().all(|p| time(p).is_none()) {
                    let message = "`--since` is a date, but no run of the history says when it was measured";
                    return Err(Diagnostic::new(Code::Usage, message).help("give a commit or a number of runs"));
                }
                let midnight = match self {
                    Self::Date(date) => seconds(*date),
                    Self::Days(days) => seconds(today) - i64::from(*days) * SECONDS_OF_A_DAY,
                    _ => 0,
                };
                Ok(points.iter().position(|p| time(p).is_some_and(|t| t >= midnight)).unwrap_or(points.len()))
            }
        }
    }
}

/// Seconds from 1970 to the beginning of a day in UTC.
fn seconds(date: Date) -> i64 {
    let days = date.duration_since(Date::constant(1970, 1, 1)).as_secs();
    days / SECONDS_OF_A_DAY * SECONDS_OF_A_DAY
}
