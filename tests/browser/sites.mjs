/* Sites to look at: made by the perfgate binary from histories that are generated here.
 *
 * Not here: what is asserted of them (site.test.mjs).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { folder, noise } from "./pages.mjs";

/** Runs perfgate beside the pages; an exit code that is a verdict is no failure. */
export function perfgate(...words) {
  try {
    return execFileSync(process.env.PERFGATE_BINARY, words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if (error.status === 1 || error.status === 3) return error.stdout;
    throw new Error(`perfgate ${words.join(" ")}: ${error.stderr}`);
  }
}

const START = 1767225600;

export const commit = (at) => (0x1234567 + at * 0x10f1e2d).toString(16).padStart(8, "0").repeat(5).slice(0, 40);

/**
 * A run of benchmarks: `[{name, metrics: {time: value, …}}]`.
 *
 * `options`: `at` (its number: commit and day), `labels`.
 */
export function run(benchmarks, { at, labels = {} }) {
  const units = { time: ["s", "noisy"], memory: ["B", "noisy"], allocs: ["1", "exact"] };
  return {
    schema: "perfgate-run/1",
    commit: commit(at),
    branch: "main",
    taken_at: START + at * 86400,
    labels: { cpu: "AMD EPYC 7763", os: "linux", ...labels },
    suites: [{ tool: "criterion", name: "criterion" }],
    benchmarks: benchmarks.map(({ name, metrics, ...rest }, position) => ({
      tool: "criterion",
      name,
      ...rest,
      metrics: Object.entries(metrics).map(([metric, value]) => {
        const [unit, kind] = units[metric];
        return { metric, unit, better: "lower", kind, suite: 0, position, samples: [value] };
      }),
    })),
  };
}

/** What a project of a dozen benchmarks lives through: steps for the worse and the better, one taken back, one new. */
export function story(runs, { scale = 1, seed = 3 } = {}) {
  const random = noise(seed);
  const near = (value) => value * scale * (1 + 0.02 * random());
  const share = (part) => Math.floor(runs * part);
  const names = ["parse/json/1024", "parse/json/65536", "parse/xml", "render/page", "render/list", "cache/get_hit", "cache/get_miss", "cache/insert", "sort/1000", "sort/100000", "hash/sha256", "codec/encode/utf-8"];
  return Array.from({ length: runs }, (_, at) => {
    const factor = (index) => {
      if (index < 2) return (at >= share(0.45) ? 0.85 : 1) * (at >= share(0.85) ? 1.22 : 1);
      if (index === 3) return at >= share(0.3) && at < share(0.55) ? 1.3 : 1;
      if (index === 8) return at >= runs - 6 ? 1.15 : 1;
      return 1;
    };
    const benchmarks = names.map((name, index) => ({
      name,
      metrics: { time: near(10 ** (-8 + (index % 5)) * factor(index)), ...(index < 3 ? { allocs: at >= share(0.7) ? 5 : 3 } : {}) },
    }));
    // One came later, one is gone.
    return run(benchmarks.filter((_, index) => (index !== 10 || at >= share(0.4)) && (index !== 11 || at < share(0.9))), { at });
  });
}

let made = 0;

/** The site of one history; the path of its folder. */
export function site(runs, ...options) {
  const name = `site-${++made}`;
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, runs.map((one) => JSON.stringify(one)).join("\n"));
  perfgate("trend", file, "--isolated", "--report", `html=${path.join(folder, name)}`, ...options);
  return path.join(folder, name);
}

/** The page of a benchmark in a site, by how the name of its file begins. */
export function benchmarkOf(folder, start) {
  const isIt = (file) => file.startsWith(start) && file.endsWith(".html");
  return path.join("benchmarks", readdirSync(path.join(folder, "benchmarks")).find(isIt));
}

/** The site of a store with several testbeds: `{name: runs}`, the first being the one that is asked for. */
export function ofTestbeds(testbeds) {
  const name = `site-${++made}`;
  const store = `dir:${path.join(folder, `${name}-store`)}`;
  for (const [testbed, runs] of Object.entries(testbeds)) {
    const file = path.join(folder, `${name}-${testbed}`);
    mkdirSync(file);
    runs.forEach((one, at) => writeFileSync(path.join(file, `${String(at).padStart(4, "0")}.json`), JSON.stringify(one)));
    perfgate("record", "--import", file, "--store", store, "--testbed", testbed, "--isolated");
  }
  perfgate("trend", "--store", store, "--testbed", Object.keys(testbeds)[0], "--isolated", "--report", `html=${path.join(folder, name)}`);
  return path.join(folder, name);
}
