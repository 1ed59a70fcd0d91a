//! `perfgate init`: a first perfgate.toml, and workflows for GitHub, after a look at the project.

mod workflows;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::Args as ClapArgs;

use super::console::Console;
use super::options::ConfigArgs;
use super::{Exit, Failure, Outcome};
use crate::config::Overrides;
use crate::diag::{Code, Diagnostic, Location};
use crate::io::files;
use crate::io::project::{self, Finding, Tool};
use crate::io::system;
use crate::store::Lineage;
use crate::text;

const FILE: &str = "perfgate.toml";
/// Where the action keeps runs if nothing says otherwise.
const DEFAULT_STORE: &str = "git:perfgate-data";
/// How long a remote may take to say what its default branch is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Look at the project and write a commented perfgate.toml, and with --github workflows
#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Args {
    /// Print what would be written
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Also write GitHub workflows: for pull requests, from forks too, and for what the default branch measures
    #[arg(long, help_heading = "GitHub")]
    github: bool,
    /// One workflow for a repository without pull requests from forks
    #[arg(long, requires = "github", help_heading = "GitHub")]
    simple: bool,
    /// Also a workflow that looks through the history every night and keeps an issue
    #[arg(long, requires = "github", help_heading = "GitHub")]
    nightly: bool,
    /// The action that the workflows use [default: a placeholder]
    #[arg(long, value_name = "OWNER/REPOSITORY@COMMIT", requires = "github", help_heading = "GitHub")]
    action: Option<String>,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let found = project::look(Path::new("."));
    if found.is_empty() {
        return Err(Diagnostic::new(Code::NoProject, "found no benchmarks of Criterion, divan, Go or pytest-benchmark here")
            .help("run it in the project's folder")
            .help("other tools' results are read too, without a configuration: `perfgate compare BASELINE CURRENT`; `perfgate formats` lists them")
            .into());
    }
    if args.github {
        return github(args, &found, console);
    }
    let content = configuration(&found, None);
    if args.dry_run {
        console.print(&content)?;
        return Ok(Exit::Success);
    }
    if files::kind(FILE) != files::Kind::Missing {
        return Err(Diagnostic::new(Code::FileExists, "the file is there already and stays as it is")
            .at(Location::file(FILE))
            .help("`perfgate init --dry-run` prints what would be written")
            .into());
    }
    files::write_new(Path::new(FILE), content.as_bytes()).map_err(|error| unwritable(FILE, &error))?;
    console.print(&next_steps(&found))?;
    Ok(Exit::Success)
}

/// Writes perfgate.toml, if there is none, and the workflows.
fn github(args: &Args, found: &[Finding], console: &Console) -> Outcome {
    args.action.as_deref().map(workflows::checked).transpose()?;
    // GitHub reads workflows at the top of the repository and nowhere else.
    if let Some(way) = system::repository_root().filter(|way| !way.as_os_str().is_empty()) {
        let way = way.to_string_lossy();
        return Err(Diagnostic::new(Code::Usage, "workflows belong at the top of the repository, and this is a folder below it")
            .help(format!("write them there: `cd {way} && perfgate init --github`"))
            .help("then give the action's steps `working-directory`, and `perfgate init` in this folder writes its perfgate.toml")
            .into());
    }
    let known = Lineage::new(None, PATIENCE).ok().and_then(|lineage| lineage.base_branch());
    let branch = known.as_deref().and_then(workflows::branch);
    let mut wanted: Vec<(&str, String)> = workflows::wanted(args.simple, args.nightly)
        .iter()
        .map(|workflow| (workflow.path, workflow.text(found, args.action.as_deref(), branch.as_deref())))
        .collect();
    let mut is_elsewhere = false;
    if files::kind(FILE) == files::Kind::Missing {
        wanted.insert(0, (FILE, configuration(found, Some(DEFAULT_STORE))));
    } else {
        console.remark(&format!("{FILE} is there already and stays as it is"));
        let config = ConfigArgs::at(Some(FILE.to_owned())).load(&Overrides::default(), console);
        is_elsewhere = config.is_ok_and(|config| config.is_default_store());
    }
    if args.dry_run {
        let parts: Vec<String> = wanted.iter().map(|(path, text)| format!("==> {path} <==\n{text}")).collect();
        console.print(&parts.join("\n"))?;
        return Ok(Exit::Success);
    }
    // Either all of them or none.
    if let Some((path, _)) = wanted.iter().find(|(path, _)| files::kind(path) != files::Kind::Missing) {
        return Err(Diagnostic::new(Code::FileExists, "the file is there already, so nothing was written")
            .at(Location::file(*path))
            .help("`perfgate init --github --dry-run` prints what would be written")
            .into());
    }
    for (path, text) in &wanted {
        files::write(Path::new(path), text.as_bytes()).map_err(|error| unwritable(path, &error))?;
    }
    let mut said = String::new();
    for (path, _) in &wanted {
        let _ = writeln!(said, "wrote {path}");
    }
    said.push_str("\nbefore you commit them:\n");
    if args.action.is_none() {
        said.push_str("  put the action's repository and a release's commit in the place of OWNER/perfgate@000…\n");
    }
    if branch.is_none() {
        said.push_str("  where the default branch is not main, change `branches: [main]`\n");
    }
    if is_elsewhere {
        let _ = writeln!(
            said,
            "  put `store = \"{DEFAULT_STORE}\"` at the top of {FILE}: the action keeps its runs there,"
        );
        said.push_str("  and `perfgate check` and `perfgate trend` on your machine would look elsewhere\n");
    }
    said.push_str("the first run on the default branch stores a baseline on the branch perfgate-data\n");
    console.print(&said)?;
    Ok(Exit::Success)
}

fn unwritable(path: &str, error: &anyhow::Error) -> Failure {
    let diagnostic = Diagnostic::new(Code::WriteFailed, format!("cannot write the file: {error}"));
    Failure::outside(diagnostic.at(Location::file(path)))
}

/// What is known about using a tool with perfgate.
struct Advice {
    name: &'static str,
    input: &'static str,
    baseline: &'static str,
    current: &'static str,
    compare: &'static str,
    hint: &'static str,
}

fn advice(tool: Tool) -> Advice {
    match tool {
        Tool::Criterion => Advice {
            name: "Criterion",
            input: "target/criterion",
            baseline: "cargo bench -- --save-baseline main",
            current: "cargo bench",
            compare: "perfgate compare target/criterion@main target/criterion",
            hint: "",
        },
        Tool::Go => Advice {
            name: "Go benchmarks",
            input: "bench-go.txt",
            baseline: "go test -run='^$' -bench=. -benchmem -count=20 -benchtime=20ms ./... > baseline.txt",
            current: "go test -run='^$' -bench=. -benchmem -count=20 -benchtime=20ms ./... > bench-go.txt",
            compare: "perfgate compare baseline.txt bench-go.txt",
            hint: "many short repeats show the noise better than few long ones: -count=20 -benchtime=20ms",
        },
        Tool::PytestBenchmark => Advice {
            name: "pytest-benchmark",
            input: "bench-pytest.json",
            baseline: "pytest --benchmark-only --benchmark-json=baseline.json",
            current: "pytest --benchmark-only --benchmark-json=bench-pytest.json",
            compare: "perfgate compare baseline.json bench-pytest.json",
            hint: "",
        },
        Tool::Divan => Advice {
            name: "divan",
            input: "bench-divan.txt",
            baseline: "cargo bench > baseline.txt",
            current: "cargo bench > bench-divan.txt",
            compare: "perfgate compare baseline.txt bench-divan.txt",
            hint: "",
        },
    }
}

/// The text of perfgate.toml, with the store if it is not to be the default one.
fn configuration(found: &[Finding], store: Option<&str>) -> String {
    let mut out = String::from(
        "# perfgate: the limits of this project's performance gate.\n\
         # `perfgate config show` prints every value with its origin.\n\n",
    );
    let inputs: Vec<String> = found.iter().map(|f| format!("\"{}\"", advice(f.tool).input)).collect();
    let _ = writeln!(out, "# Where the results are, for commands that name none.");
    let _ = writeln!(out, "inputs = [{}]\n", inputs.join(", "));
    if let Some(store) = store {
        out.push_str(
            "# Where runs are kept: a branch that holds nothing else, the same for the action and on your machine.\n",
        );
        let _ = writeln!(out, "store = \"{store}\"\n");
    }
    for finding in found {
        let advice = advice(finding.tool);
        let _ = writeln!(out, "# {} (seen in {})", advice.name, text::shown(&finding.evidence.as_str().into()));
        let _ = writeln!(out, "#   {}", advice.current);
        if !advice.hint.is_empty() {
            let _ = writeln!(out, "#   {}", advice.hint);
        }
    }
    out.push_str(
        "\n[gate]\n\
         warn = \"5%\"          # every metric without its own entry\n\
         fail = \"10%\"\n\
         missing = \"warn\"     # a benchmark of the baseline that is gone: ignore, warn or fail\n\n\
         # One metric:\n\
         # [metrics.time]\n\
         # warn = \"10%\"\n\
         # fail = \"20%\"\n",
    );
    if found.iter().any(|f| f.tool == Tool::Go) {
        out.push_str("\n# Allocations are exact: any increase fails.\n# [metrics.allocs]\n# fail = \"+0\"\n");
    }
    out.push_str(
        "\n# One benchmark, first match wins; `*` stops at `/`, `**` does not:\n\
         # [[rule]]\n\
         # benchmark = \"parse/**\"\n\
         # metric = \"time\"\n\
         # fail = \"6%\"\n\
         \n# An absolute budget, which needs no baseline:\n\
         # [[budget]]\n\
         # benchmark = \"startup\"\n\
         # metric = \"time\"\n\
         # fail = \"50ms\"\n\
         \n# A known, intended regression:\n\
         # [[accept]]\n\
         # benchmark = \"render/*\"\n\
         # metric = \"time\"\n\
         # up-to = \"30%\"\n\
         # until = 2027-01-31\n\
         # reason = \"correct rounding costs this much\"\n",
    );
    out
}

fn next_steps(found: &[Finding]) -> String {
    let mut out = format!("wrote {FILE}\n");
    for finding in found {
        let advice = advice(finding.tool);
        let evidence = text::shown(&finding.evidence.as_str().into());
        let _ = write!(
            out,
            "\n{} (seen in {evidence})\n  before the change: {}\n  after it:          {}\n  then:              {}\n",
            advice.name, advice.baseline, advice.current, advice.compare
        );
    }
    out
}
