//! The documents to begin with: the fixtures, each under the name of what reads it.
//!
//! Not here: which of them are worth keeping, which the fuzzer finds out.

use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

use perfgate::diag::Diagnostics;
use perfgate::format::{self, Detection, Document, FORMATS, Reader, perfgate_run};

use crate::properties::SEPARATOR;

/// Writes the documents below `fixtures` to `target/NAME/`, and trees as one document each.
///
/// # Errors
/// What keeps it from reading or writing a file.
pub fn write(fixtures: &Path, target: &Path) -> Result<()> {
    let mut files = Vec::new();
    walk(fixtures, &mut files)?;
    let keep = |name: &str, from: &Path, bytes: &[u8]| -> Result<()> {
        let folder = target.join(name);
        fs::create_dir_all(&folder)?;
        let parts: Vec<_> =
            from.strip_prefix(fixtures).unwrap_or(from).iter().map(|part| part.to_string_lossy()).collect();
        fs::write(folder.join(parts.join("+")), bytes)
    };
    for path in &files {
        let bytes = fs::read(path)?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => keep("config", path, &bytes)?,
            Some("md" | "py") => continue,
            _ if path.file_name().is_some_and(|name| name == "expected.txt") => continue,
            _ => {}
        }
        if path.starts_with(fixtures.join("reports")) {
            keep("report", path, &bytes)?;
        }
        keep("detect", path, &bytes)?;
        let mut said = Diagnostics::new();
        let Ok(text) = format::decode(&"seed".into(), &bytes, &mut said) else { continue };
        let Detection::One(format) = format::detect(&text) else { continue };
        keep(format.name, path, &bytes)?;
        let runs = format.read(&Document { name: "seed".into(), text: &text }, &mut said).unwrap_or_default();
        keep("perfgate", path, perfgate_run::write(&runs).as_bytes())?;
    }
    for format in FORMATS {
        if matches!(format.reader, Reader::Tree { .. }) {
            for case in folders(&fixtures.join(format.name))? {
                keep(format.name, &case, &packed(&case.join("input"))?)?;
            }
        }
    }
    // What describes formats, with what each describes.
    let toml = fs::read(fixtures.join("config/own-format.toml"))?;
    for path in
        files.iter().filter(|path| path.starts_with(fixtures.join("json")) || path.starts_with(fixtures.join("csv")))
    {
        if path.file_stem().is_some_and(|stem| stem == "input") {
            keep("mapped", path, &[toml.as_slice(), &[SEPARATOR], &fs::read(path)?].concat())?;
        }
    }
    Ok(())
}

/// As much of a folder is taken, in bytes.
const MOST: usize = 32 << 10;

/// The first files of a folder as one document.
fn packed(root: &Path) -> Result<Vec<u8>> {
    let mut files = Vec::new();
    walk(root, &mut files)?;
    let mut out = Vec::new();
    for path in files {
        if out.len() > MOST {
            break;
        }
        let parts: Vec<_> =
            path.strip_prefix(root).unwrap_or(&path).iter().map(|part| part.to_string_lossy()).collect();
        if !out.is_empty() {
            out.push(SEPARATOR);
        }
        out.extend_from_slice(parts.join("/").as_bytes());
        out.push(b'\n');
        out.extend(fs::read(&path)?);
    }
    Ok(out)
}

fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = fs::read_dir(root)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    found.retain(|path| path.join("input").is_dir());
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
