/* Pages to look at: made by the perfgate binary from fixtures and from reports that are generated here.
 *
 * Everything generated comes from a counter, never from chance, so that each run sees the same pages.
 *
 * Not here: what is asserted of them.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
export const folder = mkdtempSync(path.join(tmpdir(), "perfgate-pages-"));

/** Takes the folder of pages away. */
export function remove() {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs perfgate in the repository; an exit code that is a verdict is no failure. */
export function perfgate(...words) {
  try {
    return execFileSync(process.env.PERFGATE_BINARY, words, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if (error.status === 1 || error.status === 3) return error.stdout;
    throw new Error(`perfgate ${words.join(" ")}: ${error.stderr}`);
  }
}

/** The page of a comparison of two inputs. */
export function compared(name, baseline, current, ...options) {
  const file = path.join(folder, `${name}.html`);
  perfgate("compare", baseline, current, "--isolated", "--report", `html=${file}`, ...options);
  return file;
}

/** The page of reports: objects, or paths of fixtures. */
export function shown(name, ...reports) {
  const file = path.join(folder, `${name}.html`);
  const inputs = reports.map((report, at) => {
    if (typeof report === "string") return report;
    const input = path.join(folder, `${name}-${at}.json`);
    writeFileSync(input, JSON.stringify(report));
    return input;
  });
  perfgate("report", ...inputs, "--report", `html=${file}`);
  return file;
}

/** The sample comparison of the README. */
export function sample() {
  return compared("sample", "fixtures/sample/baseline.json", "fixtures/sample/current.json");
}

/** The names of tests/escapers.rs, which mean something somewhere. */
export function hostileNames() {
  const source = readFileSync(path.join(root, "tests/escapers.rs"), "utf8");
  const list = source.split("const NAMES: &[&str] = &[")[1].split("\n];")[0];
  const escapes = { n: "\n", r: "\r", t: "\t", "\\": "\\", '"': '"', 0: "\0" };
  const unescaped = (text) =>
    text.replace(/\\(?:u\{([0-9a-f]+)\}|(.))/g, (_, code, letter) => (code ? String.fromCodePoint(parseInt(code, 16)) : escapes[letter]));
  return [...list.matchAll(/^\s+"((?:[^"\\]|\\.)*)",$/gm)].map(([, text]) => unescaped(text));
}

/** Numbers that look like noise and are the same every time. */
export function noise(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

const VERDICTS = ["fail", "invalid", "warn", "missing", "inconclusive", "accepted", "improved", "new", "pass"];

/** A row of a report with a history, two or three runs a side, and everything a judged row has. */
export function row(benchmark, options = {}) {
  const { verdict = "pass", metric = "time", level = 1e-5, change = 0.004, past = 20, runs = 3, seed = 1, tool = "criterion", ...rest } = options;
  const random = noise(seed);
  const near = (value, spread = 0.02) => value * (1 + spread * random());
  const side = (value, count) => ({ value, runs: count, samples: 100 * count });
  const isNew = verdict === "new";
  const isMissing = verdict === "missing";
  const old = Math.floor(past / 2);
  return {
    benchmark,
    tool,
    package: null,
    params: {},
    metric,
    statistic: "median",
    unit: "s",
    tool_unit: "ns",
    better: "lower",
    kind: "noisy",
    baseline: isNew ? null : side(level, runs),
    current: isMissing ? null : side(level * (1 + change), runs),
    change: isNew || isMissing ? null : change,
    interval: isNew || isMissing ? null : [change - 0.012, change + 0.013],
    p: isNew || isMissing ? null : 0.0123,
    p_adjusted: isNew || isMissing ? null : 0.0456,
    detectable: isNew || isMissing ? null : 0.031,
    limits: { warn: { value: 0.05, kind: "relative" }, fail: { value: 0.1, kind: "relative" }, origin: "perfgate.toml:12" },
    verdict,
    gate: true,
    suspect: verdict === "fail",
    reasons: verdict === "fail" ? ["over-fail-limit"] : [],
    explanations: verdict === "inconclusive" ? ["a change of 3% cannot be excluded; `perfgate ab` helps"] : [],
    runs: {
      history: Array.from({ length: past }, (_, at) => near(at < old ? level * 0.9 : level)),
      levels: past > 3 ? [old] : [],
      baseline: isNew ? [] : Array.from({ length: runs }, () => near(level)),
      current: isMissing ? [] : Array.from({ length: runs }, () => near(level * (1 + change))),
    },
    ...rest,
  };
}

/** A report of these rows. */
export function report(rows, options = {}) {
  const { past = 20, ...rest } = options;
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, rows.filter((one) => one.gate && one.verdict === verdict).length]));
  const worst = counts.fail + counts.invalid > 0 ? "fail" : counts.warn + counts.missing > 0 ? "warn" : "pass";
  const commit = (at) => (0x1234567 + at * 0x10f1e2d).toString(16).padStart(8, "0").repeat(5).slice(0, 40);
  const labels = { cpu: "AMD EPYC 7763", os: "linux", arch: "x86_64", rustc: "1.90.0" };
  return {
    schema: "perfgate-report/1",
    perfgate: "0.1.0",
    verdict: worst,
    counts: { ...counts, total: rows.length },
    testbed: "linux-x64",
    store: null,
    baseline: { runs: 3, commit: commit(past), branch: "main", labels, inputs: ["baseline"] },
    current: { runs: 3, commit: commit(past + 1), branch: "change", labels: { ...labels, rustc: "1.91.0" }, inputs: ["target/criterion"] },
    history: past,
    pairs: 0,
    shifts: [{ suite: "criterion", metric: "time", series: rows.length, shift: 0.012, adjusted: true, verdict: "pass", noise: null }],
    past: Array.from({ length: past }, (_, at) => ({
      commit: commit(at),
      branch: "main",
      taken_at: 1767225600 + at * 86400,
      committed_at: 1767225600 + at * 86400,
    })),
    results: rows,
    notes: [
      { code: "environment-differs", severity: "warning", message: "the two sides were measured with different tools: rustc was 1.90.0, is 1.91.0" },
      { code: "unused-accept", severity: "note", message: "perfgate.toml:40: an accept entry for `render/*` matches nothing" },
    ],
    ...rest,
  };
}

/** Rows with every verdict and several metrics, most of them within their limits. */
export function many(count) {
  const random = noise(7);
  return Array.from({ length: count }, (_, at) => {
    const verdict = at % 50 === 0 ? "fail" : at % 37 === 0 ? "warn" : at % 29 === 0 ? "inconclusive" : at % 23 === 0 ? "improved" : at % 211 === 0 ? "new" : "pass";
    const change = { fail: 0.2, warn: 0.07, improved: -0.15 }[verdict] ?? 0.02 * random();
    const metric = ["time", "memory", "allocs"][at % 3];
    const options = { verdict, metric, change: change + 0.01 * random(), level: 1e-9 * 10 ** (at % 7), seed: at + 1 };
    return row(`group_${at % 40}/function_with_a_usual_name/${at}`, options);
  });
}
