//! Finding, reading and writing files.

use std::cmp::Ordering;
use std::fs::FileType;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Location};
use crate::format::Tree;
use crate::text::{self, Untrusted};

/// Longest line of a text file, in bytes. Benchmark tools write lines of a few hundred.
const MAX_LINE: usize = 16 << 20;
/// Longest line of a JSON file, in bytes: minified documents are one line.
const MAX_JSON_LINE: usize = 512 << 20;
/// How Zstandard frames begin (RFC 8878, section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// As much of a packed file is read, in bytes: a small file can unpack to anything.
const MAX_UNPACKED: u64 = 2 << 30;
/// How much of a file is looked at to recognise what must not be read as a whole, in bytes.
const HEAD: usize = 64 << 10;
/// How much is asked of the system at once, in bytes.
const BUFFER: usize = 256 << 10;
/// How much is read at once.
const CHUNK: usize = 1 << 20;
/// Folders deeper than this are not followed.
const MAX_DEPTH: usize = 64;
/// How the names of files begin that are not complete yet; a process that is killed leaves one behind.
pub const TEMPORARY: &str = ".perfgate-";

/// A file that was opened, of which the beginning is known.
pub struct Source {
    name: Untrusted,
    /// As much as format detection looks at.
    head: Vec<u8>,
    rest: Box<dyn BufRead>,
    /// How many bytes the rest may have.
    size: usize,
}

impl Source {
    /// Opens a file, or standard input for `-`. Packed files are unpacked on the way; that they are, the first bytes tell.
    ///
    /// # Errors
    /// A diagnostic that says why it cannot be read.
    pub fn open(path: &str) -> Result<Self, Diagnostic> {
        let name = shown_name(path);
        let unreadable = |error: &std::io::Error| cannot_read(&name, error);
        let mut size = 0;
        let mut source: Box<dyn BufRead> = if path == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            let file = std::fs::File::open(path).map_err(|e| unreadable(&e))?;
            let about = file.metadata().map_err(|e| unreadable(&e))?;
            if about.is_dir() {
                let message = "this is a folder, not a file";
                return Err(Diagnostic::new(Code::Unreadable, message).at(Location::file(name)));
            }
            size = usize::try_from(about.len()).unwrap_or(0);
            Box::new(BufReader::with_capacity(BUFFER, file))
        };
        if source.fill_buf().map_err(|e| unreadable(&e))?.starts_with(&ZSTD_MAGIC) {
            let unpacked = zstd::Decoder::with_buffer(source).map_err(|e| unreadable(&e))?;
            source = Box::new(BufReader::with_capacity(BUFFER, unpacked.take(MAX_UNPACKED)));
        }
        let mut head = Vec::with_capacity(HEAD);
        (&mut source).take(HEAD as u64).read_to_end(&mut head).map_err(|e| unreadable(&e))?;
        Ok(Self { name, head, rest: source, size })
    }

    /// How the content begins.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The content, to be read in order.
    pub fn into_reader(self) -> impl BufRead {
        std::io::Cursor::new(self.head).chain(self.rest)
    }

    /// All of the content.
    ///
    /// # Errors
    /// A diagnostic that says why it cannot be read, or that a line is longer than any tool writes.
    pub fn into_bytes(self) -> Result<Vec<u8>, Diagnostic> {
        let (name, size) = (self.name.clone(), self.size);
        read_from(&name, &mut self.into_reader(), size)
    }
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// A diagnostic that says why it cannot be read, or that a line is longer than any tool writes.
pub fn read(path: &str) -> Result<Vec<u8>, Diagnostic> {
    Source::open(path)?.into_bytes()
}

fn cannot_read(name: &Untrusted, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(Code::Unreadable, format!("cannot read the file: {}", reason(error)))
        .at(Location::file(name.clone()))
}

/// Unpacks Zstandard, as far as 2 GiB.
///
/// # Errors
/// If the bytes are not Zstandard (RFC 8878), are cut short, or do not have the checksum that they say.
pub fn unpack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::with_capacity(bytes.len().saturating_mul(8).min(1 << 24));
    zstd::Decoder::with_buffer(bytes)?.take(MAX_UNPACKED).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// The name messages use for an input.
pub fn shown_name(path: &str) -> Untrusted {
    if path == "-" { "<stdin>".into() } else { path.into() }
}

fn read_from(name: &Untrusted, source: &mut dyn Read, size: usize) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::with_capacity(size.saturating_add(1).min(1 << 30));
    let mut line_start = 0;
    let mut limit = None;
    loop {
        let before = bytes.len();
        let got = source.take(CHUNK as u64).read_to_end(&mut bytes).map_err(|e| cannot_read(name, &e))?;
        if got == 0 {
            return Ok(bytes);
        }
        let new = bytes.get(before..).unwrap_or(&[]);
        if let Some(last) = new.iter().rposition(|b| *b == b'\n') {
            line_start = before + last + 1;
        }
        let limit = *limit.get_or_insert_with(|| {
            let first = new.iter().find(|b| !b.is_ascii_whitespace());
            if matches!(first, Some(b'{' | b'[')) { MAX_JSON_LINE } else { MAX_LINE }
        });
        if bytes.len() - line_start > limit {
            let line = bytes.split(|b| *b == b'\n').count() as u64;
            let message = format!("line {line} is longer than {} MiB", limit >> 20);
            return Err(Diagnostic::new(Code::LineTooLong, message)
                .at(Location::line(name.clone(), line))
                .help("give the file that the benchmark tool wrote"));
        }
    }
}

/// An operating system error without its number.
pub(super) fn reason(error: &std::io::Error) -> String {
    let full = error.to_string();
    full.split(" (os error").next().unwrap_or(&full).to_lowercase()
}

/// A folder on disk.
#[derive(Debug)]
pub struct Folder {
    name: Untrusted,
    root: PathBuf,
    files: Vec<String>,
    unreadable: Vec<Diagnostic>,
}

impl Folder {
    /// Lists a folder. Links to folders are not followed; `.git` and `node_modules` are left out.
    ///
    /// # Errors
    /// A diagnostic if the folder itself cannot be listed.
    pub fn open(path: &str) -> Result<Self, Diagnostic> {
        let root = PathBuf::from(path);
        let cannot = |at: &str, error: &std::io::Error| {
            Diagnostic::new(Code::Unreadable, format!("cannot list the folder: {}", reason(error)))
                .at(Location::file(at))
        };
        let (mut files, mut unreadable) = (Vec::new(), Vec::new());
        for found in list(&root, "", 0).map_err(|error| cannot(path, &error))? {
            match found {
                Found::File(file) => files.push(file),
                Found::Unreadable(sub, error) => unreadable.push(cannot(&format!("{path}/{sub}"), &error)),
            }
        }
        Ok(Self { name: path.trim_end_matches('/').into(), root, files, unreadable })
    }

    /// One message for each sub-folder that cannot be listed.
    pub fn unreadable(&self) -> &[Diagnostic] {
        &self.unreadable
    }

    /// The part of the folder below `sub`, which is a relative path or empty.
    #[must_use]
    pub fn below(&self, sub: &str) -> Self {
        if sub.is_empty() {
            return Self {
                name: self.name.clone(),
                root: self.root.clone(),
                files: self.files.clone(),
                unreadable: Vec::new(),
            };
        }
        let prefix = format!("{sub}/");
        Self {
            name: format!("{}/{sub}", self.name.raw()).into(),
            root: self.root.join(sub),
            files: self.files.iter().filter_map(|f| f.strip_prefix(&prefix)).map(str::to_owned).collect(),
            unreadable: Vec::new(),
        }
    }
}

impl Tree for Folder {
    fn name(&self) -> &Untrusted {
        &self.name
    }

    fn files(&self) -> &[String] {
        &self.files
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.root.join(path)).map_err(|e| reason(&e))
    }

    fn modified(&self, path: &str) -> Option<i64> {
        let time = std::fs::metadata(self.root.join(path)).ok()?.modified().ok()?;
        let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    }
}

/// What lies below a folder.
enum Found {
    File(String),
    Unreadable(String, std::io::Error),
}

/// Every file below a folder, in natural order, with `prefix` before its path. Sub-folders are listed many at once.
fn list(folder: &Path, prefix: &str, depth: usize) -> std::io::Result<Vec<Found>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        entries.push((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?));
    }
    entries.sort_unstable_by(|(a, _), (b, _)| natural(a, b));
    let below = |(name, kind): &(String, FileType)| -> Vec<Found> {
        let path = format!("{prefix}{name}");
        if kind.is_dir() {
            if depth >= MAX_DEPTH || matches!(name.as_str(), ".git" | "node_modules") {
                return Vec::new();
            }
            list(&folder.join(name), &format!("{path}/"), depth + 1)
                .unwrap_or_else(|error| vec![Found::Unreadable(path, error)])
        } else if kind.is_file() || (kind.is_symlink() && folder.join(name).is_file()) {
            vec![Found::File(path)]
        } else {
            Vec::new()
        }
    };
    Ok(entries.par_iter().flat_map_iter(below).collect())
}

/// Natural path order: runs of digits compare as numbers, so `run-2` comes before `run-10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (number, other) = (leading_digits(left), leading_digits(right));
        if !number.is_empty() && !other.is_empty() {
            let significant = |digits: &str| digits.trim_start_matches('0').to_owned();
            let (m, n) = (significant(number), significant(other));
            let order = m.len().cmp(&n.len()).then_with(|| m.cmp(&n));
            if order != Ordering::Equal {
                return order;
            }
            left = left.get(number.len()..).unwrap_or("");
            right = right.get(other.len()..).unwrap_or("");
            continue;
        }
        let (mut rest, mut other_rest) = (left.chars(), right.chars());
        match (rest.next(), other_rest.next()) {
            (None, None) => return a.cmp(b),
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(c), Some(d)) if c == d => (left, right) = (rest.as_str(), other_rest.as_str()),
            // A folder's own files come before what is in longer names.
            (Some(c), Some(d)) => return (c != '/', c).cmp(&(d != '/', d)),
        }
    }
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or("")
}

/// Whether two paths are the same existing file or folder.
pub fn is_same(a: &str, b: &str) -> bool {
    match (std::fs::canonicalize(a), std::fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, or something else that can be read.
    File,
    /// A folder.
    Folder,
    /// Nothing.
    Missing,
}

/// Looks at a path, following links.
pub fn kind(path: &str) -> Kind {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Kind::Folder,
        Ok(_) => Kind::File,
        // A file that may not be looked at is there: reading it will say why it cannot be read.
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Kind::File,
        Err(_) => Kind::Missing,
    }
}

/// Whether anything is at a path, be it a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Whether a path is a file, and not a link to one.
pub(super) fn is_plain_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file())
}

/// Whether a path is a folder, and not a link to one.
pub(super) fn is_plain_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}

/// The names in a folder, for "did you mean".
pub fn siblings(path: &str) -> Vec<String> {
    let path = Path::new(path);
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|e| {
            let name = e.file_name().to_string_lossy().into_owned();
            if parent == Path::new(".") { name } else { parent.join(name).to_string_lossy().into_owned() }
        })
        .collect();
    names.sort();
    names
}

/// Paths that a glob matches, in natural order.
///
/// # Errors
/// A diagnostic if the glob is malformed.
pub fn glob(pattern: &str) -> Result<Vec<String>, Diagnostic> {
    let paths = ::glob::glob(pattern).map_err(|error| {
        Diagnostic::new(Code::NotFound, format!("`{}` is not a glob: {}", text::shown(&pattern.into()), error.msg))
    })?;
    let mut found: Vec<String> = paths.filter_map(Result::ok).map(|p| p.to_string_lossy().into_owned()).collect();
    found.sort_by(|a, b| natural(a, b));
    Ok(found)
}

/// Writes a file so that readers see the old content or the new, never a part. Missing folders are made.
///
/// # Errors
/// Why it cannot be written.
pub fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let fail = |error: &std::io::Error| anyhow::anyhow!("{}", reason(error));
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| fail(&e))?;
    // A device or a pipe, such as /dev/stderr, cannot be replaced: write into it.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        let mut file = std::fs::OpenOptions::new().write(true).open(path).map_err(|e| fail(&e))?;
        return file.write_all(content).map_err(|e| fail(&e));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(|e| fail(&e))?;
    file.write_all(content).map_err(|e| fail(&e))?;
    file.persist(path).map_err(|e| fail(&e.error))?;
    Ok(())
}

/// Sees that [`write()`] could write a file, without writing it: for what is written after a long measurement.
///
/// # Errors
/// Why it could not be written.
pub fn could_write(path: &Path) -> anyhow::Result<()> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => anyhow::bail!("this is a folder, not a file"),
        Ok(meta) if !meta.is_file() => return Ok(()),
        _ => {}
    }
    let here = Path::new(".");
    let above = path.ancestors().skip(1).map(|folder| if folder.as_os_str().is_empty() { here } else { folder });
    let folder = above.into_iter().find(|folder| is_there(folder)).unwrap_or(here);
    let tried = tempfile::Builder::new().prefix(".perfgate-").tempfile_in(folder);
    tried.map(drop).map_err(|error| anyhow::anyhow!("{}", reason(&error)))
}

/// Makes a folder, and sees that files can be made in it.
///
/// # Errors
/// Why it cannot be written into.
pub fn make_writable(folder: &Path) -> anyhow::Result<()> {
    let made = std::fs::create_dir_all(folder);
    let tried = made.and_then(|()| tempfile::Builder::new().prefix(".perfgate-").tempfile_in(folder));
    tried.map(drop).map_err(|error| anyhow::anyhow!("{}", reason(&error)))
}

/// Adds to the end of a file, which is made if it is not there.
///
/// # Errors
/// Why it cannot be written.
pub fn append(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(content));
    written.map_err(|error| anyhow::anyhow!("{}", reason(&error)))
}

/// Removes a file, if it is there.
///
/// # Errors
/// Why it cannot be removed.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(anyhow::anyhow!("{}", reason(&error))),
        _ => Ok(()),
    }
}

/// Writes a new file.
///
/// # Errors
/// If it exists already, or cannot be written.
pub fn write_new(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|e| anyhow::anyhow!("{}", reason(&e)))?;
    file.write_all(content).map_err(|e| anyhow::anyhow!("{}", reason(&e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order_of_paths() {
        let mut names = vec!["run-10/a", "run-2/a", "run-1", "run-02/b", "run", "b", "run-2.txt"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["b", "run", "run-1", "run-2/a", "run-02/b", "run-2.txt", "run-10/a"]);
    }

    #[test]
    fn writing_is_atomic_and_makes_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/report.json");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
