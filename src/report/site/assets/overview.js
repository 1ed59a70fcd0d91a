/* The list of the overview: sorting by its header, filtering by text, metric and way.
 *
 * The rows stand in the page already; this only moves and hides them. Nothing here makes HTML from strings.
 *
 * Not here: charts (benchmark.js).
 */
"use strict";

(() => {
  const table = document.querySelector("table.list");
  const form = document.querySelector(".filters");
  if (!table || !form) return;
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const metricColumn = heads.findIndex((head) => head.textContent === "Metric");
  const rows = [...body.rows].map((row) => ({
    row,
    name: row.cells[0].textContent.toLowerCase(),
    metric: row.cells[metricColumn].textContent,
    way: row.dataset.way,
  }));

  /* ---- sorting ---- */

  const byText = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  /** What a row is sorted by in a column; text that is empty and numbers that are not there go last. */
  function key(row, column, isNumber) {
    const cell = row.cells[column];
    if (!isNumber) return cell.textContent;
    const written = cell.dataset.key;
    return written === undefined || written === "" ? null : Number(written);
  }

  function compare(a, b, isNumber) {
    if (a === null || b === null) return (a === null) - (b === null);
    return isNumber ? a - b : byText.compare(a, b);
  }

  function sort(column) {
    const head = heads[column];
    const isNumber = head.dataset.sort === "number";
    // A number is looked at for its largest first, a name for its first letter.
    const now = head.getAttribute("aria-sort");
    const next = now ? (now === "ascending" ? "descending" : "ascending") : isNumber ? "descending" : "ascending";
    const way = next === "ascending" ? 1 : -1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", next);
    const keyed = rows.map((each) => ({ each, by: key(each.row, column, isNumber) }));
    keyed.sort((a, b) => (a.by === null || b.by === null ? 1 : way) * compare(a.by, b.by, isNumber));
    body.append(...keyed.map(({ each }) => each.row));
  }

  heads.forEach((head, column) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
  });

  /* ---- filtering ---- */

  const status = form.querySelector("[role=status]");

  function filter() {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const metric = form.elements.metric.value;
    const way = form.elements.way.value;
    let shown = 0;
    for (const each of rows) {
      const isWanted =
        (!metric || each.metric === metric) && (!way || each.way === way) && words.every((word) => each.name.includes(word));
      each.row.hidden = !isWanted;
      shown += isWanted;
    }
    const all = `${rows.length} ${rows.length === 1 ? "line" : "lines"}`;
    status.textContent = shown === rows.length ? all : `${shown} of ${all}`;
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = rows.length === 0;
  filter();

  // As in many tools, a slash goes to the search.
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    form.elements.text.focus();
  });

  /** What the address points at; an address that nobody could have copied from here points at nothing. */
  function addressed() {
    try {
      return document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return null;
    }
  }

  // An event that a benchmark's page leads to may be folded.
  function unfold() {
    const target = addressed();
    const around = target && target.closest("details");
    if (around) {
      around.open = true;
      target.scrollIntoView();
    }
  }

  window.addEventListener("hashchange", unfold);
  unfold();
})();
