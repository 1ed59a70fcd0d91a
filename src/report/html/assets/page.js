/* The table of a comparison: filters, order, rows that open, links to single rows.
 *
 * All rows are in the page's data, column by column; only those that are looked at become elements, some hundreds at a
 * time, so that tens of thousands have no lag. Words that people read come from the data, where perfgate wrote them; this
 * script arranges them. The address names the open row, so that a link to it can be sent.
 *
 * Not here: charts (chart.js), and what a verdict means.
 */
"use strict";

(() => {
  const { badge, element, history: drawHistory, strip: drawStrip, withUnit } = perfgateCharts;
  const page = JSON.parse(document.getElementById("data").textContent);
  const rows = page.rows;
  const total = rows.name.length;
  const isSeveral = page.reports.length > 1;

  /** Rows that become elements at once: more than a screen holds, and few enough to answer at once. */
  const CHUNK = 100;

  const byId = (id) => document.getElementById(id);
  const at = (column, row) => (rows[column] ? rows[column][row] : undefined);
  const wordAt = (column, row) => page.words[at(column, row)] || "";

  /* ---- what a row says ---- */

  const reportOf = (row) => page.reports[at("report", row) || 0];
  /** The verdict, or `shown` for a row that does not count. */
  const stateOf = (row) => wordAt("state", row);
  const metricOf = (row) => wordAt("metric", row);
  const unitOf = (row) => page.units[at("unit", row)][0];
  /** The name as the table shows it: long ones are cut and end in a hash. */
  const nameOf = (row) => rows.cut[row] || rows.name[row];

  function valueText(row, column) {
    const said = at(column, row);
    if (!said) return "";
    const unit = unitOf(row);
    return unit && said !== "n/a" ? `${said}\u00a0${unit}` : said;
  }

  /** Values in their base unit, so that rows in different units sort by size. */
  function size(row, column) {
    const value = at(column, row);
    return typeof value === "number" ? value * page.units[at("unit", row)][1] : null;
  }

  /* ---- order ---- */

  const natural = new Intl.Collator("en", { numeric: true });
  const COLUMNS = [
    { key: "state", title: "verdict", isDownFirst: true, values: (row) => -row },
    { key: "report", title: "report", isText: true, values: (row) => reportOf(row).label, isHidden: !isSeveral },
    { key: "name", title: "benchmark", isText: true, values: (row) => rows.name[row] },
    { key: "metric", title: "metric", isText: true, values: metricOf },
    { key: "before", title: "baseline", isNumber: true, values: (row) => size(row, "before") },
    { key: "after", title: "current", isNumber: true, values: (row) => size(row, "after") },
    { key: "change", title: "change", isNumber: true, isDownFirst: true, values: (row) => at("change", row) },
    { key: "limit", title: "limits", hint: "warn · fail", isNumber: true, values: limitSize },
  ].filter((column) => !column.isHidden);

  function limitSize(row) {
    const [before, warn, fail] = ["before", "warn", "fail"].map((column) => at(column, row));
    const limit = typeof fail === "number" ? fail : warn;
    return typeof limit === "number" && before ? Math.abs(limit / before - 1) : null;
  }

  const orders = new Map();

  /** The rows in ascending order of a column; those without a value come last in both directions. */
  function ordered(column, isDown) {
    const name = `${column.key} ${isDown}`;
    if (!orders.has(name)) {
      const values = Array.from({ length: total }, (_, row) => column.values(row));
      const compare = column.isText ? natural.compare : (a, b) => a - b;
      const way = isDown ? -1 : 1;
      const isKnown = (row) => values[row] !== null && values[row] !== undefined;
      const every = Array.from({ length: total }, (_, row) => row);
      const known = every.filter(isKnown).sort((a, b) => way * compare(values[a], values[b]) || a - b);
      orders.set(name, known.concat(every.filter((row) => !isKnown(row))));
    }
    return orders.get(name);
  }

  /* ---- filters ---- */

  const view = { states: new Set(), metric: "", report: "", text: "", column: COLUMNS[0], isDown: true };
  /** The rows that fit, in order, and which of them are elements. */
  let listed = [];
  let from = 0;
  let to = 0;

  let texts = null;

  /** What the text filter looks at, in lower case. */
  function searchable() {
    texts = texts || rows.name.map((name, row) => `${name} ${wordAt("package", row)}`.toLowerCase());
    return texts;
  }

  const isFiltered = () => view.states.size > 0 || view.metric !== "" || view.report !== "" || view.text !== "";

  function filter() {
    const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
    const metric = view.metric === "" ? null : Number(view.metric);
    const report = view.report === "" ? null : Number(view.report);
    const fits = (row) =>
      (view.states.size === 0 || view.states.has(rows.state[row])) &&
      (metric === null || rows.metric[row] === metric) &&
      (report === null || rows.report[row] === report) &&
      (words.length === 0 || words.every((word) => searchable()[row].includes(word)));
    listed = ordered(view.column, view.isDown).filter(fits);
  }

  /** A number with a space between thousands. */
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u00a0");

  /* ---- the table ---- */

  /** Open rows, with what takes their charts away again. */
  const open = new Map();
  const elements = new Map();

  function update(start = 0) {
    filter();
    for (const charts of open.values()) charts.splice(0).forEach((remove) => remove());
    elements.clear();
    byId("rows").replaceChildren();
    from = start;
    to = start;
    const said = isFiltered() || listed.length !== total ? `${grouped(listed.length)} of ${grouped(total)}` : grouped(total);
    byId("status").textContent = `${said} ${total === 1 ? "row" : "rows"}`;
    byId("reset").hidden = !isFiltered();
    byId("empty").hidden = listed.length > 0;
    more();
  }

  function more() {
    const fragment = document.createDocumentFragment();
    const end = Math.min(listed.length, to + CHUNK);
    const added = listed.slice(to, end);
    for (const row of added) fragment.append(...elementsOf(row));
    byId("rows").append(fragment);
    to = end;
    buttons();
    added.filter((row) => open.has(row)).forEach(draw);
  }

  function earlier() {
    const fragment = document.createDocumentFragment();
    const start = Math.max(0, from - CHUNK);
    const added = listed.slice(start, from);
    for (const row of added) fragment.append(...elementsOf(row));
    byId("rows").prepend(fragment);
    from = start;
    buttons();
    added.filter((row) => open.has(row)).forEach(draw);
  }

  function buttons() {
    byId("before").hidden = from === 0;
    byId("after").hidden = to >= listed.length;
  }

  function elementsOf(row) {
    const made = [rowElement(row)];
    elements.set(row, made[0]);
    if (open.has(row)) made.push(detailElement(row));
    return made;
  }

  function rowElement(row) {
    const isOpen = open.has(row);
    const cell = (name, label, ...said) => element("td", { role: "cell", class: name, "data-label": label }, ...said);
    const button = element("button", { type: "button", class: "plain", "aria-expanded": String(isOpen) }, nameOf(row));
    const interval = at("interval", row);
    return element(
      "tr",
      { role: "row", class: isOpen ? "row is-open" : "row", "data-row": row },
      cell("state", null, badge(stateOf(row))),
      isSeveral ? cell("report", "report", reportOf(row).label) : null,
      element("th", { role: "rowheader", scope: "row", class: "name" }, button),
      cell("metric", null, metricOf(row)),
      cell("number", "baseline", valueText(row, "baseline") || null),
      cell("number", "current", valueText(row, "current") || null),
      cell("number change", "change", at("said", row) || null, interval ? element("span", { class: "interval" }, interval) : null),
      cell("number limit", "limits", wordAt("limits", row) || null),
    );
  }

  function heads() {
    const made = COLUMNS.map((column) => {
      const isSorted = view.column === column;
      const button = element("button", { type: "button" }, column.title);
      button.addEventListener("click", () => sortBy(column, isSorted ? !view.isDown : Boolean(column.isDownFirst)));
      const attributes = { role: "columnheader", scope: "col", class: column.isNumber ? "number" : null };
      if (isSorted) attributes["aria-sort"] = view.isDown ? "descending" : "ascending";
      const hint = column.hint ? element("span", { class: "muted small" }, ` ${column.hint}`) : null;
      return element("th", attributes, button, hint);
    });
    byId("heads").replaceChildren(...made);
    byId("sort").value = `${view.column.key} ${view.isDown}`;
  }

  function sortBy(column, isDown) {
    const focused = [...byId("heads").children].indexOf(document.activeElement && document.activeElement.closest("th"));
    view.column = column;
    view.isDown = isDown;
    heads();
    if (focused >= 0) byId("heads").children[focused].querySelector("button").focus();
    update();
  }

  /* ---- an open row ---- */

  function detailElement(row) {
    const host = element("div", { class: "panel", id: `row-${row}` });
    const columns = COLUMNS.length;
    return element("tr", { role: "row", class: "detail" }, element("td", { role: "cell", colspan: columns }, host));
  }

  /** Fills an open row. Its element must be on the page, because charts ask how wide they may be. */
  function draw(row) {
    const host = byId(`row-${row}`);
    const charts = open.get(row);
    if (!host || !charts) return;
    const pictures = element("div", { class: "pictures" });
    const copyLink = copyButton("Copy link", () => `${location.href.split("#")[0]}${fragmentOf(row)}`);
    host.replaceChildren(
      element(
        "div",
        { class: "title" },
        element("span", { class: "full" }, rows.name[row]),
        element("span", { class: "muted" }, metricOf(row)),
        element("a", { href: fragmentOf(row), class: "small" }, "link to this row"),
        copyLink,
      ),
      element("div", { class: "parts" }, pictures, facts(row)),
    );
    const command = commandOf(row);
    if (command) {
      const copy = copyButton("Copy", () => command);
      host.append(element("div", { class: "command" }, element("code", null, command), copy));
    }
    valuesChart(row, pictures, charts);
    historyChart(row, pictures, charts);
    if (!pictures.hasChildNodes()) pictures.append(element("p", { class: "muted" }, "There are no two values to draw."));
  }

  /** Sentences with code between backticks. */
  function spoken(text) {
    return text.split("`").map((part, index) => (index % 2 ? element("code", null, part) : part));
  }

  function facts(row) {
    const list = element("dl", { class: "facts" });
    const add = (label, ...said) => list.append(element("dt", null, label), element("dd", null, ...said));
    add("verdict", badge(wordAt("verdict", row)), stateOf(row) === "shown" ? " shown only, does not count" : null);
    if (isSeveral) add("report", reportOf(row).label);
    for (const [label, column, origin] of [["baseline", "baseline", "taken"], ["current", "current", "made"]]) {
      const value = valueText(row, column);
      const from = wordAt(origin, row);
      add(label, value || "none", value && from ? ` (${from})` : null);
    }
    const change = at("said", row);
    const interval = at("interval", row);
    if (change) add("change", change, interval ? `, 95\u00a0% interval ${interval}` : null);
    const labels = page.shapes[at("shape", row)];
    const said = at("facts", row);
    for (let i = 0; i < labels.length; i += 1) {
      const label = page.words[labels[i]];
      const lines = [page.words[said[i]]];
      while (i + 1 < labels.length && page.words[labels[i + 1]] === "") {
        i += 1;
        lines.push(page.words[said[i]]);
      }
      if (lines.length === 1) add(label, ...spoken(lines[0]));
      else add(label, element("ul", { class: "facts-list" }, lines.map((line) => element("li", null, ...spoken(line)))));
    }
    return list;
  }

  const limitsOf = (row) =>
    ["warn", "fail"]
      .map((word) => ({ word, value: at(word, row) }))
      .filter((limit) => typeof limit.value === "number");

  const isNumber = (value) => typeof value === "number";

  function listOf(values, unit) {
    return values.map((value) => (isNumber(value) ? withUnit(value, unit) : "none")).join(", ");
  }

  /** The lanes of the values chart: both sides, then their runs, or the pairs. */
  function lanesOf(row) {
    const range = at("range", row);
    const runs = at("runs", row) || [[], []];
    const samples = at("samples", row) || [[], []];
    const pairs = reportOf(row).pairs > 0 && runs[0].length > 0 ? Math.min(runs[0].length, runs[1].length) : 0;
    const sides = ["baseline", "current"];
    const lanes = sides.map((side, index) => ({
      label: side,
      marks: [{ side, value: at(index === 0 ? "before" : "after", row) }],
      interval: index === 1 && range ? range : null,
    }));
    const isSampled = samples.some((side) => side.some((run) => run.length > 0));
    if (pairs > 0) {
      for (let pair = 0; pair < pairs; pair += 1) {
        const marks = sides.map((side, index) => ({ side, value: runs[index][pair] }));
        const ticks = sides.map((side, index) => ({ side, values: samples[index][pair] || [] })).filter((one) => one.values.length);
        if (marks.some((one) => isNumber(one.value))) lanes.push({ label: `pair ${pair + 1}`, marks, ticks, isJoined: true });
      }
      return { lanes, pairs, ticks: "samples" };
    }
    sides.forEach((side, index) => {
      if (!isSampled) {
        if (runs[index].length > 1) lanes.find((lane) => lane.label === side).ticks = [{ side, values: runs[index] }];
      } else if (samples[index].length === 1) {
        lanes.find((lane) => lane.label === side).ticks = [{ side, values: samples[index][0] }];
      } else {
        const made = samples[index].map((values, run) => ({
          label: `run ${run + 1}`,
          marks: [{ side, value: runs[index][run] }],
          ticks: [{ side, values }],
        }));
        const place = lanes.findIndex((lane) => lane.label === side);
        lanes.splice(place + 1, 0, ...made.filter((lane) => lane.ticks[0].values.length > 0));
      }
    });
    return { lanes, pairs, ticks: isSampled ? "samples" : "single runs" };
  }

  function valuesChart(row, host, charts) {
    const { lanes, pairs, ticks } = lanesOf(row);
    if (!lanes.some((lane) => lane.marks.some((one) => isNumber(one.value)))) return;
    const unit = unitOf(row);
    const range = at("range", row);
    const runs = at("runs", row);
    const label = [
      `baseline ${valueText(row, "baseline") || "none"}, current ${valueText(row, "current") || "none"}`,
      range ? `95% interval of the current value ${withUnit(range[0], unit)} to ${withUnit(range[1], unit)}` : "",
      ...limitsOf(row).map((limit) => `${limit.word} limit at ${withUnit(limit.value, unit)}`),
      runs && runs[0].length > 1 ? `baseline runs ${listOf(runs[0], unit)}` : "",
      runs && runs[1].length > 1 ? `current runs ${listOf(runs[1], unit)}` : "",
    ];
    const box = element("div", null, element("h3", null, pairs > 0 ? "Values and pairs" : "Values against the limits"));
    host.append(box);
    const spec = { lanes, ticks, unit, limits: limitsOf(row), label: label.filter(Boolean).join("; ") };
    charts.push(drawStrip(box, spec));
    if (runs && (runs[0].length > 1 || runs[1].length > 1)) {
      const table = () => {
        const length = Math.max(runs[0].length, runs[1].length);
        const cells = (run) => [pairs > 0 ? `pair ${run + 1}` : `run ${run + 1}`, ...runs.map((side) => textOf(side[run], unit))];
        return numbers(["", "baseline", "current"], Array.from({ length }, (_, run) => cells(run)), "The runs");
      };
      box.append(folded(pairs > 0 ? "The pairs in numbers" : "The runs in numbers", table));
    }
  }

  const textOf = (value, unit) => (isNumber(value) ? withUnit(value, unit) : "");

  function historyChart(row, host, charts) {
    const values = at("history", row);
    if (!values || !values.some(isNumber)) return;
    const report = reportOf(row);
    const unit = unitOf(row);
    const runs = at("runs", row) || [[], []];
    const moments = values.map((_, run) => momentOf(report.past[run], run));
    // The levels are those of the history and the baseline's runs together.
    const line = [...values];
    const marks = [];
    const add = (value, moment, shape, colour) => {
      if (isNumber(value)) marks.push({ at: line.length, value, shape, colour, said: marks.some((one) => one.said === moment.said) ? null : moment.said });
      line.push(value);
      moments.push(moment);
    };
    for (const value of runs[0]) add(value, sideOf(report.baseline, "baseline"), "square", "baseline");
    const levels = line.length > 2 ? at("levels", row) || [] : null;
    const levelsEnd = line.length;
    add(at("after", row), sideOf(report.current, "this run"), "diamond", "current");
    const box = element("div", null, element("h3", null, "History"));
    host.append(box);
    const known = values.filter(isNumber);
    const label =
      `history of ${known.length} ${known.length === 1 ? "run" : "runs"} from ${withUnit(Math.min(...known), unit)} to ${withUnit(Math.max(...known), unit)}` +
      `, ${(levels || []).length + 1} ${levels && levels.length ? "levels" : "level"}, now ${textOf(at("after", row), unit) || "none"}`;
    charts.push(
      drawHistory(box, {
        lines: [{ label: "earlier runs", values: line, levels, levelsEnd }],
        ticks: moments.map((moment) => moment.short),
        describe: (run) => [textOf(line[run], unit) || "no value", moments[run].name, moments[run].date],
        marks,
        limits: limitsOf(row),
        unit,
        label,
      }),
    );
    const cells = () => line.map((value, run) => [moments[run].name, moments[run].date, textOf(value, unit)]);
    box.append(folded("The history in numbers", () => numbers(["run", "date", "value"], cells(), "The history")));
  }

  function momentOf(moment, run) {
    const [commit, seconds] = moment || [null, null];
    const date = isNumber(seconds) ? new Date(seconds * 1000).toISOString().slice(0, 10) : "";
    const short = commit ? commit.slice(0, 7) : date || `${run + 1}`;
    return { short, date, name: commit ? `commit ${commit}` : `run ${run + 1}` };
  }

  function sideOf(commit, said) {
    return { short: said, date: "", name: commit ? `${said}, commit ${commit}` : said, said };
  }

  /** A table that is made when somebody opens it. */
  function folded(title, make) {
    const box = element("details", { class: "numbers" }, element("summary", null, title));
    box.addEventListener("toggle", () => box.open && box.childElementCount === 1 && box.append(make()));
    return box;
  }

  function numbers(titles, lines, label) {
    const cell = (text, index) => element("td", index === titles.length - 1 ? { class: "number" } : null, text);
    return element(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": label },
      element(
        "table",
        null,
        element("thead", null, element("tr", null, titles.map((title) => element(title ? "th" : "td", title ? { scope: "col" } : null, title)))),
        element("tbody", null, lines.map((line) => element("tr", null, line.map(cell)))),
      ),
    );
  }

  /* ---- commands and copies ---- */

  /** A word for a shell. */
  const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

  /** Rows whose names are not written as they would have to be typed. */
  const spelled = new Set(rows.spelled);

  /** The command that shows the row again, where the report knows one and the name can be typed. */
  function commandOf(row) {
    const command = reportOf(row).command;
    const name = rows.name[row];
    // A name that begins like an option would be one.
    if (!command || spelled.has(row) || name.startsWith("-")) return null;
    return command[0] + quoted(name) + command[1];
  }

  function copyButton(title, text) {
    const button = element("button", { type: "button", class: "small no-print" }, title);
    button.addEventListener("click", () => copy(button, text()));
    return button;
  }

  function copy(button, text) {
    const title = button.textContent;
    const tell = (said) => {
      byId("status").textContent = said;
      button.textContent = said === "Copied" ? "Copied" : title;
      setTimeout(() => (button.textContent = title), 1500);
    };
    const clipboard = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject(new Error("none"));
    clipboard.then(
      () => tell("Copied"),
      () => tell(copyBySelection(text) ? "Copied" : "Could not copy: select the text instead"),
    );
  }

  /** For pages that may not use the clipboard. */
  function copyBySelection(text) {
    const field = element("textarea", { class: "unseen", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    const isDone = document.execCommand("copy");
    field.remove();
    return isDone;
  }

  /* ---- opening and closing ---- */

  function openRow(row) {
    if (open.has(row)) return;
    open.set(row, []);
    const shown = elements.get(row);
    if (!shown) return;
    shown.classList.add("is-open");
    shown.querySelector("button").setAttribute("aria-expanded", "true");
    shown.after(detailElement(row));
    draw(row);
  }

  function closeRow(row) {
    const charts = open.get(row);
    if (!charts) return;
    charts.forEach((remove) => remove());
    open.delete(row);
    const shown = elements.get(row);
    if (!shown) return;
    shown.classList.remove("is-open");
    shown.querySelector("button").setAttribute("aria-expanded", "false");
    shown.nextElementSibling.remove();
  }

  function toggle(row) {
    if (open.has(row)) {
      closeRow(row);
      if (rowOfAddress() === row) history.pushState(null, "", location.pathname + location.search);
    } else {
      openRow(row);
      if (rowOfAddress() !== row) history.pushState(null, "", fragmentOf(row));
    }
  }

  /* ---- links to rows ---- */

  let keys = null;

  /** What names each row in the address: benchmark and metric, with the report where there are several. */
  function names() {
    if (keys) return keys;
    keys = { ofRow: [], rowOf: new Map() };
    for (let row = 0; row < total; row += 1) {
      const place = isSeveral ? `${reportOf(row).label}/` : "";
      const plain = `${place}${nameOf(row)}/${metricOf(row)}`;
      let key = plain;
      for (let copy = 2; keys.rowOf.has(key); copy += 1) key = `${plain}~${copy}`;
      keys.rowOf.set(key, row);
      keys.ofRow.push(key);
    }
    return keys;
  }

  const fragmentOf = (row) => `#${encodeURIComponent(names().ofRow[row]).replaceAll("%2F", "/")}`;

  function rowOfAddress() {
    if (location.hash.length < 2) return undefined;
    try {
      return names().rowOf.get(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return undefined;
    }
  }

  /** Opens the row of the address, wherever it is, and closes the others. */
  function follow() {
    const row = rowOfAddress();
    if (row === undefined && location.hash.length > 1) return;
    for (const other of [...open.keys()]) {
      if (other !== row) closeRow(other);
    }
    if (row === undefined) return;
    if (!listed.includes(row)) reset();
    if (!elements.has(row)) update(Math.max(0, listed.indexOf(row) - 5));
    openRow(row);
    const shown = elements.get(row);
    shown.scrollIntoView({ block: "start" });
    shown.querySelector("button").focus({ preventScroll: true });
  }

  function reset() {
    view.states.clear();
    Object.assign(view, { metric: "", report: "", text: "" });
    for (const box of byId("chips").querySelectorAll("input")) box.checked = false;
    for (const id of ["text", "metric", "report"]) byId(id).value = "";
    update();
  }

  /* ---- the controls ---- */

  function tally(column) {
    const counts = new Map();
    for (const value of rows[column]) counts.set(value, (counts.get(value) || 0) + 1);
    return counts;
  }

  function controls() {
    // In the order in which the verdicts first occur: worst first.
    for (const [state, count] of tally("state")) {
      const box = element("input", { type: "checkbox" });
      box.addEventListener("change", () => {
        if (box.checked) view.states.add(state);
        else view.states.delete(state);
        update();
      });
      byId("chips").append(element("label", { class: "chip" }, box, badge(page.words[state]), grouped(count)));
    }
    const options = [...tally("metric")].map(([metric, count]) => [page.words[metric], metric, count]);
    options.sort((a, b) => natural.compare(a[0], b[0]));
    byId("metric").append(...options.map(([name, value, count]) => element("option", { value }, `${name} (${grouped(count)})`)));
    if (isSeveral) {
      byId("report-field").hidden = false;
      byId("report").append(...page.reports.map((report, value) => element("option", { value }, report.label)));
    }
    for (const column of COLUMNS) {
      for (const isDown of column.isDownFirst ? [true, false] : [false, true]) {
        const way = { state: ["best first", "worst first"] }[column.key] || (column.isText ? ["A to Z", "Z to A"] : ["rising", "falling"]);
        byId("sort").append(element("option", { value: `${column.key} ${isDown}` }, `${column.title}, ${way[Number(isDown)]}`));
      }
    }
    byId("sort").addEventListener("change", (event) => {
      const [key, isDown] = event.target.value.split(" ");
      sortBy(COLUMNS.find((column) => column.key === key), isDown === "true");
    });
    for (const id of ["text", "metric", "report"]) {
      byId(id).addEventListener("input", (event) => {
        view[id] = event.target.value;
        update();
      });
    }
    byId("reset").addEventListener("click", () => {
      reset();
      byId("text").focus();
    });
    byId("after").addEventListener("click", more);
    byId("before").addEventListener("click", earlier);
    document.querySelector("form.tools").addEventListener("submit", (event) => event.preventDefault());
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", () => copy(button, button.previousElementSibling.textContent));
    }
  }

  function listen() {
    byId("rows").addEventListener("click", (event) => {
      const shown = event.target.closest("tr.row");
      if (!shown || (window.getSelection() && !window.getSelection().isCollapsed && !event.target.closest("button"))) return;
      toggle(Number(shown.dataset.row));
    });
    byId("rows").addEventListener("keydown", (event) => {
      const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const shown = event.target.closest("tr.row");
      if (!way || !shown || event.altKey || event.ctrlKey || event.metaKey) return;
      const all = [...byId("rows").querySelectorAll("tr.row")];
      const next = all[all.indexOf(shown) + way];
      if (!next) return;
      event.preventDefault();
      next.querySelector("button").focus();
    });
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.closest && event.target.closest("input, select, textarea");
      if (event.key !== "/" || isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      byId("text").focus();
    });
    window.addEventListener("popstate", follow);
    new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting) && to < listed.length) more();
    }, { rootMargin: "600px" }).observe(byId("after"));
  }

  controls();
  heads();
  byId("work").hidden = false;
  update();
  listen();
  follow();
})();
