//! The site over a history: its files, hostile names as names of files and in every page, and which folders are written to.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "perfgate's own names of files")]

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use perfgate::config::{self, Overrides, Selection};
use perfgate::diag::Diagnostics;
use perfgate::model::trend::Trend;
use perfgate::model::{
    BenchmarkId, Better, Kind, MetricId, Observation, Origin, Params, Run, SeriesKey, Summary, Unit,
};
use perfgate::report::comment::Links;
use perfgate::report::site::{self, History, Site};
use perfgate::text::Untrusted;
use perfgate::trend::{Options, Point, analyse};
use world::{World, git, run};

/// A small number that looks random: the same for the same arguments.
fn noise(a: usize, b: usize) -> f64 {
    let x = (a as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (b as u64).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x >> 40) as f64 / (1_u64 << 24) as f64 - 0.5) * 0.02
}

fn observation(value: f64, position: usize) -> Observation {
    Observation {
        unit: Unit::Second,
        tool_unit: None,
        better: Some(Better::Lower),
        kind: Kind::Noisy,
        summary: Summary::of_value(value),
        samples: None,
        origin: Origin { suite: 0, position: u32::try_from(position).unwrap() },
        derived: false,
        fault: None,
    }
}

/// Runs of these benchmarks; the factor moves one by its index and the run, or leaves it out.
fn runs(names: &[&str], runs: usize, factor: impl Fn(usize, usize) -> Option<f64>) -> Vec<Run> {
    let made = (0..runs).map(|index| {
        let mut run = Run::of_tool("go");
        run.subject.commit = Some(format!("{:07x}{:033x}", 0x00a0_0000 + index, 0).into());
        run.subject.taken_at = Some(1_780_000_000 + 86_400 * i64::try_from(index).unwrap());
        for (b, name) in names.iter().enumerate() {
            let Some(factor) = factor(index, b) else { continue };
            let value = 1e-6 * factor * (1.0 + noise(index, b));
            let benchmark = BenchmarkId::new("go", None, *name);
            let key = SeriesKey { benchmark, metric: MetricId::new(MetricId::TIME) };
            run.series.insert(key, observation(value, b));
        }
        run
    });
    made.collect()
}

fn trend(runs: &[Run]) -> Trend {
    let sources: Vec<Untrusted> = (0..runs.len()).map(|i| format!("run-{i}.txt").into()).collect();
    let points: Vec<Point<'_>> = runs.iter().zip(&sources).map(|(run, source)| Point { run, source }).collect();
    let mut diagnostics = Diagnostics::new();
    let config = config::load(None, &BTreeMap::new(), &Overrides::default(), &mut diagnostics);
    let (selection, today) = (Selection::default(), Date::constant(2026, 11, 21));
    analyse(&points, &Options { config: &config, selection: &selection, since: None, today, series: true }).unwrap()
}

fn links() -> Links {
    Links { repository: Some("https://github.com/o/r".to_owned()), run: None }
}

fn render(trends: &[(&str, &Trend)]) -> BTreeMap<String, String> {
    let mut histories = Vec::new();
    for (testbed, trend) in trends {
        let testbed = (!testbed.is_empty()).then(|| Untrusted::from(*testbed));
        histories.push(History { testbed, trend, slots: (0..trend.runs.len()).collect() });
    }
    site::render(&Site { histories, branch: Some("main".into()), suite: None, links: links() })
}

/// The elements of a page, in order. Fails on a tag that a browser would read in another way than this does.
fn elements(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in page.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap();
        let name = tag.split_whitespace().next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '!')), "{tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let attributes = tag.split('"').step_by(2).skip(usize::from(!tag.contains('"'))).collect::<String>();
        assert!(!attributes.contains(" on"), "{tag}");
        found.push(name.to_owned());
    }
    found
}

/// What a script hands to a page.
fn handed(script: &str, function: &str) -> serde_json::Value {
    let json = script.strip_prefix(&format!("perfgateSite.{function}(")).unwrap().strip_suffix(");\n").unwrap();
    serde_json::from_str(json).unwrap()
}

fn only<'a>(files: &'a BTreeMap<String, String>, start: &str, end: &str) -> &'a str {
    let mut found = files.iter().filter(|(path, _)| path.starts_with(start) && path.ends_with(end));
    let (_, content) = found.next().unwrap_or_else(|| panic!("no {start}…{end}"));
    assert!(found.next().is_none(), "several {start}…{end}");
    content
}

#[test]
fn every_benchmark_has_a_page_and_its_values() {
    let history = runs(&["Parse/json", "Parse/xml", "Render"], 24, |run, b| {
        Some(if run >= 16 && b == 1 { 1.2 } else { 1.0 }).filter(|_| b != 2 || run >= 4)
    });
    let trend = trend(&history);
    let files = render(&[("ci", &trend)]);
    let benchmarks: Vec<&String> = files.keys().filter(|path| path.starts_with("benchmarks/")).collect();
    assert_eq!(benchmarks.len(), 6, "{benchmarks:?}");
    let index = &files["index.html"];
    assert!(index.contains("<title>FAIL: 1 new regression over its fail limit") || index.contains("<title>PASS: "));
    for part in ["Parse&#x2f;json", "Parse&#x2f;xml", "way-worse", "github.com&#x2f;o&#x2f;r&#x2f;compare", "m-time"] {
        assert!(index.contains(part), "{part}\n{index}");
    }
    let values = handed(only(&files, "benchmarks/parse-xml-", ".js"), "benchmark");
    let line = &values["metrics"][0]["lines"][0];
    assert_eq!((values["metrics"][0]["unit"].as_str(), line["values"].as_array().unwrap().len()), (Some("µs"), 24));
    assert_eq!(line["levels"], serde_json::json!([16]));
    assert_eq!((&line["marks"][0][0], &line["marks"][0][1]), (&16.into(), &"worse".into()));
    assert!(line["values"][0].to_string().len() <= 8, "{line}");
    let gaps = handed(only(&files, "benchmarks/render-", ".js"), "benchmark");
    let gaps = gaps["metrics"][0]["lines"][0]["values"].as_array().unwrap().clone();
    assert!(gaps[..4].iter().all(serde_json::Value::is_null) && !gaps[4].is_null(), "{gaps:?}");
    let runs = handed(&files["runs.js"], "runs");
    assert_eq!(runs["histories"][0]["names"].as_array().unwrap().len(), 24);
    assert_eq!(runs["repository"], "https://github.com/o/r");
    let page = only(&files, "benchmarks/parse-xml-", ".html");
    assert!(page.contains("24 runs from 2026-") && page.contains("1 change."), "{page}");
    assert!(page.contains("way-worse") && page.contains("index.html#e1-1"), "{page}");
    for (path, page) in files.iter().filter(|(path, _)| path.ends_with(".html")) {
        assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"), "{path}");
        assert!(!page.contains("could not be made"), "{path}: {page}");
        assert!(!page.contains(" style=") && !page.contains("<script>"), "{path}");
        elements(page);
    }
    assert!(files["badge.svg"].contains("aria-label=\"performance: "), "{}", files["badge.svg"]);
    assert_eq!(files, render(&[("ci", &trend)]), "the same history gives the same files");
}

#[test]
fn other_testbeds_are_drawn_beside_and_never_mixed() {
    let slow = trend(&runs(&["a", "only-there"], 20, |_, _| Some(3.0)));
    let fast = trend(&runs(&["a"], 20, |run, _| Some(if run >= 12 { 1.3 } else { 1.0 })));
    let files = render(&[("fast", &fast), ("slow", &slow)]);
    let values = handed(only(&files, "benchmarks/a-", ".js"), "benchmark");
    let lines = values["metrics"][0]["lines"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| line["history"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(
        (lines[0]["levels"].clone(), lines[1]["levels"].clone()),
        (serde_json::json!([12]), serde_json::json!([]))
    );
    // One unit for both, by the first one's values.
    assert!(lines[1]["values"][0].as_f64().unwrap() > 2.5, "{lines:?}");
    let there = handed(only(&files, "benchmarks/only-there-", ".js"), "benchmark");
    assert_eq!(there["metrics"][0]["lines"][0]["history"], 1);
    let index = &files["index.html"];
    assert!(index.contains(">Testbed</th>") && index.contains("fast, slow") && index.contains("Beside it"), "{index}");
}

#[test]
fn histories_with_nothing_in_them_are_shown_as_what_they_are() {
    let none = trend(&[]);
    let files = render(&[("", &none)]);
    assert!(files["index.html"].contains("NOTHING TO LOOK AT") && files["index.html"].contains("No run has a result"));
    assert!(files["badge.svg"].contains("too few runs"));
    let nobody = site::render(&Site { histories: Vec::new(), branch: None, suite: None, links: Links::default() });
    assert!(nobody["index.html"].contains("there are no runs") && nobody.contains_key("runs.js"));
    let one = trend(&runs(&["a"], 1, |_, _| Some(1.0)));
    let files = render(&[("", &one)]);
    let index = &files["index.html"];
    assert!(index.contains(">too few runs<") && !index.contains(">steady<"), "{index}");
    let page = only(&files, "benchmarks/a-", ".html");
    assert!(page.contains("1 run of 2026-") && !page.contains("could not be made"), "{page}");
    let values = handed(only(&files, "benchmarks/a-", ".js"), "benchmark");
    assert_eq!(values["metrics"][0]["lines"][0]["values"].as_array().unwrap().len(), 1);
    // Nothing is known of one of them in any run: what cannot be used is no value.
    let mut broken = runs(&["a", "b"], 9, |_, _| Some(1.0));
    for run in &mut broken {
        for (key, observation) in &mut run.series {
            if key.benchmark.name.raw() == "b" {
                observation.summary = Summary::of_value(f64::NAN);
            }
        }
    }
    let files = render(&[("", &trend(&broken))]);
    let page = only(&files, "benchmarks/b-", ".html");
    assert!(page.contains("no run has a value"), "{page}");
    assert!(!files["index.html"].contains("NaN") && !only(&files, "benchmarks/b-", ".js").contains("NaN"));
}

/// Names that mean something somewhere.
const HOSTILE: &[&str] = &[
    "../../etc/passwd",
    "..",
    "",
    "   ",
    "con",
    "CON",
    "a",
    "A",
    "index.html",
    "</td></tr></table><h1>x",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "<!-- --> <b>",
    "]]>",
    "{{ page }}{% raw %}",
    "\u{202e}gpj.exe",
    "a\u{0}b",
    "a\nb\r\nc",
    "\u{2028}x\u{2029}",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "`code`",
    "名前/漢字🚀",
    "%2e%2e%2f",
    "a\\..\\b",
    "C:x",
    "-rf",
    "a?b#c",
    "__proto__",
    "constructor",
];

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let long = "</a>\u{202e}".repeat(2_000);
    let hostile: Vec<&str> = HOSTILE.iter().copied().chain([long.as_str()]).collect();
    let plain: Vec<String> = (0..hostile.len()).map(|index| format!("benchmark-{index:02}")).collect();
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    // All of them get slower, so that they stand in events as well.
    let slower = |run: usize, b: usize| Some(if run >= 12 && b.is_multiple_of(3) { 1.5 } else { 1.0 });
    let made = |names: &[&str]| {
        let mut history = runs(names, 24, slower);
        for run in &mut history {
            for (b, name) in names.iter().enumerate() {
                let benchmark = BenchmarkId::new("go", None, *name);
                let params: BTreeMap<Untrusted, Untrusted> = [((*name).into(), (*name).into())].into();
                run.details.insert(benchmark, perfgate::model::Details { params: Params::new(params), group: None });
                run.environment.labels.insert(format!("label-{b}").into(), (*name).into());
            }
        }
        render(&[("ci", &trend(&history))])
    };
    let (bad, good) = (made(&hostile), made(&plain));
    assert_eq!(bad.len(), good.len());
    let folded: BTreeSet<String> = bad.keys().map(|path| path.to_lowercase()).collect();
    assert_eq!(folded.len(), bad.len(), "two files are one where case does not count");
    for path in bad.keys() {
        let is_plain = |part: &str| {
            part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)) && !part.starts_with('.')
        };
        assert!(path.split('/').all(is_plain) && path.len() < 120, "{path}");
    }
    let index = |files: &BTreeMap<String, String>| {
        let mut list = elements(&files["index.html"]);
        list.sort();
        list
    };
    assert_eq!(index(&bad), index(&good), "the overview has other elements than with plain names");
    let page = |files: &BTreeMap<String, String>| -> BTreeSet<Vec<String>> {
        files
            .iter()
            .filter(|(path, _)| path.ends_with(".html") && path.contains('/'))
            .map(|(_, page)| elements(page))
            .collect()
    };
    assert_eq!(page(&bad), page(&good), "a page has other elements than with plain names");
    for (path, content) in &bad {
        let is_ours = path.starts_with("assets/");
        assert!(is_ours || !content.contains(['\u{202e}', '\u{0}', '\u{2028}', '\r']), "{path}");
        assert!(!content.contains("<script>alert") && !content.contains("<img"), "{path}");
        if path.ends_with(".js") && !is_ours {
            assert!(!content.contains(['<', '>']) && content.lines().count() == 1, "{path}: {content}");
        }
    }
}

#[test]
fn a_repository_that_is_no_address_leads_nowhere() {
    let history = trend(&runs(&["a"], 24, |run, _| Some(if run >= 12 { 1.5 } else { 1.0 })));
    for address in ["javascript:alert(1)", "https://x\"><script>", "//evil.example", ""] {
        let histories = vec![History { testbed: None, trend: &history, slots: (0..24).collect() }];
        let links = Links { repository: Some(address.to_owned()), run: None };
        let files = site::render(&Site { histories, branch: None, suite: None, links });
        assert_eq!(handed(&files["runs.js"], "runs")["repository"], serde_json::Value::Null, "{address}");
        assert!(!files["index.html"].contains("/commit/") && !files["index.html"].contains("evil"), "{address}");
    }
}

/// Every file below a folder, with its content.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_str().unwrap().to_owned();
        if entry.file_type().unwrap().is_dir() {
            found.extend(contents(&entry.path()).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert(name, fs::read(entry.path()).unwrap_or_default());
        }
    }
    found
}

const STEPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/history/steps/runs.json");

/// Writes the site of a sample into a folder; what the program says on standard error.
fn publish(world: &World, folder: &str, code: i32) -> String {
    let report = format!("html={folder}");
    run(world.root(), &["trend", STEPS, "--isolated", "--report", &report], code).1
}

#[test]
fn a_site_replaces_itself_and_nothing_else() {
    let world = World::new();
    let site = world.root().join("site");
    let said = publish(&world, "site", 0);
    assert!(said.contains("FAIL: 2 new regressions") && said.contains("site: site/index.html"), "{said}");
    let first = contents(&site);
    assert!(first.contains_key("perfgate-site.json") && first.contains_key("badge.svg") && first.len() > 20);
    publish(&world, "site", 0);
    assert_eq!(contents(&site), first, "the same again is the same");
    // What somebody else put there stays; what is no longer part goes.
    fs::write(site.join("CNAME"), "perf.example.org").unwrap();
    fs::write(site.join("benchmarks/notes.txt"), "mine").unwrap();
    run(world.root(), &["trend", STEPS, "--isolated", "--report", "html=site", "--filter", "Parse/*"], 0);
    let second = contents(&site);
    let gone: Vec<&String> = first.keys().filter(|path| !second.contains_key(*path)).collect();
    assert!(!gone.is_empty() && gone.iter().all(|path| path.starts_with("benchmarks/")), "{gone:?}");
    assert_eq!((&second["CNAME"][..], &second["benchmarks/notes.txt"][..]), (&b"perf.example.org"[..], &b"mine"[..]));
    let listed: serde_json::Value = serde_json::from_slice(&second["perfgate-site.json"]).unwrap();
    let listed: BTreeSet<&str> =
        listed["files"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    let there: BTreeSet<&str> = second.keys().map(String::as_str).collect();
    let others: Vec<&str> = there.difference(&listed).copied().collect();
    assert_eq!(others, ["CNAME", "benchmarks/notes.txt", "perfgate-site.json"]);
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let world = World::new();
    let site = world.root().join("site");
    let refused = |said: &str| {
        let before = contents(&site);
        let told = publish(&world, "site", 2);
        assert!(told.contains("error[foreign-folder]") && told.contains(said), "{told}");
        assert_eq!(contents(&site), before, "something was changed");
    };
    fs::create_dir_all(&site).unwrap();
    fs::write(site.join("thesis.tex"), "years of work").unwrap();
    refused("it holds `thesis.tex`");
    fs::write(site.join("perfgate-site.json"), "{}").unwrap();
    refused("not a site");
    fs::write(site.join("perfgate-site.json"), "{\"schema\": \"other/1\", \"files\": []}").unwrap();
    refused("not a site");
    fs::write(site.join("perfgate-site.json"), "{\"schema\": \"perfgate-site/2\", \"files\": []}").unwrap();
    refused("update perfgate");
    // Ours, but what lies in the way is not.
    fs::write(site.join("perfgate-site.json"), "{\"schema\": \"perfgate-site/1\", \"files\": []}").unwrap();
    fs::write(site.join("index.html"), "mine").unwrap();
    refused("`index.html` is in the way");
    fs::remove_dir_all(&site).unwrap();
    fs::write(&site, "a file").unwrap();
    assert!(publish(&world, "site", 2).contains("a site is a folder"));
    fs::remove_file(&site).unwrap();
    fs::create_dir(&site).unwrap();
    fs::write(site.join(".perfgate-q7YxkB"), "of a process that was killed before it had written anything").unwrap();
    publish(&world, "site", 0);
}

#[cfg(unix)]
#[test]
fn sites_that_are_written_at_once_take_turns() {
    let world = World::new();
    for round in 0..5 {
        let name = format!("site-{round}");
        let report = format!("html={name}");
        std::thread::scope(|scope| {
            for filter in ["*", "Parse/*", "*", "Parse/*"] {
                let (world, report) = (&world, &report);
                scope.spawn(move || {
                    let trend = ["trend", STEPS, "--isolated", "--report", report, "--filter", filter];
                    run(world.root(), &trend, 0);
                });
            }
        });
        let there = contents(&world.root().join(&name));
        let marker: serde_json::Value = serde_json::from_slice(&there["perfgate-site.json"]).unwrap();
        let listed = marker["files"].as_array().unwrap().iter().map(|path| path.as_str().unwrap());
        let listed: BTreeSet<&str> = listed.chain(["perfgate-site.json"]).collect();
        assert_eq!(there.keys().map(String::as_str).collect::<BTreeSet<_>>(), listed);
    }
}

#[test]
fn a_marker_that_lies_removes_nothing_outside() {
    let world = World::new();
    let site = world.root().join("site");
    fs::write(world.root().join("outside.txt"), "keep").unwrap();
    fs::create_dir_all(site.join(".git")).unwrap();
    fs::write(site.join(".git/config"), "keep").unwrap();
    let absolute = world.root().join("outside.txt");
    let files =
        ["../outside.txt", absolute.to_str().unwrap(), ".git/config", "perfgate-site.json", "a/../../outside.txt"];
    let marker = serde_json::json!({ "schema": "perfgate-site/1", "files": files });
    fs::write(site.join("perfgate-site.json"), marker.to_string()).unwrap();
    publish(&world, "site", 0);
    assert_eq!(fs::read(&absolute).unwrap(), b"keep");
    assert_eq!(fs::read(site.join(".git/config")).unwrap(), b"keep");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let world = World::new();
    let (site, outside) = (world.root().join("site"), world.root().join("outside"));
    publish(&world, "site", 0);
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("index.html"), "keep").unwrap();
    // A file of ours that became a link.
    fs::remove_file(site.join("index.html")).unwrap();
    symlink(outside.join("index.html"), site.join("index.html")).unwrap();
    assert!(publish(&world, "site", 2).contains("`index.html` is in the way"));
    fs::remove_file(site.join("index.html")).unwrap();
    // A folder of ours that became a link to another: neither written through nor cleared through.
    fs::rename(site.join("benchmarks"), outside.join("benchmarks")).unwrap();
    symlink(outside.join("benchmarks"), site.join("benchmarks")).unwrap();
    let before = contents(&outside);
    assert!(publish(&world, "site", 2).contains("is in the way"));
    assert_eq!(contents(&outside), before);
    // The marker as a link is none.
    fs::remove_file(site.join("benchmarks")).unwrap();
    fs::rename(site.join("perfgate-site.json"), outside.join("marker.json")).unwrap();
    symlink(outside.join("marker.json"), site.join("perfgate-site.json")).unwrap();
    assert!(publish(&world, "site", 2).contains("error[foreign-folder]"));
}

#[test]
fn the_option_needs_a_folder() {
    let world = World::new();
    for report in ["html", "html=", "html=-"] {
        let (_, said) = run(world.root(), &["trend", STEPS, "--isolated", "--report", report], 2);
        assert!(said.contains("needs a folder") && said.contains("--report html=site"), "{said}");
    }
    let twice = ["trend", STEPS, "--isolated", "--report", "html=a", "--report", "html=b"];
    assert!(run(world.root(), &twice, 2).1.contains("given twice"));
    let both = ["trend", STEPS, "--isolated", "--report", "html=a", "--report", "json=a.json", "--report", "terminal"];
    let (out, _) = run(world.root(), &both, 0);
    assert!(
        out.starts_with("FAIL") && world.root().join("a.json").exists() && world.root().join("a/index.html").exists()
    );
}

#[test]
fn a_store_gives_all_testbeds_of_the_branch() {
    let world = World::new();
    let work = world.work();
    for number in 0..10_u32 {
        world.commit(&format!("commit {number}"));
        let file = world.results("run.txt", 100.0 + f64::from(number % 3));
        run(&work, &["record", &file, "--store", "dir:kept", "--testbed", "fast"], 0);
        if number % 2 == 0 {
            let file = world.results("run.txt", 300.0);
            run(&work, &["record", &file, "--store", "dir:kept", "--testbed", "slow"], 0);
        }
    }
    git(&work, &["push", "-q", "origin", "main"]);
    run(&work, &["trend", "--store", "dir:kept", "--testbed", "fast", "--report", "html=site"], 0);
    let runs = handed(&fs::read_to_string(work.join("site/runs.js")).unwrap(), "runs");
    let histories = runs["histories"].as_array().unwrap();
    assert_eq!((&histories[0]["testbed"], &histories[1]["testbed"]), (&"fast".into(), &"slow".into()));
    assert_eq!(histories[1]["slots"], serde_json::json!([0, 2, 4, 6, 8]), "runs of one commit stand together");
    assert_eq!(histories[0]["names"][4], histories[1]["names"][2]);
    let index = fs::read_to_string(work.join("site/index.html")).unwrap();
    assert!(index.contains("fast, slow") && index.contains("<code>main</code>"), "{index}");
    // Fewer than eight runs say nothing, and can be looked at all the same.
    run(&work, &["trend", "--store", "dir:kept", "--testbed", "slow", "--report", "html=few"], 3);
    assert!(fs::read_to_string(work.join("few/badge.svg")).unwrap().contains("too few runs"));
    // Where nothing is stored there is no site.
    let (_, said) = run(&work, &["trend", "--store", "dir:kept", "--testbed", "none", "--report", "html=none"], 3);
    assert!(said.contains("error[no-baseline]") && !work.join("none").exists(), "{said}");
}
