/* The charts of a benchmark's page: one for each metric, with all testbeds on one axis of runs.
 *
 * Two scripts hand over what is drawn: runs.js the runs of all histories, NAME.js the values of this benchmark. Both may
 * come from names that somebody else chose, so they reach the page through text nodes and attributes alone.
 *
 * Not here: drawing itself (chart.js), and the tables of changes, which stand in the page.
 */
"use strict";

const perfgateSite = (() => {
  const { element, history, withUnit } = perfgateCharts;

  /** What runs.js says. */
  let known = null;
  /** By place on the axis: the name and time of what was measured there. */
  let places = [];

  /** The charts of the page, which are zoomed together. */
  const charts = new Set();

  /* ---- runs ---- */

  function runs(given) {
    known = given;
    given.histories.forEach((one, at) => {
      one.label = one.testbed || (given.histories.length > 1 ? `history ${at + 1}` : "measured");
      one.names.forEach((name, run) => {
        const place = placeOf(one, run);
        places[place] = places[place] || { name, time: one.times[run] };
      });
    });
    places = Array.from(places, (place) => place || { name: "", time: null });
  }

  const placeOf = (one, run) => (one.slots ? one.slots[run] : run);

  /** Keeps the places at which this benchmark was measured, whatever of it; gives where each place went. */
  function keepMeasured(metrics) {
    const measured = new Set();
    for (const line of metrics.flatMap((metric) => metric.lines)) {
      const one = known.histories[line.history];
      line.values.forEach((value, run) => value !== null && measured.add(placeOf(one, run)));
    }
    const kept = [...measured].sort((a, b) => a - b);
    places = kept.map((place) => places[place]);
    return new Map(kept.map((place, index) => [place, index]));
  }

  const isCommit = (name) => /^[0-9a-f]{7,64}$/i.test(name);

  const short = (name) => (isCommit(name) ? name.slice(0, 10) : name);

  function moment(seconds) {
    if (seconds === null || seconds === undefined) return "";
    const date = new Date(seconds * 1000);
    return Number.isNaN(date.getTime()) ? "" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  }

  const day = (seconds) => moment(seconds).slice(0, 10);

  /** The name of a run, with a link where its commit can be seen. */
  function linked(name) {
    const code = element("code", null, short(name));
    if (!known.repository || !isCommit(name)) return code;
    return element("a", { href: `${known.repository}/commit/${name}` }, code);
  }

  /* ---- values ---- */

  /** The lines of a metric with a value for each place of the axis. */
  function linesOf(metric, moved) {
    return metric.lines.map((line) => {
      const one = known.histories[line.history];
      const values = new Array(places.length).fill(null);
      line.values.forEach((value, run) => {
        if (value !== null) values[moved.get(placeOf(one, run))] = value;
      });
      // Something that happened in a run without this benchmark shows in the next one that has it.
      const next = (run) => {
        for (let at = run; at < line.values.length; at += 1) {
          if (line.values[at] !== null) return moved.get(placeOf(one, at));
        }
        return null;
      };
      const isThere = (value) => value !== null;
      const first = values.findIndex(isThere);
      const levels = line.levels.map(next).filter(isThere);
      return {
        label: one.label,
        values,
        // The first level begins with the first value.
        levels: first > 0 ? [first, ...levels] : levels,
        levelsEnd: values.length - [...values].reverse().findIndex(isThere),
        marks: line.marks
          .map(([run, way, said, isSuite]) => ({ place: next(run), way, said, isSuite }))
          .filter((mark) => isThere(mark.place)),
      };
    });
  }

  /** How a change is marked: its colour, and what the key says of it. */
  const MARKS = {
    worse: { colour: "fail", said: "a change for the worse" },
    better: { colour: "3", said: "a change for the better" },
    other: { colour: "4", said: "another level" },
    suite: { colour: "axis", said: "the suite moved as a whole" },
  };

  /** The marks of some lines; each kind is explained once. */
  function marksOf(lines) {
    const told = new Set();
    return lines
      .flatMap((line) => line.marks)
      .map(({ place, way, isSuite }) => {
        const kind = isSuite ? "suite" : way;
        const { colour, said } = MARKS[kind];
        const isFirst = !told.has(kind);
        told.add(kind);
        return { at: place, colour, shape: "dashes", said: isFirst ? said : null };
      });
  }

  /** What is known of a place, for the pointer. */
  function lines(all, place, unit) {
    const at = places[place];
    if (!at) return [];
    const day = moment(at.time);
    const said = [day ? `${short(at.name)}, ${day}` : short(at.name)];
    for (const line of all) {
      const value = line.values[place];
      if (value !== null) said.push(all.length > 1 ? `${line.label}: ${withUnit(value, unit)}` : withUnit(value, unit));
      for (const mark of line.marks.filter((one) => one.place === place)) {
        said.push(`${mark.isSuite ? "the suite as a whole" : "new level"}: ${mark.said}`);
      }
    }
    return said;
  }

  /* ---- the page ---- */

  function benchmark(given) {
    const moved = keepMeasured(given.metrics);
    given.metrics.forEach((metric, number) => {
      const plot = document.querySelector(`.plot[data-metric="${number}"]`);
      const details = document.querySelector(`.values[data-metric="${number}"]`);
      if (!plot) return;
      const all = linesOf(metric, moved);
      draw(plot, metric, all);
      details.hidden = false;
      details.addEventListener("toggle", () => details.open && tabulate(details, metric, all), { once: true });
    });
    // The charts moved what the address points at.
    const target = addressed();
    if (target) target.scrollIntoView();
  }

  /** What the address points at; an address that nobody could have copied from here points at nothing. */
  function addressed() {
    try {
      return document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return null;
    }
  }

  /** A chart with what is around it: which testbeds are drawn, a way through the runs by keyboard, and the whole again. */
  function draw(plot, metric, all) {
    const canvas = element("div");
    const run = element("p", { class: "run", role: "status" });
    const along = element("input", { type: "range", min: 0, max: Math.max(0, places.length - 1), value: places.length - 1 });
    const whole = element("button", { type: "button", hidden: true }, "Show all runs");
    const hidden = new Set();
    let chart = null;
    let remove = () => {};

    function redraw() {
      charts.delete(chart);
      remove();
      canvas.replaceChildren();
      // Hidden lines stay, without values, so that the others keep their colours.
      const empty = new Array(places.length).fill(null);
      const drawn = all.map((line) => (hidden.has(line) ? { ...line, values: empty, levels: null, marks: [] } : line));
      remove = history(canvas, {
        lines: drawn,
        ticks: places.map((place) => day(place.time) || short(place.name)),
        describe: (place) => lines(drawn, place, metric.unit),
        marks: marksOf(drawn),
        unit: metric.unit,
        label: plot.dataset.said,
        height: 280,
        bridge: true,
        sync: "runs",
      });
      chart = remove.chart;
      charts.add(chart);
      chart.hooks.setScale = [...(chart.hooks.setScale || []), zoomed];
    }

    function zoomed(of, scale) {
      if (scale !== "x") return;
      const { min, max } = of.scales.x;
      whole.hidden = min <= 0 && max >= places.length - 1;
    }

    /** Says what was measured at a place, with links that can be followed. */
    function select(place) {
      along.value = place;
      const at = places[place];
      if (!at) return;
      const said = lines(all.filter((line) => !hidden.has(line)), place, metric.unit).slice(1);
      along.setAttribute("aria-valuetext", [short(at.name), day(at.time), ...said].filter(Boolean).join(", "));
      const parts = [linked(at.name), moment(at.time), ...said].filter(Boolean);
      run.replaceChildren(...parts.flatMap((part, index) => (index ? [" · ", part] : [part])));
    }

    // A drag ends in a click as well, but somewhere else than it began.
    let pressed = 0;
    canvas.addEventListener("pointerdown", (event) => (pressed = event.clientX), true);
    canvas.addEventListener(
      "click",
      (event) => {
        const isPick = event.target === chart.over && Math.abs(event.clientX - pressed) < 3;
        if (isPick) select(chart.posToIdx(event.offsetX));
      },
      true,
    );
    along.addEventListener("input", () => {
      const place = Number(along.value);
      select(place);
      const { min, max } = chart.scales.x;
      // A run that is out of sight is brought back into it.
      if (place < min || place > max) showAll();
      chart.setCursor({ left: chart.valToPos(place, "x"), top: 0 });
    });
    whole.addEventListener("click", showAll);

    const testbeds = all.length < 2 ? null : element("span", { role: "group", "aria-label": "Testbeds", class: "around" }, all.map((line) => {
      const box = element("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => {
        if (box.checked) hidden.delete(line);
        else hidden.add(line);
        redraw();
      });
      return element("label", null, box, line.label);
    }));
    plot.append(
      canvas,
      element("div", { class: "around no-print" }, testbeds, element("label", { class: "along" }, "Run", along), whole),
      run,
    );
    redraw();
    if (places.length) select(places.length - 1);
  }

  function showAll() {
    for (const chart of charts) chart.setScale("x", { min: 0, max: places.length - 1 });
  }

  /** The values as a table, newest first. */
  function tabulate(details, metric, all) {
    const head = ["Run", "Time", ...all.map((line) => (all.length > 1 ? line.label : "Value")), "Change"];
    const rows = places.map((place, at) => ({ place, at })).filter(({ at }) => all.some((line) => line.values[at] !== null));
    const table = element(
      "table",
      null,
      element("thead", null, element("tr", null, head.map((text) => element("th", { scope: "col" }, text)))),
      element(
        "tbody",
        null,
        rows.reverse().map(({ place, at }) =>
          element(
            "tr",
            null,
            element("td", null, linked(place.name)),
            element("td", null, moment(place.time)),
            all.map((line) => element("td", { class: "number" }, line.values[at] === null ? "" : withUnit(line.values[at], metric.unit))),
            element("td", null, all.flatMap((line) => line.marks.filter((mark) => mark.place === at).map((mark) => mark.said)).join(", ")),
          ),
        ),
      ),
    );
    details.append(element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Every value" }, table));
  }

  return { benchmark, runs };
})();
