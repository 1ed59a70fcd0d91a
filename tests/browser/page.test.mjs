/* The page of `--report html` in a browser: what it shows, how it is used, and what it never does. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { after, test } from "node:test";

import { SCHEMES, WIDTHS, assertAccessible, assertFits, close, open, timeUntil } from "./browser.mjs";
import { hostileNames, many, perfgate, remove, report, row, sample, shown } from "./pages.mjs";

after(async () => {
  await close();
  remove();
});

const texts = (page, selector) => page.locator(selector).allTextContents();
const states = (page) => texts(page, "tr.row .badge");
const names = (page) => texts(page, "tr.row .name button");
const status = (page) => page.locator("#status").textContent();

/** Filters by a verdict, as a reader does. */
const only = (page, word) => page.locator("#chips label", { hasText: word }).click();

test("the sample of the README shows its verdict, its rows and its charts", async () => {
  const { page, done } = await open(sample());
  assert.match(await page.title(), /^FAIL: /);
  assert.match(await page.locator("h1").textContent(), /^FAIL: /);
  assert.equal((await states(page))[0], "fail");
  const rows = await page.locator("tr.row").count();
  assert.ok(rows > 5, `${rows} rows`);
  await page.locator("tr.row .name button").first().click();
  const chart = page.locator(".panel [role=img]").first();
  assert.match(await chart.getAttribute("aria-label"), /baseline .*current .*warn limit at .*fail limit at /);
  assert.ok(await page.locator(".panel canvas").first().isVisible());
  assert.match(await page.locator(".command code").last().textContent(), /^perfgate explain '.*' fixtures\/sample\/baseline.json/);
  await done();
});

test("the command of a row does what it says", async () => {
  const { page, done } = await open(sample());
  const name = (await names(page))[0];
  await page.locator("tr.row .name button").first().click();
  const command = await page.locator(".panel .command code").textContent();
  const [, quoted, inputs] = command.match(/^perfgate explain ('.*') (.*)$/);
  assert.equal(quoted, `'${name}'`);
  assert.match(perfgate("explain", name, ...inputs.split(" "), "--isolated"), /judged by/);
  await done();
});

test("rows sort by every column, and the head says how", async () => {
  const { page, done } = await open(shown("sorting", report(many(300))));
  const head = (title) => page.locator("#heads th", { hasText: title });
  assert.equal(await head("verdict").getAttribute("aria-sort"), "descending");
  const worst = await names(page);
  await head("benchmark").locator("button").click();
  assert.equal(await head("benchmark").getAttribute("aria-sort"), "ascending");
  assert.equal(await head("verdict").getAttribute("aria-sort"), null);
  const sorted = await names(page);
  const natural = new Intl.Collator("en", { numeric: true });
  assert.deepEqual(sorted, [...sorted].sort(natural.compare));
  await head("benchmark").locator("button").click();
  assert.equal(await head("benchmark").getAttribute("aria-sort"), "descending");
  await head("current").locator("button").click();
  const current = await texts(page, "tr.row [data-label=current]");
  assert.match(current[0], /(ps|ns)$/);
  await head("change").locator("button").click();
  const changes = (await texts(page, "tr.row .change")).map((said) => parseFloat(said.replace("\u2212", "-")));
  assert.deepEqual(changes.filter(Number.isFinite), changes.filter(Number.isFinite).sort((a, b) => b - a));
  await head("verdict").locator("button").click();
  assert.deepEqual(await names(page), worst, "back to worst first");
  await done();
});

test("rows filter by verdict, metric and text, and say how many are left", async () => {
  const { page, done } = await open(shown("filters", report(many(1000))));
  assert.equal(await status(page), "1\u00a0000 rows");
  await only(page, "fail");
  assert.equal(await status(page), "20 of 1\u00a0000 rows");
  assert.deepEqual(new Set(await states(page)), new Set(["fail"]));
  await only(page, "warn");
  assert.deepEqual(new Set(await states(page)), new Set(["fail", "warn"]));
  await page.locator("#reset").click();
  assert.equal(await status(page), "1\u00a0000 rows");
  await page.locator("#metric").selectOption({ label: "memory (333)" });
  assert.deepEqual(new Set(await texts(page, "tr.row .metric")), new Set(["memory"]));
  await page.locator("#text").fill("GROUP_7/ 47");
  assert.ok((await names(page)).every((name) => name.startsWith("group_7/") && name.includes("47")));
  await page.locator("#text").fill("nothing is called so");
  assert.equal(await status(page), "0 of 1\u00a0000 rows");
  assert.ok(await page.locator("#empty").isVisible());
  await page.locator("#reset").click();
  assert.ok((await names(page)).length >= 100);
  await done();
});

test("more rows come by scrolling and by the button", async () => {
  const { page, done } = await open(shown("chunks", report(many(1000))));
  assert.equal(await page.locator("tr.row").count(), 100);
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await page.waitForFunction(() => document.querySelectorAll("tr.row").length >= 200);
  await page.evaluate(() => {
    const button = document.getElementById("after");
    while (!button.hidden) button.click();
  });
  assert.equal(await page.locator("tr.row").count(), 1000);
  await done();
});

test("a link opens its row wherever it is, and the browser's buttons go back and forth", async () => {
  const file = shown("links", report(many(5000)));
  const name = "group_39/function_with_a_usual_name/4999";
  const { page, done } = await open(file, { fragment: `${name}/memory` });
  const opened = page.locator("tr.row.is-open");
  assert.deepEqual(await texts(page, "tr.row.is-open .name button"), [name]);
  assert.ok(await page.locator(".panel canvas").first().isVisible());
  assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
  const top = await opened.evaluate((shown) => shown.getBoundingClientRect().top);
  assert.ok(top > -5 && top < 700, `the row is at ${top}`);
  assert.ok(await page.locator("#before").isVisible());
  await page.locator("#before").click();
  // Another row, and back again.
  const other = page.locator("tr.row:not(.is-open) .name button").first();
  const otherName = await other.textContent();
  await other.click();
  assert.match(decodeURIComponent(new URL(page.url()).hash), new RegExp(`^#${otherName}/`));
  await page.goBack();
  assert.deepEqual(await texts(page, "tr.row.is-open .name button"), [name]);
  await page.goForward();
  assert.deepEqual(await texts(page, "tr.row.is-open .name button"), [otherName]);
  // A filter that hides the row is taken away by a link to it.
  await only(page, "fail");
  await page.evaluate((hash) => (location.hash = hash), `${name}/memory`);
  await page.waitForFunction((name) => document.querySelector("tr.row.is-open .name button")?.textContent === name, name);
  await done();
});

test("links of names with any characters lead back to their rows", async () => {
  const odd = ["a b", "100%", "a/b", "a#b", "漢字🚀", "%41", "x?y=z&w", "A", "same", "l".repeat(10000)];
  const rows = odd.map((name, at) => row(name, { seed: at + 1 }));
  rows.push(row("same", { tool: "go", package: "x/y" }), row("same", { tool: "go", package: "x/z" }));
  const file = shown("odd", report(rows));
  const { page, done } = await open(file);
  const shownNames = await names(page);
  assert.equal(new Set(shownNames).size, rows.length, shownNames.join("\n"));
  const links = [];
  for (const button of await page.locator("tr.row .name button").all()) {
    await button.click();
    links.push(new URL(page.url()).hash.slice(1));
    await button.click();
    assert.equal(new URL(page.url()).hash, "");
  }
  await done();
  assert.equal(new Set(links).size, rows.length);
  for (const [at, link] of links.entries()) {
    const again = await open(file, { fragment: link });
    assert.deepEqual(await texts(again.page, "tr.row.is-open .name button"), [shownNames[at]]);
    await again.done();
  }
});

test("everything can be done by keyboard", async () => {
  const { page, done } = await open(shown("keyboard", report(many(300))));
  const focused = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.id);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the table");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  await page.keyboard.type("group_1/");
  assert.match(await status(page), / of 300 rows$/);
  assert.equal(await page.locator("#text").inputValue(), "group_1/");
  await page.keyboard.type("/");
  assert.equal(await page.locator("#text").inputValue(), "group_1//", "a slash is a slash while typing");
  await page.keyboard.press("Backspace");
  // Tab reaches the first row's button past the other controls.
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.closest("tr.row") !== null)) break;
  }
  const first = (await names(page))[0];
  assert.equal(await focused(), first);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "true");
  await page.keyboard.press("Space");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "false");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), (await names(page))[1]);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(), first);
  await done();
});

test("the history says commit and value under the pointer, and in numbers", async () => {
  const { page, done } = await open(shown("history", report([row("parse", { verdict: "fail", change: 0.2 })])), { height: 1400 });
  await page.locator("tr.row .name button").click();
  const charts = page.locator(".panel [role=img]");
  assert.equal(await charts.count(), 2);
  assert.match(await charts.nth(1).getAttribute("aria-label"), /^history of 20 runs from 8\.\d+\sµs to 10\.\d+\sµs, 2 levels, now 12\.00\sµs$/);
  await charts.nth(1).locator(".u-over").hover();
  const tip = await page.locator(".tip").innerText();
  assert.match(tip, /^\d+\.\d+.µs\ncommit [0-9a-f]{10}\n20\d\d-\d\d-\d\d$/);
  await page.locator("summary", { hasText: "The history in numbers" }).click();
  await page.locator(".numbers[open] tbody tr").first().waitFor();
  const lines = await texts(page, ".numbers[open] tbody tr");
  assert.equal(lines.length, 20 + 3 + 1);
  assert.match(lines[23], /^this run, commit [0-9a-f]{10}12\.00.µs$/);
  await done();
});

test("pairs are joined, samples are drawn where they are known", async () => {
  const pairs = report([row("pairs", { runs: 8, past: 0, verdict: "warn", change: 0.06 })], { pairs: 8, history: 0, past: [] });
  const { page, done } = await open(shown("pairs", pairs));
  await page.locator("tr.row .name button").click();
  assert.equal(await page.locator(".panel h3").first().textContent(), "Values and pairs");
  assert.deepEqual((await texts(page, ".panel .key li")).slice(0, 4), ["baseline", "current", "95\u00a0% interval", "a pair"]);
  await page.locator("summary", { hasText: "The pairs in numbers" }).click();
  await page.locator(".numbers[open] tbody tr").first().waitFor();
  assert.equal(await page.locator(".numbers[open] tbody tr").count(), 8);
  await done();
});

for (const [name, reports] of [
  ["no history", [report([row("a", { past: 0 })], { past: [], history: 0 })]],
  ["one benchmark", [report([row("only")])]],
  ["no rows", [report([])]],
  ["all new", [report(["a", "b"].map((one) => row(one, { verdict: "new" })))]],
  ["all missing", [report(["a", "b"].map((one) => row(one, { verdict: "missing" })))]],
  ["NaN", [report([row("a", { verdict: "invalid", baseline: { value: null, runs: 1, samples: null }, change: null, interval: null, runs: undefined })])]],
  ["long names", [report([row("n".repeat(10000)), row(`${"n".repeat(9999)}m`), row("word ".repeat(2000))])]],
  ["shown only", [report([row("a", { gate: false, verdict: "fail" })])]],
  ["several reports", [report([row("a"), row("b", { verdict: "fail", change: 0.3 })]), report([row("a", { verdict: "warn" })], { testbed: "macos-arm64" })]],
  ["zeros", [report([row("a", { level: 0, unit: "1", kind: "exact", metric: "allocs", change: null, interval: null })])]],
  ["fixtures", ["fixtures/reports/hostile.json", "fixtures/reports/mixed.json", "fixtures/reports/unicode.json", "fixtures/reports/empty.json"]],
]) {
  test(`pages without trouble: ${name}`, async () => {
    const file = shown(name.replaceAll(" ", "-"), ...reports);
    for (const width of WIDTHS) {
      const { page, done } = await open(file, { width });
      const buttons = page.locator("tr.row .name button");
      for (let at = 0; at < Math.min(6, await buttons.count()); at += 1) await buttons.nth(at).click();
      await assertFits(page, `${name} at ${width}`);
      await assertAccessible(page, `${name} at ${width}`);
      await done();
    }
  });
}

test("long names are cut in the table and whole when opened", async () => {
  const long = "n".repeat(10000);
  const { page, done } = await open(shown("long", report([row(long)])));
  assert.match((await names(page))[0], /^n{113}…[0-9a-f]{6}$/);
  await page.locator("tr.row .name button").click();
  assert.equal(await page.locator(".panel .full").textContent(), long);
  await done();
});

test("hostile names are text and nothing else", async () => {
  const hostile = hostileNames();
  assert.ok(hostile.length >= 56);
  const plainNames = hostile.map((_, at) => `name-${at}`);
  const page = (name, list) => {
    const rows = list.map((one, at) => row(one, { metric: list[(at + 1) % list.length], tool: list[(at + 2) % list.length], package: list[(at + 3) % list.length], explanations: [list[(at + 4) % list.length]], tool_unit: list[(at + 5) % list.length], unit: list[(at + 6) % list.length] || "u", verdict: "inconclusive", seed: at + 1 }));
    const made = report(rows, { testbed: list[30], notes: list.map((message) => ({ code: "unused-accept", severity: "note", message })) });
    made.baseline = { ...made.baseline, branch: list[10], commit: list[11], inputs: list.slice(0, 9), labels: Object.fromEntries(list.map((one, at) => [one, list[(at + 7) % list.length]])) };
    made.past.forEach((moment, at) => Object.assign(moment, { commit: list[at] }));
    made.shifts[0].suite = list[26];
    return shown(name, made);
  };
  const opened = async (file) => {
    const looked = await open(file);
    await looked.page.evaluate(() => {
      for (const one of document.querySelectorAll("tr.row .name button, details.more > summary")) one.click();
      for (const one of document.querySelectorAll(".numbers > summary")) one.click();
    });
    await looked.page.waitForFunction(() => document.querySelectorAll(".numbers").length === document.querySelectorAll(".numbers table").length);
    const elements = await looked.page.evaluate(() => {
      const counts = {};
      for (const one of document.querySelectorAll("*")) {
        // Code within sentences comes from backticks, which are text of the report.
        if (one.tagName !== "CODE") counts[one.tagName] = (counts[one.tagName] || 0) + 1;
      }
      return counts;
    });
    return { ...looked, elements };
  };
  const evil = await opened(page("hostile", hostile));
  const plain = await opened(page("plain", plainNames));
  assert.deepEqual(Object.keys(evil.elements).sort(), Object.keys(plain.elements).sort(), "no element that a plain page has not");
  for (const tag of ["SCRIPT", "STYLE", "LINK", "META", "A", "TR", "TH", "FORM", "INPUT", "CANVAS", "DETAILS"]) {
    assert.equal(evil.elements[tag], plain.elements[tag], tag);
  }
  for (const tag of ["IMG", "IFRAME", "OBJECT", "B", "FONT"]) assert.equal(evil.elements[tag], undefined, tag);
  const attributes = await evil.page.evaluate(() => [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith("on")));
  assert.deepEqual(attributes, []);
  const links = await evil.page.evaluate(() => [...document.links].map((link) => link.getAttribute("href")));
  assert.ok(links.every((link) => link.startsWith("#")), links.join("\n"));
  const shownNames = await texts(evil.page, ".panel .full");
  assert.equal(new Set(shownNames).size >= hostile.length - 2, true, "only blank names look alike");
  assert.ok(shownNames.includes("<script>alert(1)</script>") && shownNames.includes("\\u{202e}gpj.exe"));
  await evil.done();
  await plain.done();
});

test("nothing is needed but the file, and without scripts its head is still there", async () => {
  const { page, done } = await open(sample(), { scripts: false });
  assert.match(await page.locator("h1").textContent(), /^FAIL: /);
  assert.match(await page.locator("noscript").textContent(), /does not run here/);
  assert.ok(await page.locator("dl.sides").isVisible());
  await done();
});

for (const scheme of SCHEMES) {
  for (const width of WIDTHS) {
    test(`accessible and no wider than the window: ${scheme}, ${width} pixels`, async () => {
      const { page, done } = await open(shown(`look-${scheme}-${width}`, report(many(400))), { scheme, width });
      await assertFits(page, "closed");
      await assertAccessible(page, "closed");
      await page.locator("details.more > summary").first().click();
      await page.locator("tr.row .name button").first().click();
      for (const one of await page.locator(".numbers > summary").all()) await one.click();
      await assertFits(page, "open");
      await assertAccessible(page, "open");
      await done();
    });
  }
}

test("a change of the colour scheme and a smaller window reach the charts", async () => {
  const { page, done } = await open(shown("scheme", report([row("a")])));
  await page.locator("tr.row .name button").click();
  const picture = () => page.locator(".panel canvas").first().evaluate((canvas) => canvas.toDataURL());
  const light = await picture();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction((before) => document.querySelector(".panel canvas").toDataURL() !== before, light);
  await page.setViewportSize({ width: 400, height: 900 });
  await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  await done();
});

test("printed, the controls are gone and the rows are there", async () => {
  const { page, done } = await open(shown("print", report(many(60))), { scheme: "dark" });
  await page.locator("tr.row .name button").first().click();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.locator("form.tools").isVisible(), false);
  assert.equal(await page.locator("tr.row").first().isVisible(), true);
  const [text, paper] = await page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]);
  assert.deepEqual([text, paper], ["rgb(26, 32, 39)", "rgb(255, 255, 255)"], "dark on white, whatever the screen has");
  const sheets = await page.pdf({ format: "A4" });
  assert.ok(sheets.length > 10_000);
  await done();
});

test("1 000 rows with 20 runs of history: at most 1.5 MB, usable within a second", async (t) => {
  const file = shown("thousand", report(many(1000)));
  const bytes = statSync(file).size;
  assert.ok(bytes <= 1_500_000, `${bytes} bytes`);
  const { page, done } = await open(file);
  await page.locator("tr.row").first().waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  await done();
  const time = await timeUntil(() => open(file), "tr.row");
  t.diagnostic(`${bytes} bytes, first paint ${Math.round(paint)} ms, rows after ${Math.round(time)} ms`);
  assert.ok(time <= 1000, `${time} ms`);
});

test("20 000 rows: at most 15 MB, filters answer within 100 ms", async (t) => {
  const file = shown("twenty-thousand", report(many(20000)));
  const bytes = statSync(file).size;
  assert.ok(bytes <= 15_000_000, `${bytes} bytes`);
  const { page, elapsed, done } = await open(file);
  await page.locator("tr.row").first().waitFor();
  t.diagnostic(`${bytes} bytes, rows after ${Math.round(elapsed())} ms`);
  const times = await page.evaluate(() => {
    const measure = (act) => {
      const started = performance.now();
      act();
      document.body.getBoundingClientRect();
      return performance.now() - started;
    };
    const text = document.getElementById("text");
    const type = (value) => () => {
      text.value = value;
      text.dispatchEvent(new Event("input"));
    };
    const chip = () => document.querySelector("#chips input").click();
    const acts = [...["g", "group_7", "usual name 77", "nothing", ""].map(type), chip, chip];
    // The medians of some rounds: the machine does other things too.
    const rounds = Array.from({ length: 5 }, () => acts.map(measure));
    return acts.map((_, act) => rounds.map((round) => round[act]).sort((a, b) => a - b)[2]);
  });
  t.diagnostic(`filters: ${times.map((time) => Math.round(time)).join(", ")} ms`);
  assert.ok(Math.max(...times) <= 100, `${times} ms`);
  await done();
});

test("the same report gives the same bytes", () => {
  const made = report(many(50));
  assert.equal(readFileSync(shown("once", made), "utf8"), readFileSync(shown("twice", made), "utf8").replaceAll("twice-0", "once-0"));
});
