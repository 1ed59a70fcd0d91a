//! The layout of the code, held by a test: who may import whom, and how long a file may get.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::string_slice, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module, with the modules of this crate that it may import besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("unit", &[]),
    ("stats", &[]),
    ("diag", &["text"]),
    ("model", &["text", "diag", "unit", "stats"]),
    ("format", &["text", "diag", "unit", "stats", "model"]),
    ("config", &["text", "diag", "unit", "stats", "model"]),
    ("verdict", &["text", "diag", "unit", "stats", "model", "config"]),
    ("trend", &["text", "diag", "unit", "stats", "model", "config"]),
    ("report", &["text", "diag", "unit", "stats", "model"]),
    ("io", &["text", "diag", "model", "format"]),
    ("store", &["text", "diag", "model", "format", "io"]),
    ("runner", &["text", "diag", "model", "format", "io"]),
    ("forge", &["text", "diag", "io"]),
    (
        "cli",
        &[
            "text", "diag", "unit", "stats", "model", "format", "config", "verdict", "trend", "report", "io", "store",
            "runner", "forge",
        ],
    ),
];

/// Modules that may touch files, processes, the environment or the network.
const SHELL: &[&str] = &["io", "store", "runner", "forge"];

const MAX_LINES: usize = 600;

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 30, "the sources are not where this test looks");
    found
}

/// The top-level module a file belongs to; `None` for main.rs and lib.rs.
fn module(path: &Path) -> Option<String> {
    let relative = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
    Path::new(&first).extension().is_none_or(|e| e != "rs").then_some(first)
}

/// Every `crate::NAME` in the code, comments left out; lists in braces may run over lines.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut code = String::new();
    for line in text.lines() {
        code.push_str(line.split("//").next().unwrap_or(""));
        code.push('\n');
    }
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').collect(),
            None => vec![rest],
        };
        let line = code[..at].matches('\n').count() + 1;
        for name in names {
            let name = name.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            if !name.is_empty() {
                found.push((line, name.to_owned()));
            }
        }
    }
    found
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module(&path) else { continue };
        let Some(allowed) = table.get(module.as_str()) else {
            faults.push(format!("{}: module `{module}` is not in the table", path.display()));
            continue;
        };
        for (line, name) in imports(&text) {
            if name != module && !allowed.contains(&name.as_str()) {
                faults.push(format!("{}:{line}: `{module}` may not import `{name}`", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn formats_do_not_import_each_other() {
    // What is shared: the reading of JSON, of XML, of Go's text, of Valgrind's counts, of rows and lines, of load tools, and
    // the look at a document.
    const SHARED: &[&str] =
        &["json", "benchfmt", "probe", "rows", "lines", "statistics", "load", "response_times", "valgrind", "xml"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format");
    let table = fs::read_to_string(root.join("mod.rs")).unwrap();
    let modules: Vec<&str> =
        table.lines().filter_map(|l| l.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')).collect();
    let formats: Vec<&str> = modules.into_iter().filter(|m| !SHARED.contains(m)).collect();
    // critcmp's export lies with the tree it is made from, and k6's stream with its summary.
    assert!(formats.len() + 2 >= perfgate::format::FORMATS.len(), "{formats:?}");
    for (path, text) in sources() {
        let Ok(own) = path.strip_prefix(&root) else { continue };
        let own = own.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        for name in formats.iter().filter(|n| **n != own && own != "mod") {
            let imports = [format!("super::{name}"), format!("format::{name}")];
            assert!(!imports.iter().any(|i| text.contains(i)), "{} imports the format `{name}`", path.display());
        }
    }
}

#[test]
fn every_module_opens_with_an_essay() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
    }
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn only_the_shell_touches_the_outside_world() {
    const OUTSIDE: &[&str] =
        &["std::fs", "std::env::var", "std::env::set", "std::process::Command", "std::net", "SystemTime::now"];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module(&path) else { continue };
        if SHELL.contains(&module.as_str()) || path.ends_with("tests.rs") {
            continue;
        }
        // Unit tests may read their expectations.
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap();
            if let Some(found) = OUTSIDE.iter().find(|o| line.contains(**o)) {
                faults.push(format!("{}:{}: `{found}` outside of {SHELL:?}", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
