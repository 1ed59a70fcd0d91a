/* A browser that watches what pages do: every message of the console, every request, every breach of a page's policy.
 *
 * Pages are opened from files, as somebody does who downloaded them from a CI job. Playwright and axe come from outside of
 * the tree (run.sh installs them), so they are looked up there.
 *
 * Not here: which pages there are (pages.mjs), and what must hold for them (*.test.mjs).
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const tools = process.env.PERFGATE_BROWSER_TOOLS;
if (!tools) throw new Error("PERFGATE_BROWSER_TOOLS is not set: start this through tests/browser/run.sh");
const require = createRequire(path.join(tools, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** Widths that pages are looked at in: a phone and a desk. */
export const WIDTHS = [400, 1280];
export const SCHEMES = ["light", "dark"];

let browser = null;

/** Ends the browser, if one was started. */
export async function close() {
  await browser?.close();
  browser = null;
}

/**
 * Opens a file and returns the page with what it did.
 *
 * `options`: `width`, `height`, `scheme`, `scripts` (false switches scripts off), `fragment` (the address after `#`),
 * `scale` (pixels of the device per pixel of the page), `files` (the folder whose files the page may read).
 */
export async function open(file, options = {}) {
  const { width = 1280, height = 900, scheme = "light", scripts = true, fragment = "", scale = 1, files = null } = options;
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    javaScriptEnabled: scripts,
    deviceScaleFactor: scale,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const seen = { messages: [], requests: [], breaches: [], dialogs: [] };
  page.on("console", (message) => seen.messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.messages.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    seen.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  const address = pathToFileURL(file).href;
  const folder = files && `${pathToFileURL(files).href}/`;
  page.on("request", (request) => {
    const asked = request.url().split("#")[0];
    const isOwn = asked === address || asked === "data:," || (folder && asked.startsWith(folder));
    if (!isOwn) seen.requests.push(asked);
  });
  await page.exposeFunction("breached", (said) => seen.breaches.push(said));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => window.breached(`${event.violatedDirective} ${event.blockedURI}`));
  });
  const started = performance.now();
  await page.goto(address + (fragment ? `#${fragment}` : ""));
  return {
    page,
    seen,
    /** Milliseconds since the page was asked for. */
    elapsed: () => performance.now() - started,
    /** Asserts that nothing happened that must not, and closes the page. */
    async done() {
      await page.waitForTimeout(50);
      assertQuiet(seen);
      await context.close();
    },
  };
}

/** Milliseconds until a page shows what the selector names: the median of three visits, since the machine does other things too. */
export async function timeUntil(visit, selector) {
  const times = [];
  for (let round = 0; round < 3; round += 1) {
    const { page, elapsed, done } = await visit();
    await page.locator(selector).first().waitFor();
    times.push(elapsed());
    await done();
  }
  return times.sort((a, b) => a - b)[1];
}

/** Asserts that a page said nothing in the console, asked for nothing and broke none of its own rules. */
export function assertQuiet(seen) {
  assert.deepEqual(seen, { messages: [], requests: [], breaches: [], dialogs: [] });
}

/** Asserts that axe finds nothing serious in what the page shows now. Styles are not loaded again: the page forbids that. */
export async function assertAccessible(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
  const bad = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  const said = bad.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join("\n  ")}`);
  assert.equal(said.join("\n"), "", what);
}

/** Asserts that the page as a whole is not wider than the window. */
export async function assertFits(page, what) {
  const [inner, content] = await page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
  assert.ok(content <= inner, `${what}: ${content} pixels in a window of ${inner}`);
}
