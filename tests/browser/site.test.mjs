/* The site of `trend --report html` in a browser, opened from a disk: what it shows, how it is used, what it never does. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";

import { SCHEMES, WIDTHS, assertAccessible, assertFits, close, open, timeUntil } from "./browser.mjs";
import { hostileNames, remove } from "./pages.mjs";
import { benchmarkOf, commit, ofTestbeds, run, site, story } from "./sites.mjs";

after(async () => {
  await close();
  remove();
});

const texts = (page, selector) => page.locator(selector).allTextContents();
const names = (page) => texts(page, ".list tbody tr:not([hidden]) th");
const status = (page) => page.locator(".filters [role=status]").textContent();
const head = (page, title) => page.locator(".list thead th", { hasText: title });

const usual = site(story(60));

/** Opens a page of a site; everything in the site's folder may be read, and nothing else. */
const look = (folder, name = "index.html", options = {}) => open(path.join(folder, name), { files: folder, ...options });

test("the overview says what happened, with what moved together", async () => {
  const { page, done } = await look(usual);
  assert.match(await page.title(), /^(PASS|FAIL|WARN): .* in \d+ series of 60 runs/);
  const together = page.locator(".event", { hasText: "parse/json/1024" }).first();
  assert.match(await together.textContent(), /parse\/json\/65536/);
  assert.match(await together.textContent(), /since|most likely since/);
  assert.ok((await page.locator(".list tbody tr").count()) >= 14);
  assert.equal(await page.locator("canvas").count(), 0, "the overview draws nothing");
  await done();
});

test("the list sorts by its head", async () => {
  const { page, done } = await look(usual);
  const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  await head(page, "Benchmark").locator("button").click();
  assert.equal(await head(page, "Benchmark").getAttribute("aria-sort"), "ascending");
  const sorted = await names(page);
  assert.deepEqual(sorted, [...sorted].sort(natural.compare));
  await head(page, "Benchmark").locator("button").click();
  assert.deepEqual(await names(page), [...sorted].sort(natural.compare).reverse());
  await head(page, "Since the first run").locator("button").click();
  assert.equal(await head(page, "Benchmark").getAttribute("aria-sort"), null);
  assert.match((await texts(page, ".list tbody tr td:nth-of-type(4)"))[0], /^\+/);
  // By keyboard as well.
  await head(page, "Runs").locator("button").focus();
  await page.keyboard.press("Enter");
  assert.equal(await head(page, "Runs").getAttribute("aria-sort"), "descending");
  await done();
});

test("the list filters by text, metric and way, and says how much is left", async () => {
  const { page, done } = await look(usual);
  const all = await page.locator(".list tbody tr").count();
  assert.equal(await status(page), `${all} lines`);
  await page.keyboard.press("/");
  await page.keyboard.type("JSON parse");
  assert.deepEqual(new Set(await names(page)), new Set(["parse/json/1024", "parse/json/65536"]));
  await page.locator(".filters select[name=metric]").selectOption("allocs");
  assert.equal(await status(page), `2 of ${all} lines`);
  await page.locator(".filters input").fill("nothing is called so");
  assert.equal(await status(page), `0 of ${all} lines`);
  await page.locator(".filters input").fill("");
  await page.locator(".filters select[name=metric]").selectOption("");
  await page.locator(".filters select[name=way]").selectOption("worse");
  const worse = await names(page);
  assert.ok(worse.includes("sort/1000") && !worse.includes("hash/sha256"), worse.join());
  await done();
});

test("a benchmark's page draws its charts and says what they show", async () => {
  const { page, done } = await look(usual);
  await page.locator(".list a", { hasText: "parse/json/1024" }).first().click();
  assert.equal(await page.locator("h1").textContent(), "parse/json/1024");
  await page.locator(".metric canvas").first().waitFor();
  assert.equal(await page.locator(".metric canvas").count(), 2, "allocs and time");
  const said = await page.locator("#m-time [role=img]").getAttribute("aria-label");
  assert.match(said, /60 runs from 2026-01-01 to 2026-03-01, between .* and .*, newest .*, 2 changes/);
  // Something is drawn in the colour of the line.
  const painted = await page.locator("#m-time canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) count += data[at] > 0;
    return count;
  });
  assert.ok(painted > 500, `${painted} pixels`);
  await done();
});

test("pointing at a run tells its commit and value, clicking keeps it with a link", async () => {
  const { page, done } = await look(usual, benchmarkOf(usual, "parse-json-1024"));
  const over = page.locator("#m-time .u-over");
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  await page.mouse.move(box.x + 1, box.y + box.height / 2);
  const tip = page.locator("#m-time .tip");
  await tip.waitFor();
  assert.match(await tip.textContent(), new RegExp(`${commit(0).slice(0, 10)}, 2026-01-01 00:00 UTC.*(ns|µs)`));
  await page.mouse.move(box.x + box.width - 1, box.y + box.height / 2);
  assert.match(await tip.textContent(), new RegExp(commit(59).slice(0, 10)));
  await page.mouse.move(box.x + 1, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.up();
  assert.match(await page.locator("#m-time .run").textContent(), new RegExp(`^${commit(0).slice(0, 10)} · 2026-01-01`));
  await done();
});

test("dragging zooms all charts of the page, and a button shows all runs again", async () => {
  const { page, done } = await look(usual, benchmarkOf(usual, "parse-json-1024"));
  const over = page.locator("#m-time .u-over");
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  const whole = page.locator("#m-time button", { hasText: "Show all runs" });
  assert.ok(!(await whole.isVisible()));
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await whole.waitFor();
  assert.ok(await page.locator("#m-allocs button", { hasText: "Show all runs" }).isVisible());
  await whole.click();
  assert.ok(!(await whole.isVisible()));
  await done();
});

test("the keyboard goes along the runs", async () => {
  const { page, done } = await look(usual, benchmarkOf(usual, "parse-json-1024"));
  const along = page.locator("#m-time input[type=range]");
  await along.focus();
  await page.keyboard.press("Home");
  assert.match(await along.getAttribute("aria-valuetext"), new RegExp(`^${commit(0).slice(0, 10)}, 2026-01-01, `));
  await page.keyboard.press("ArrowRight");
  assert.match(await page.locator("#m-time .run").textContent(), new RegExp(`^${commit(1).slice(0, 10)} `));
  await page.keyboard.press("End");
  assert.match(await page.locator("#m-time .run").textContent(), new RegExp(`^${commit(59).slice(0, 10)} `));
  await done();
});

test("every value stands in a table", async () => {
  const { page, done } = await look(usual, benchmarkOf(usual, "hash-sha256"));
  assert.equal(await page.locator(".values table").count(), 0, "made when it is asked for");
  await page.locator(".values summary").click();
  const rows = page.locator(".values tbody tr");
  await rows.first().waitFor();
  assert.equal(await rows.count(), 36, "the runs before it came are left out");
  assert.match(await rows.first().textContent(), new RegExp(`${commit(59).slice(0, 10)}2026-03-01`));
  await done();
});

test("testbeds share one axis and can be hidden", async () => {
  const folder = ofTestbeds({ fast: story(30), slow: story(30, { scale: 1.6, seed: 9 }).filter((_, at) => at % 2 === 0) });
  const overview = await look(folder);
  assert.ok((await texts(overview.page, ".list thead th")).some((title) => title === "Testbed"));
  await overview.done();
  const { page, done } = await look(folder, benchmarkOf(folder, "render-page"));
  await page.locator("canvas").first().waitFor();
  assert.deepEqual(await texts(page, ".around label:has(input[type=checkbox])"), ["fast", "slow"]);
  const along = page.locator("input[type=range]");
  await along.focus();
  await page.keyboard.press("Home");
  assert.match(await page.locator(".run").textContent(), /fast: .* · slow: /);
  await page.keyboard.press("ArrowRight");
  assert.doesNotMatch(await page.locator(".run").textContent(), /slow/);
  await page.locator("label", { hasText: "slow" }).locator("input").uncheck();
  await along.focus();
  await page.keyboard.press("Home");
  assert.doesNotMatch(await page.locator(".run").textContent(), /slow/);
  await page.locator("label", { hasText: "slow" }).locator("input").check();
  await done();
});

test("an event that is folded opens when a benchmark leads to it", async () => {
  const { page, done } = await look(usual, benchmarkOf(usual, "render-page"));
  const links = await page.locator(".changes th a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  assert.equal(links.length, 2);
  await page.locator(".changes th a").last().click();
  await page.waitForURL(/index\.html#e1-\d+/);
  assert.ok(await page.locator(".event:target").isVisible());
  await done();
});

test("nothing serious in accessibility, and no page is wider than the window", async () => {
  for (const scheme of SCHEMES) {
    for (const width of WIDTHS) {
      for (const name of ["index.html", benchmarkOf(usual, "parse-json-1024")]) {
        const { page, done } = await look(usual, name, { scheme, width });
        for (const details of await page.locator("details:not([open]) > summary").all()) {
          if (await details.isVisible()) await details.click();
        }
        await assertFits(page, `${name} ${scheme} ${width}`);
        await assertAccessible(page, `${name} ${scheme} ${width}`);
        await done();
      }
    }
  }
});

test("without scripts the overview and what charts show are there", async () => {
  const overview = await look(usual, "index.html", { scripts: false });
  assert.ok((await overview.page.locator(".list tbody tr").count()) >= 14);
  assert.ok(!(await overview.page.locator(".filters").isVisible()));
  await overview.page.context().close();
  const { page } = await look(usual, benchmarkOf(usual, "parse-json-1024"), { scripts: false });
  assert.match(await page.locator("#m-time .said").textContent(), /60 runs from/);
  assert.match(await page.locator("noscript").textContent(), /need scripts/);
  await page.context().close();
});

test("hostile names change nothing outside their text", async () => {
  const list = [...hostileNames(), "</a>\u{202e}".repeat(2000)];
  const value = (at, index) => 1e-6 * (1 + 0.001 * ((at * 7 + index * 3) % 5)) * (at >= 12 && index % 5 === 0 ? 1.5 : 1);
  const made = (names) => site(Array.from({ length: 20 }, (_, at) => run(names.map((name, index) => ({ name, metrics: { time: value(at, index) } })), { at, labels: { runner: names[at % names.length] } })));
  const bad = made(list);
  const { page, seen, done } = await look(bad);
  await page.locator(".filters input").fill("a");
  const forms = await page.locator("form, iframe, object, embed, img, base").count();
  assert.equal(forms, 1, "the filters alone");
  await done();
  assert.deepEqual(seen.requests, []);
  // tests/site.rs looks at the markup of all of them; here some are opened, those with the longest scripts among them.
  const pages = readdirSync(path.join(bad, "benchmarks")).filter((name) => name.endsWith(".html"));
  const largest = Math.max(...pages.map((file) => statSync(path.join(bad, "benchmarks", file)).size));
  for (const file of pages.filter((name, at) => at % 5 === 0 || statSync(path.join(bad, "benchmarks", name)).size === largest)) {
    const one = await look(bad, path.join("benchmarks", file));
    await one.page.locator("canvas").first().waitFor();
    await one.page.locator(".values summary").click();
    assert.equal(await one.page.locator("form, iframe, object, embed, img, base").count(), 0, file);
    assert.equal(await one.page.locator("script").count(), 5, file);
    assert.equal(await one.page.locator("h1 *").count(), 0, file);
    await assertFits(one.page, file);
    await one.done();
  }
});

test("one run, one benchmark and gaps are drawn as what they are", async () => {
  const one = site([run([{ name: "alone", metrics: { time: 1e-6 } }], { at: 0 })]);
  const { page, done } = await look(one, benchmarkOf(one, "alone"));
  await page.locator("canvas").first().waitFor();
  assert.match(await page.locator(".said").textContent(), /^1 run of 2026-01-01, 1(\.000)?\s?µs/);
  await done();
  const overview = await look(one);
  assert.match(await overview.page.title(), /^NOTHING TO LOOK AT: no change can be told/);
  await overview.done();
});

test("a site of 500 series opens fast", async () => {
  const random = (at, index) => ((at * 7919 + index * 104729) % 1000) / 50000;
  const runs = Array.from({ length: 200 }, (_, at) =>
    run(Array.from({ length: 500 }, (_, index) => ({ name: `group_${index % 20}/benchmark_${index}/${index * 16}`, metrics: { time: 1e-6 * (index + 1) * (1 + random(at, index)) } })), { at }),
  );
  const large = site(runs);
  const size = (folder) => readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => sum + (entry.isDirectory() ? size(path.join(folder, entry.name)) : statSync(path.join(folder, entry.name)).size), 0);
  assert.ok(size(large) < 12e6, `${size(large)} bytes`);
  const list = await timeUntil(() => look(large), ".filters input");
  assert.ok(list < 2000, `${list} ms until the list can be used`);
  const { page, done } = await look(large);
  await page.locator(".filters input").waitFor();
  const took = await page.evaluate(() => {
    const input = document.querySelector(".filters input");
    const started = performance.now();
    input.value = "benchmark_49";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.getBoundingClientRect();
    return performance.now() - started;
  });
  assert.ok(took < 200, `the filter took ${took} ms`);
  await done();
  assert.ok(statSync(path.join(large, "index.html")).size + 60e3 < 1e6);
  const chart = await timeUntil(() => look(large, benchmarkOf(large, "group-1-benchmark-1-")), "canvas");
  assert.ok(chart < 2000, `${chart} ms until the chart is drawn`);
  assert.match(readFileSync(path.join(large, "runs.js"), "utf8"), /^perfgateSite\.runs\(/);
});
