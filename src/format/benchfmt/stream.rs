//! The output of one `go test`: which line belongs to which benchmark, under which configuration.
//!
//! A line that starts with `Benchmark` is a result, a name whose numbers come later, or prose. Between a name and its
//! numbers there can be any number of lines that the benchmark printed. A section is the output of one package: it ends
//! with `ok`, `PASS` or `FAIL`, and a section that fails names a benchmark, or else its package.
//!
//! Configuration is believed only at the head of a section (after the start, an empty line, other configuration, or the
//! end of a section): further down, `key: value` lines are what the benchmarks printed.
//!
//! Not here: splitting a result into values (`collect`).

use super::collect::{Collector, FAILED, Fields, Labels, Line, Place, is_count, number, truncated};
use super::names::split;
use super::units::Refused;
use super::{is_go_name, is_message, is_numbers, key_value, numbers_at_end};
use crate::diag::{Code, Diagnostic, Diagnostics, Location, Severity};
use crate::text;

/// A benchmark, or a reason, and where the file names it.
struct Noted {
    text: String,
    location: Location,
}

/// Reads one output.
#[derive(Default)]
pub(in crate::format) struct Stream {
    labels: Labels,
    place: Option<Place>,
    package: Option<u32>,
    package_is_given: bool,
    below_head: bool,
    /// Name whose numbers have not come yet.
    open: Option<Noted>,
    /// Name that `-v` printed, without a result so far.
    announced: Option<Noted>,
    /// Line that says why the program died.
    died: Option<Noted>,
    /// Benchmark in the stack of a panic.
    in_stack: Option<String>,
    /// Bare `FAIL` of the section.
    failing: Option<Location>,
    /// Failures of the section.
    failed: usize,
    /// Whether anything ever failed here.
    ever_failed: bool,
    /// Failure whose log may follow.
    unexplained: Option<String>,
}

impl Stream {
    /// The output of one package of a JSON stream.
    pub(in crate::format) fn of_package(collector: &mut Collector, package: &str) -> Self {
        Self { package: collector.package(package), package_is_given: true, ..Self::default() }
    }

    /// Takes the next line.
    pub(in crate::format) fn line(&mut self, collector: &mut Collector, line: Line<'_>, diagnostics: &mut Diagnostics) {
        let explained = self.unexplained.take();
        if line.text.starts_with("Benchmark") {
            self.below_head = true;
            self.benchmark(collector, line, diagnostics);
            return;
        }
        if let Some(name) = explained
            && line.text.starts_with([' ', '\t'])
            && !line.text.trim_start().starts_with("---")
        {
            let place = self.place(collector);
            collector.explain(&place, &name, line.text);
        }
        let below_head = std::mem::replace(&mut self.below_head, true);
        self.below_head = !self.other(collector, line, below_head, diagnostics);
    }

    /// Takes a line that starts with `Benchmark`.
    fn benchmark(&mut self, collector: &mut Collector, line: Line<'_>, diagnostics: &mut Diagnostics) {
        let mut fields = Fields::of(line.text);
        let Some(name) = fields.next() else { return };
        let rest = fields.rest();
        let tabbed = rest.trim_start_matches(' ').starts_with('\t');
        let Some(first) = fields.next() else {
            if !line.whole && rest.is_empty() {
                // The name itself may be cut.
                let location = collector.locate(&line, name);
                diagnostics.push(truncated(name, location));
            } else if is_go_name(name) {
                self.leave_open(collector, diagnostics);
                let noted = Some(Noted { text: name.to_owned(), location: collector.locate(&line, name) });
                if tabbed {
                    self.open = noted;
                } else {
                    self.announced = noted;
                }
            }
            return;
        };
        if is_count(first) {
            let value = fields.next();
            let sound = value.is_some_and(|value| number(value).is_some());
            if sound || tabbed || !line.whole || Fields::of(rest).any(|field| collector.units.is_whole(field)) {
                self.leave_open(collector, diagnostics);
                self.result(collector, name, rest, line, diagnostics);
                return;
            }
        }
        if let Some(at) = rest.find("Benchmark").filter(|at| is_result_start(rest.get(*at..).unwrap_or(""))) {
            // The line break before another benchmark is missing: this one never got its numbers.
            self.leave_open(collector, diagnostics);
            self.open = Some(Noted { text: name.to_owned(), location: collector.locate(&line, name) });
            let text = rest.get(at..).unwrap_or("");
            self.benchmark(collector, Line { text, ..line }, diagnostics);
        } else if rest.trim_start().starts_with("--- ") {
            self.leave_open(collector, diagnostics);
            self.status(collector, Line { text: rest.trim_start(), ..line });
        } else if let Some(numbers) = numbers_at_end(rest) {
            self.leave_open(collector, diagnostics);
            self.result(collector, name, numbers, line, diagnostics);
        } else if tabbed && is_go_name(name) {
            self.leave_open(collector, diagnostics);
            self.open = Some(Noted { text: name.to_owned(), location: collector.locate(&line, name) });
            self.note_death(collector, &line, rest.trim());
        } else if is_go_name(name) && name != "Benchmark" {
            let shown = text::shown(&name.into());
            let (code, message) = if line.whole {
                (Code::MalformedLine, format!("`{shown}` is not followed by a result"))
            } else {
                (Code::TruncatedLine, format!("the file ends within the line of `{shown}`"))
            };
            let location = collector.locate(&line, line.text.trim_end());
            diagnostics.push(Diagnostic::new(code, message).at(location.clone()));
            if line.whole && is_count(first) && first.bytes().any(|b| b.is_ascii_digit()) {
                let mut place = self.place(collector);
                collector.no_result(&mut place, name, location);
                self.place = Some(place);
            }
        }
    }

    /// Takes the numbers of a benchmark.
    fn result(
        &mut self,
        collector: &mut Collector,
        name: &str,
        numbers: &str,
        line: Line<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        if let Some(announced) = &self.announced
            && (announced.text == name || split(name).is_some_and(|(base, _)| base == announced.text))
        {
            self.announced = None;
        }
        let mut place = self.place(collector);
        if line.whole {
            collector.result(&mut place, name, numbers, &line, diagnostics);
        } else {
            collector.cut(&mut place, name, numbers, &line, diagnostics);
        }
        self.place = Some(place);
    }

    /// Takes any other line. Returns whether configuration may follow.
    fn other(
        &mut self,
        collector: &mut Collector,
        line: Line<'_>,
        below_head: bool,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let text = line.text.trim_end_matches('\r');
        if text.is_empty() || text.starts_with('#') {
            return !below_head || text.is_empty();
        }
        if let Some(rest) = text.strip_prefix("Unit").filter(|rest| rest.starts_with(char::is_whitespace)) {
            unit_line(collector, rest, &line, diagnostics);
            return true;
        }
        if text == "PASS" || text.starts_with("ok  ") {
            self.leave_open(collector, diagnostics);
            self.close();
            return true;
        }
        if text == "FAIL" {
            self.failing = Some(collector.locate(&line, text));
            return true;
        }
        if let Some(rest) = text.strip_prefix("FAIL").filter(|rest| rest.starts_with(['\t', ' '])) {
            if let Some(package) = Fields::of(rest).next() {
                let reason = rest.split_once('[').and_then(|(_, reason)| reason.strip_suffix(']'));
                self.fail_package(collector, package, reason, &line);
            }
            return true;
        }
        if text.trim_start().starts_with("--- ") {
            self.status(collector, Line { text: text.trim_start(), ..line });
            return false;
        }
        if text.starts_with("=== ") {
            return false;
        }
        if let Some(open) = self.open.take() {
            let numbers = if is_numbers(text) { Some(text) } else { numbers_at_end(text) };
            let cut = || (!line.whole && Fields::of(text).next().is_some_and(is_count)).then_some(text);
            if let Some(numbers) = numbers.or_else(cut) {
                self.result(collector, &open.text, numbers, line, diagnostics);
                return false;
            }
            self.open = Some(open);
        }
        if !text.starts_with(char::is_whitespace)
            && let Some(at) = text.find("Benchmark").filter(|at| is_result_start(text.get(*at..).unwrap_or("")))
        {
            self.benchmark(collector, Line { text: text.get(at..).unwrap_or(""), ..line }, diagnostics);
            return false;
        }
        if !line.whole {
            if "Benchmark".starts_with(text) {
                let location = collector.locate(&line, text);
                diagnostics.push(truncated(text, location));
            }
            return false;
        }
        if self.died.is_some() && self.in_stack.is_none() {
            self.in_stack = in_stack(text);
        }
        self.note_death(collector, &line, text);
        if let Some((key, value)) = key_value(text) {
            // What `go` says on standard error before the first package does not end a head, nor begin one.
            return if is_message(key, value) {
                !below_head
            } else {
                self.configure(collector, key, value, below_head)
            };
        }
        text.starts_with("?   \t")
    }

    /// Takes a configuration line. Returns whether it is one.
    fn configure(&mut self, collector: &mut Collector, key: &str, value: &str, below_head: bool) -> bool {
        let one_word = !value.contains(char::is_whitespace);
        let label = match key {
            "pkg" if one_word => {
                if !self.package_is_given {
                    self.package = if value.is_empty() { None } else { collector.package(value) };
                    if let Some(place) = &mut self.place {
                        place.package = self.package;
                    }
                }
                return true;
            }
            "goos" if one_word => "os",
            "goarch" if one_word => "arch",
            _ if below_head => return false,
            "goversion" | "go-version" | "go_version" => "go",
            other => other,
        };
        // A label that is taken back stays as an empty one: it is not the same as one that did not come yet.
        let changed = match self.labels.get(label) {
            Some(known) => **known != *value,
            None => !value.is_empty(),
        };
        if changed {
            self.labels.insert(label.into(), value.into());
            self.place = None;
        }
        true
    }

    /// Where results and failures belong now.
    fn place(&mut self, collector: &mut Collector) -> Place {
        *self.place.get_or_insert_with(|| Place {
            part: collector.part(&self.labels),
            package: self.package,
            ..Place::default()
        })
    }

    /// Takes a line that starts with `--- `.
    fn status(&mut self, collector: &mut Collector, line: Line<'_>) {
        let Some((state, name)) = line.text.strip_prefix("--- ").and_then(|rest| rest.split_once(": ")) else { return };
        let Some(name) = Fields::of(name).next() else { return };
        if matches!(state, "FAIL" | "SKIP" | "PASS") {
            // Also where the status is that of the benchmark's parent: nothing of it is running any more.
            self.announced = None;
            self.open = None;
        }
        if state != "FAIL" {
            return;
        }
        let location = collector.locate(&line, line.text.trim_end());
        if name.starts_with("Benchmark") {
            self.fail(collector, name, FAILED.to_owned(), location);
            self.unexplained = Some(name.to_owned());
        } else if self.died.is_none() {
            // After a failed test, no benchmark of the package runs.
            let text = format!("{} failed, so no benchmark ran", text::shown(&name.into()));
            self.died = Some(Noted { text, location });
        }
    }

    /// Records a benchmark that failed.
    pub(in crate::format) fn fail(
        &mut self,
        collector: &mut Collector,
        name: &str,
        message: String,
        location: Location,
    ) {
        let place = self.place(collector);
        collector.fail(&place, Some(name), message, location);
        self.failed += 1;
        self.ever_failed = true;
    }

    /// The package failed: somebody must be to blame.
    pub(in crate::format) fn fail_package(
        &mut self,
        collector: &mut Collector,
        package: &str,
        reason: Option<&str>,
        line: &Line<'_>,
    ) {
        // The name in the last line of a file may be cut.
        let package = if line.whole || self.package.is_none() { collector.package(package) } else { self.package };
        let own = self.package.is_none() || self.package == package;
        if own && reason.is_none() {
            let location = collector.locate(line, line.text.trim_end());
            self.blame(collector, package, location);
        } else {
            let location = collector.locate(line, line.text.trim_end());
            let message = reason.map_or("the package failed".to_owned(), |reason| text::line(reason).into_owned());
            let place = Place { package, ..self.place(collector) };
            collector.fail(&place, None, message, location);
            self.ever_failed = true;
        }
        self.close();
    }

    /// The package failed, as an event says. Nothing new if its output said so.
    pub(in crate::format) fn package_failed(&mut self, collector: &mut Collector, line: &Line<'_>) {
        if !self.ever_failed {
            let location = collector.locate(line, line.text.trim_end());
            self.blame(collector, self.package, location);
        }
        self.close();
    }

    /// Records who failed in a section that failed: the benchmark that was running, or else the package.
    fn blame(&mut self, collector: &mut Collector, package: Option<u32>, location: Location) {
        let died = self.died.take();
        let alone = died.is_some() || self.failed == 0;
        let (reason, location) = match died {
            Some(died) => (died.text, died.location),
            None => ("did not finish: the package failed".to_owned(), location),
        };
        let mut running = self.open.take().map(|noted| noted.text);
        if running.is_none() && alone {
            running = self.announced.take().map(|noted| noted.text).or(self.in_stack.take());
        }
        if let Some(name) = running {
            self.fail(collector, &name, reason, location);
        } else if alone {
            let place = Place { package, ..self.place(collector) };
            collector.fail(&place, None, reason, location);
            self.ever_failed = true;
        }
    }

    /// Notes a line that says why the program died.
    fn note_death(&mut self, collector: &mut Collector, line: &Line<'_>, text: &str) {
        let words =
            ["panic: ", "fatal error: ", "signal: ", "SIGQUIT: ", "*** Test killed", "unexpected fault address"];
        if self.died.is_none() && words.iter().any(|word| text.starts_with(word)) {
            let location = collector.locate(line, text);
            self.died = Some(Noted { text: text::truncate(&text::line(text), text::MAX_SHOWN).into_owned(), location });
            self.in_stack = None;
        }
    }

    /// Ends a section.
    fn close(&mut self) {
        self.open = None;
        self.announced = None;
        self.died = None;
        self.in_stack = None;
        self.failing = None;
        self.failed = 0;
    }

    /// Gives up on a name whose numbers never came.
    fn leave_open(&mut self, collector: &mut Collector, diagnostics: &mut Diagnostics) {
        if let Some(Noted { text: name, location }) = self.open.take() {
            let message = format!("the numbers of `{}` are missing", text::shown(&name.as_str().into()));
            diagnostics.push(
                Diagnostic::new(Code::MalformedLine, message)
                    .at(location.clone())
                    .note("other output stands where they should be"),
            );
            let place = self.place(collector);
            collector.fail(&place, Some(&name), "printed its name but no numbers".to_owned(), location);
            self.ever_failed = true;
        }
    }

    /// Ends the output.
    pub(in crate::format) fn finish(&mut self, collector: &mut Collector, diagnostics: &mut Diagnostics) {
        let died = self.died.is_some();
        if let Some(failing) = self.failing.take()
            && !collector.has_failures()
        {
            self.blame(collector, self.package, failing);
        } else if let Some(location) = self.died.as_ref().map(|died| died.location.clone()) {
            self.blame(collector, self.package, location);
        }
        if !died && let Some(Noted { text: name, location }) = self.open.take().or(self.announced.take()) {
            diagnostics.push(truncated(&name, location.clone()));
            self.fail(collector, &name, "the file ends before its numbers".to_owned(), location);
        }
        self.close();
    }
}

/// Whether text starts with a name as the `testing` package prints it before numbers: padded, and followed by a tab.
fn is_result_start(text: &str) -> bool {
    let mut fields = Fields::of(text);
    fields.next().is_some_and(is_go_name) && fields.rest().trim_start_matches(' ').starts_with('\t')
}

/// The benchmark that a line of a stack is in: `example.com/x.BenchmarkY(0x1)`, `example.com/x.BenchmarkY.func1(…)`.
fn in_stack(text: &str) -> Option<String> {
    let (_, after) = text.split_once(".Benchmark")?;
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let (name, rest) = after.split_at_checked(end)?;
    rest.starts_with(['(', '.']).then(|| format!("Benchmark{name}"))
}

/// Takes what follows `Unit`.
fn unit_line(collector: &mut Collector, rest: &str, line: &Line<'_>, diagnostics: &mut Diagnostics) {
    let mut fields = Fields::of(rest);
    let Some(unit) = fields.next() else { return };
    for field in fields {
        let refused = match field.split_once('=') {
            Some((key, value)) => collector.units.state(unit, key, value),
            None => Err(Refused::Unknown),
        };
        let Err(refused) = refused else { continue };
        let (unit, shown) = (text::shown(&unit.into()), text::shown(&field.into()));
        let mut diagnostic = match refused {
            Refused::Unknown => {
                Diagnostic::new(Code::ConfigurationIgnored, format!("`{shown}` says nothing about unit `{unit}`"))
                    .help("write `better=lower`, `better=higher`, `assume=exact` or `assume=nothing`")
            }
            Refused::Conflict => {
                let message = format!("`{shown}` contradicts an earlier line about unit `{unit}`");
                Diagnostic::new(Code::ConfigurationIgnored, message).note("the earlier line is used")
            }
        };
        diagnostic.severity = Severity::Warning;
        diagnostics.push(diagnostic.at(collector.locate(line, field)));
    }
}
