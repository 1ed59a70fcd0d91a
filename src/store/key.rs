//! The name of a stored run: what it is of, when it was measured, and a checksum of its content.
//!
//! A key and its path are the same thing in two forms:
//! `runs/TESTBED/SUITE/YYYY-MM/YYYYMMDDTHHMMSSZ-COMMIT-CHECKSUM.json.zst`. Two runs never share a path, so writers never
//! touch each other's files; everything a baseline is chosen by can be read from a list of paths.
//!
//! Not here: what is in the files.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::text::Untrusted;

/// The folder of a store that holds the runs.
pub(super) const RUNS: &str = "runs";
/// What the name of a stored run ends with.
const SUFFIX: &str = ".json.zst";
/// The word for a commit that is not known.
const NO_COMMIT: &str = "none";
/// Digits of a checksum: 64 bits of SHA-256.
const CHECKSUM_DIGITS: usize = 16;
/// Longest name of a testbed or suite, in bytes. Escaped it still fits into a file name.
pub const LONGEST_NAME: usize = 80;

/// The name of a stored run. Ordered by testbed, suite and time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The class of machines.
    pub testbed: Untrusted,
    /// The suite, as `--suite` names it.
    pub suite: Untrusted,
    /// When it was measured, or its commit made, or it was recorded: the first of these that is known. Seconds since
    /// 1970 in UTC.
    pub time: i64,
    /// The commit, as the run gives it.
    pub commit: Option<Untrusted>,
    /// The first 64 bits of the SHA-256 of the unpacked content, in hexadecimal digits.
    pub checksum: String,
}

impl Key {
    /// Where the run lies in a store.
    pub fn path(&self) -> String {
        let time = civil(self.time);
        let commit = self.commit.as_ref().map_or_else(|| NO_COMMIT.to_owned(), |c| escaped(c.raw(), false));
        format!(
            "{RUNS}/{}/{}/{}/{}-{commit}-{}{SUFFIX}",
            escaped(self.testbed.raw(), true),
            escaped(self.suite.raw(), true),
            time.strftime("%Y-%m"),
            time.strftime("%Y%m%dT%H%M%SZ"),
            self.checksum,
        )
    }

    /// The key that a path stands for; `None` for every path that [`Key::path`] cannot give.
    pub fn from_path(path: &str) -> Option<Self> {
        let mut folders = path.split('/');
        let (runs, testbed, suite, _month, name) =
            (folders.next()?, folders.next()?, folders.next()?, folders.next()?, folders.next()?);
        let mut parts = name.strip_suffix(SUFFIX)?.split('-');
        let (time, commit, checksum) = (parts.next()?, parts.next()?, parts.next()?);
        let time = DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?.to_zoned(TimeZone::UTC).ok()?;
        let key = Self {
            testbed: unescaped(testbed)?.into(),
            suite: unescaped(suite)?.into(),
            time: time.timestamp().as_second(),
            commit: if commit == NO_COMMIT { None } else { Some(unescaped(commit)?.into()) },
            checksum: checksum.to_owned(),
        };
        let whole = runs == RUNS && checksum.len() == CHECKSUM_DIGITS && key.path() == path;
        whole.then_some(key)
    }

    /// Whether the other key is of the same run: the time of a run that says nothing of its time is when it was recorded.
    pub fn is_same_run(&self, other: &Self) -> bool {
        (&self.testbed, &self.suite, &self.commit, &self.checksum)
            == (&other.testbed, &other.suite, &other.commit, &other.checksum)
    }
}

/// The checksum that a key has for this content.
pub(super) fn checksum(content: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(content);
    let first = digest.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    format!("{first:0CHECKSUM_DIGITS$x}")
}

/// Seconds since 1970 as a date, held within the years that four digits can write.
fn civil(time: i64) -> DateTime {
    let bounded = time.clamp(-62_135_596_800, 253_402_207_200);
    Timestamp::from_second(bounded).unwrap_or_default().to_zoned(TimeZone::UTC).datetime()
}

/// A name as one part of a path: what could mean anything to a file system or to [`Key::from_path`] as `%XX`.
fn escaped(name: &str, dash: bool) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+') || (byte == b'-' && dash);
        if plain || (byte == b'.' && at > 0) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    // `none` stands for no commit.
    if !dash && out == NO_COMMIT { "%6Eone".to_owned() } else { out }
}

fn unescaped(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_names_testbed_suite_time_and_commit() {
        let key = Key {
            testbed: "linux-x64".into(),
            suite: "../a b".into(),
            time: 1_795_249_172,
            commit: Some("9d4e953".into()),
            checksum: checksum(b"x"),
        };
        let path = "runs/linux-x64/%2E.%2Fa%20b/2026-11/20261121T081932Z-9d4e953-2d711642b726b044.json.zst";
        assert_eq!(key.path(), path);
        assert_eq!(Key::from_path(path), Some(key));
    }

    #[test]
    fn other_paths_are_no_keys() {
        let good = "runs/a/b/2026-11/20261121T083932Z-none-2d711642b726b044.json.zst";
        assert_eq!(Key::from_path(good).unwrap().commit, None);
        for (from, to) in [
            ("runs/", "run/"),
            ("2026-11", "2026-12"),
            ("Z-none", "Z-"),
            ("b044", "b04"),
            (".zst", ".zst~"),
            ("/b/", "/b/c/"),
            ("/a/", "/%/"),
            ("/a/", "/./"),
            ("T083932", "T083972"),
        ] {
            assert_eq!(Key::from_path(&good.replace(from, to)), None, "{from} -> {to}");
        }
    }

    proptest! {
        #[test]
        fn every_key_comes_back_from_its_path(
            (testbed, suite, commit) in (".{1,9}", ".{1,9}", prop::option::of(".{1,9}")),
            time in -62_135_596_800_i64..253_402_207_200,
        ) {
            let key = Key {
                testbed: testbed.into(),
                suite: suite.into(),
                time,
                commit: commit.map(Untrusted::from),
                checksum: checksum(b""),
            };
            let path = key.path();
            prop_assert!(!path.contains("/.") && !path.contains("//") && path.is_ascii());
            prop_assert_eq!(Key::from_path(&path), Some(key));
        }
    }
}
