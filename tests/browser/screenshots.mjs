/* The pictures of docs/report.md, and with a folder as argument all the pictures that a change is looked at by.
 *
 *   tests/browser/run.sh screenshots.mjs            writes docs/images/
 *   tests/browser/run.sh screenshots.mjs /tmp/look  every page, width and colour scheme
 */
import { mkdirSync } from "node:fs";
import path from "node:path";

import { SCHEMES, WIDTHS, close, open } from "./browser.mjs";
import { many, noise, remove, report, row, sample, shown } from "./pages.mjs";
import { benchmarkOf, ofTestbeds, story } from "./sites.mjs";

const docs = path.resolve(import.meta.dirname, "../../docs/images");

/** A page, what is done on it, and how it is photographed. */
async function shoot(file, picture, options, act) {
  const { page, done } = await open(file, options);
  await act?.(page);
  await page.waitForTimeout(150);
  await page.screenshot({ path: picture, fullPage: options.whole ?? false });
  await done();
}

const openFirst = (page) => page.locator("tr.row .name button").first().click();

/** A comparison that has something of everything. */
function everything() {
  const kinds = ["parse/json", "parse/toml", "render/page", "render/list", "encode/utf8", "hash/sha256", "sort/stable", "search/prefix"];
  const rows = many(120).map((one, at) => ({ ...one, metric: "time", benchmark: `${kinds[at % kinds.length]}/${2 ** (4 + Math.floor(at / kinds.length))}` }));
  rows[0] = row("parse/json/1024", { verdict: "fail", change: 0.139, level: 1.231e-5, past: 40, runs: 5, seed: 11, interval: [0.121, 0.158] });
  const random = noise(23);
  rows[0].runs.levels = [14, 29];
  rows[0].runs.history = Array.from({ length: 40 }, (_, at) => 1.231e-5 * (at < 14 ? 0.93 : at < 29 ? 1.03 : 1) * (1 + 0.012 * random()));
  return report(rows, { past: 40 });
}

function inTurns() {
  const rows = [row("render/page", { verdict: "warn", change: 0.062, runs: 10, past: 0, seed: 5 }), row("render/list", { runs: 10, past: 0, seed: 6 })];
  return report(rows, { pairs: 10, past: 0, history: 0 });
}

/** A history of several testbeds as a site: its overview, and one of its benchmarks. */
function trendSite() {
  const folder = ofTestbeds({ "linux-x64": story(80), "linux-arm64": story(80, { scale: 1.35, seed: 9 }) });
  return { folder, overview: path.join(folder, "index.html"), benchmark: path.join(folder, benchmarkOf(folder, "parse-json-1024")) };
}

async function forDocs() {
  mkdirSync(docs, { recursive: true });
  const page = shown("everything", everything());
  await shoot(page, path.join(docs, "report.png"), { width: 1280, height: 860 });
  await shoot(page, path.join(docs, "report-row.png"), { width: 1280, height: 900, fragment: "parse/json/1024/time" });
  await shoot(page, path.join(docs, "report-dark.png"), { width: 1280, height: 900, scheme: "dark", fragment: "parse/json/1024/time" });
  const { folder, overview, benchmark } = trendSite();
  await shoot(overview, path.join(docs, "site.png"), { width: 1280, height: 860, files: folder });
  await shoot(benchmark, path.join(docs, "site-benchmark.png"), { width: 1280, height: 860, files: folder, fragment: "m-time" });
}

async function toLookAt(folder) {
  mkdirSync(folder, { recursive: true });
  const pages = {
    sample: sample(),
    everything: shown("everything", everything()),
    turns: shown("turns", inTurns()),
    several: shown("several", everything(), report(many(30), { testbed: "macos-arm64" }), report([row("a")], { testbed: "windows-x64", past: 0 })),
  };
  for (const [name, file] of Object.entries(pages)) {
    for (const scheme of SCHEMES) {
      for (const width of WIDTHS) {
        const picture = (part) => path.join(folder, `${name}-${part}-${scheme}-${width}.png`);
        await shoot(file, picture("top"), { width, scheme, height: 900 });
        await shoot(file, picture("open"), { width, scheme, height: 1500 }, async (page) => {
          await openFirst(page);
          await page.locator("tr.row.is-open").evaluate((shown) => shown.scrollIntoView());
        });
      }
    }
  }
  const { folder: files, ...parts } = trendSite();
  for (const [part, file] of Object.entries(parts)) {
    for (const scheme of SCHEMES) {
      for (const width of WIDTHS) {
        await shoot(file, path.join(folder, `site-${part}-${scheme}-${width}.png`), { width, scheme, height: 1500, files });
      }
    }
  }
}

try {
  if (process.argv[2]) await toLookAt(process.argv[2]);
  else await forDocs();
} finally {
  await close();
  remove();
}
