//! A look at a project: which benchmark tools it uses, and where their results are.

use std::path::Path;

use super::files;

/// Folders that are not searched.
const SKIPPED: [&str; 8] = [".git", "target", "node_modules", "vendor", ".venv", "venv", "__pycache__", ".tox"];
/// How deep the search goes.
const DEPTH: usize = 6;
/// Source files larger than this are not looked into, in bytes.
const MAX_SOURCE: u64 = 1 << 20;

/// A benchmark tool that a project uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// criterion.rs
    Criterion,
    /// `go test -bench`
    Go,
    /// pytest-benchmark
    PytestBenchmark,
    /// divan
    Divan,
}

/// What was found, and the file that showed it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The tool.
    pub tool: Tool,
    /// The file, relative to the folder.
    pub evidence: String,
}

/// Looks at the project in a folder: one finding per tool, in a fixed order.
pub fn look(folder: &Path) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    search(folder, "", 0, &mut |name, relative, path| {
        let is_python = Path::new(name).extension().is_some_and(|e| e == "py");
        let tools: &[Tool] = match name {
            "Cargo.toml" => &[Tool::Criterion, Tool::Divan],
            name if name.ends_with("_test.go") => &[Tool::Go],
            "pyproject.toml" | "setup.cfg" | "setup.py" | "tox.ini" | "pytest.ini" | "Pipfile" => {
                &[Tool::PytestBenchmark]
            }
            name if name.starts_with("requirements") => &[Tool::PytestBenchmark],
            name if name.starts_with("test_") && is_python => &[Tool::PytestBenchmark],
            _ => return,
        };
        let wanted: Vec<Tool> = tools.iter().copied().filter(|tool| found.iter().all(|f| f.tool != *tool)).collect();
        if wanted.is_empty() {
            return;
        }
        let Ok(content) = std::fs::read_to_string(path) else { return };
        let shows = |tool: &Tool| match tool {
            Tool::Criterion => content.lines().any(|l| l.trim_start().starts_with("criterion")),
            Tool::Divan => content.lines().any(|l| is_dependency(l, "divan")),
            Tool::Go => content.lines().any(|l| l.starts_with("func Benchmark")),
            Tool::PytestBenchmark if name.starts_with("test_") => {
                content
                    .lines()
                    .any(|l| l.trim_start().starts_with("def ") && l.contains("benchmark") && l.contains('('))
                    && content.contains("benchmark(")
            }
            Tool::PytestBenchmark => content.contains("pytest-benchmark") || content.contains("pytest_benchmark"),
        };
        found.extend(wanted.into_iter().filter(shows).map(|tool| Finding { tool, evidence: relative.to_owned() }));
    });
    found.sort();
    found
}

/// Whether a line of Cargo.toml is the dependency, in either of its two forms: `divan = …` or `[dev-dependencies.divan]`.
fn is_dependency(line: &str, name: &str) -> bool {
    let line = line.trim();
    let of_its_own = |line: &str| line.strip_suffix(']').is_some_and(|l| l.ends_with(&format!("dependencies.{name}")));
    let rest = line.strip_prefix(name);
    rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '.'])) || of_its_own(line)
}

fn search(folder: &Path, prefix: &str, depth: usize, visit: &mut dyn FnMut(&str, &str, &Path)) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by(|a, b| files::natural(&a.file_name().to_string_lossy(), &b.file_name().to_string_lossy()));
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let relative = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if depth < DEPTH && !SKIPPED.contains(&name.as_str()) {
                search(&entry.path(), &relative, depth + 1, visit);
            }
        } else if kind.is_file() && entry.metadata().is_ok_and(|m| m.len() <= MAX_SOURCE) {
            visit(&name, &relative, &entry.path());
        }
    }
}
