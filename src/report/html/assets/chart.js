/* Charts of perfgate's pages: a history as a line, and the values of two sides along one axis.
 *
 * Thin functions over uPlot, which brings the axes, the scales, zoom and the cursor. What a chart needs of perfgate's own
 * (levels, limits, this run, lanes of samples) is drawn onto uPlot's canvas. Colours come from the custom properties of
 * base.css and follow the reader's colour scheme and the printer. Each chart is an image with a text that says its
 * numbers, because a canvas says nothing to a screen reader.
 *
 * Text from outside reaches the page through text nodes and attributes only. Nothing here makes HTML from strings.
 *
 * Not here: where the values come from, and the words of verdicts (page.js, benchmark.js).
 */
"use strict";

const perfgateCharts = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  /** Charts on the page, so that a change of the colour scheme reaches them. */
  const shown = new Set();

  /* ---- elements ---- */

  /** An element with attributes and children. Strings become text nodes; `null` and `undefined` are left out. */
  function element(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
  }

  /** The same for SVG. */
  function drawing(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
  }

  function fill(made, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined) made.append(child);
    }
    return made;
  }

  /** The shape of a verdict, from the symbols of icons.svg that the page holds. */
  function icon(word) {
    return drawing("svg", { class: "icon", "aria-hidden": "true" }, drawing("use", { href: `#i-${word}` }));
  }

  /** A verdict as shape and word. `said` stands in place of the word where it is given. */
  function badge(word, said) {
    return element("span", { class: `badge v-${word}` }, icon(word), said || word);
  }

  /* ---- numbers ---- */

  /** A number with at least four significant digits, as the tables write it. */
  function number(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "n/a";
    if (value === 0) return "0";
    const size = Math.abs(value);
    let text;
    if (size >= 1e7 || size < 1e-4) text = value.toExponential(3);
    else if (size >= 1e4) text = value.toFixed(0);
    else text = value.toPrecision(4);
    return text.replace("-", "\u2212");
  }

  function withUnit(value, unit) {
    const said = number(value);
    return unit && said !== "n/a" ? `${said}\u00a0${unit}` : said;
  }

  const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

  function median(values) {
    const sorted = values.filter(isNumber).sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /* ---- colours ---- */

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--chart-${name}`).trim() || "#888";
  }

  function font(size) {
    const family = getComputedStyle(document.body).fontFamily || "sans-serif";
    return `${size}px ${family}`;
  }

  function redraw() {
    for (const chart of shown) chart.redraw(false, true);
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);

  /* ---- what all charts share ---- */

  /** Makes a chart in an element, as wide as that is, and keeps it so. Returns a function that takes it away again. */
  function place(host, options, data) {
    host.classList.add("chart");
    const width = () => Math.max(180, Math.floor(host.clientWidth));
    const chart = new uPlot({ ...options, width: width() }, data, host);
    const observer = new ResizeObserver(() => {
      if (host.clientWidth > 0 && width() !== chart.width) chart.setSize({ width: width(), height: options.height });
    });
    observer.observe(host);
    shown.add(chart);
    const remove = () => {
      observer.disconnect();
      shown.delete(chart);
      chart.destroy();
    };
    return { chart, remove };
  }

  /** Height of an axis with its numbers, and of the unit below it. */
  const AXIS = 30;
  const UNIT = 20;

  function axis(more) {
    return {
      stroke: () => colour("text"),
      grid: { stroke: () => colour("grid"), width: 1 },
      ticks: { stroke: () => colour("axis"), width: 1, size: 5 },
      ...more,
    };
  }

  /** An axis of values, with room for its longest number. */
  function valueAxis(unit, more) {
    return axis({
      values: (_, ticks) => ticks.map((tick) => tickText(tick, ticks)),
      size: (chart, texts) => {
        if (!texts) return 40;
        chart.ctx.save();
        chart.ctx.font = font(12);
        const widest = Math.max(0, ...texts.map((text) => chart.ctx.measureText(text).width));
        chart.ctx.restore();
        return Math.ceil(widest) + 16;
      },
      label: unit || undefined,
      labelSize: unit ? UNIT : undefined,
      labelGap: 0,
      ...more,
    });
  }

  /** A tick with as many digits as its neighbours need. */
  function tickText(tick, ticks) {
    if (tick === 0) return "0";
    const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : Math.abs(tick);
    const size = Math.max(...ticks.map(Math.abs));
    if (size >= 1e7 || step < 1e-6) return tick.toExponential(1).replace("-", "\u2212");
    // As many decimals as the step has: 0.25 has two.
    let decimals = 0;
    while (decimals < 8 && Math.abs(step - Number(step.toFixed(decimals))) > step * 1e-6) decimals += 1;
    return tick.toFixed(decimals).replace("-", "\u2212");
  }

  /** Where the values lie, with the limits that are not too far away to be shown beside them, or with all. */
  function span(values, limits, isWithAll = false) {
    const known = values.filter(isNumber);
    if (known.length === 0) return { low: 0, high: 1, limits: [] };
    let low = Math.min(...known);
    let high = Math.max(...known);
    const reach = Math.max(8 * (high - low), 0.6 * Math.max(Math.abs(low), Math.abs(high)));
    const near = limits.filter((limit) => isWithAll || (limit.value >= low - reach && limit.value <= high + reach));
    for (const limit of near) {
      low = Math.min(low, limit.value);
      high = Math.max(high, limit.value);
    }
    const margin = high > low ? 0.06 * (high - low) : Math.abs(high) * 0.05 || 1;
    return { low: low - margin, high: high + margin, limits: near };
  }

  /** Runs drawing steps in the plot's own pixels, cut to the plot's area. */
  function drawn(chart, paint, cut = true) {
    const { ctx, bbox } = chart;
    const ratio = uPlot.pxRatio || window.devicePixelRatio || 1;
    ctx.save();
    if (cut) {
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
    }
    paint(ctx, bbox, ratio);
    ctx.restore();
  }

  function stroke(ctx, x0, y0, x1, y1) {
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.stroke();
  }

  const DASH = { warn: [6, 4], fail: [] };

  /** A mark of a shape: sides are told apart without colour. */
  function mark(ctx, shape, x, y, size) {
    ctx.beginPath();
    if (shape === "diamond") {
      ctx.moveTo(x, y - size * 1.3);
      ctx.lineTo(x + size * 1.3, y);
      ctx.lineTo(x, y + size * 1.3);
      ctx.lineTo(x - size * 1.3, y);
      ctx.closePath();
    } else if (shape === "square") {
      ctx.rect(x - size, y - size, 2 * size, 2 * size);
    } else {
      ctx.arc(x, y, size, 0, 2 * Math.PI);
    }
  }

  /** The list under a chart that says what its marks mean. */
  function legend(host, entries) {
    const items = entries.map(({ shape, colour: name, said }) => element("li", null, swatch(shape, name), said));
    host.append(element("ul", { class: "key" }, items));
  }

  function swatch(shape, name) {
    const paint = `var(--chart-${name})`;
    const image = drawing("svg", { viewBox: "0 0 32 16", "aria-hidden": "true" });
    const add = (tag, attributes) => {
      const part = drawing(tag, attributes);
      // A custom property is no value of an attribute, so it is set as a property.
      part.style.stroke = paint;
      part.style.fill = shape === "line" || shape === "dashes" || shape === "thick" ? "none" : paint;
      image.append(part);
    };
    if (shape === "dot") add("circle", { cx: 16, cy: 8, r: 5 });
    else if (shape === "square") add("rect", { x: 11, y: 3, width: 10, height: 10 });
    else if (shape === "diamond") add("path", { d: "M16 1l7 7-7 7-7-7z" });
    else if (shape === "ticks") add("path", { d: "M8 2v12M13 2v12M16 2v12M24 2v12", "stroke-width": 2 });
    else if (shape === "bar") add("path", { d: "M3 8h26M3 4v8M29 4v8", "stroke-width": 2.5 });
    else if (shape === "joined") {
      add("circle", { cx: 6, cy: 8, r: 4 });
      add("path", { d: "M6 8h20", "stroke-width": 2 });
      add("circle", { cx: 26, cy: 8, r: 4 });
    } else if (shape === "dashes") add("path", { d: "M1 8h8M12 8h8M23 8h8", "stroke-width": 2 });
    else add("path", { d: "M1 8h30", "stroke-width": shape === "thick" ? 4 : 2 });
    return image;
  }

  function limitEntries(limits, near, unit) {
    return limits.map((limit) => {
      const away = near.includes(limit) ? "" : ", outside of the chart";
      const said = `${limit.word} limit ${withUnit(limit.value, unit)}${away}`;
      return { shape: limit.word === "warn" ? "dashes" : "line", colour: limit.word, said };
    });
  }

  /** Makes an element an image with a text alternative. */
  function describe(host, said) {
    host.setAttribute("role", "img");
    host.setAttribute("aria-label", said);
  }

  /** The box beside the pointer. */
  function tip(host) {
    const box = element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    host.append(box);
    return {
      show(lines, left, top) {
        box.replaceChildren(...lines.filter(Boolean).map((line) => element("div", null, line)));
        box.hidden = false;
        const room = host.clientWidth - box.offsetWidth - 4;
        box.style.left = `${Math.max(0, Math.min(room, left + 12))}px`;
        box.style.top = `${Math.max(0, top - box.offsetHeight - 8)}px`;
      },
      hide() {
        box.hidden = true;
      },
    };
  }

  /* ---- a history ---- */

  /**
   * A history as one line or several, in `host`.
   *
   * - `lines`: `[{label, values, levels, levelsEnd}]`; a value for each run (`null` where there is none), and the indices at
   *   which another level begins: none for one level, no `levels` where levels are not known. The last level ends before
   *   the run `levelsEnd`, by default with the last one.
   * - `ticks`: what a run is called on the axis; `describe(run)`: the lines of text for the pointer.
   * - `marks`: `[{at, said, shape, colour, value}]`; runs that stand out. With a `value` it is a mark on that value, else
   *   a line from top to bottom.
   * - `limits`: `[{word: "warn" | "fail", value}]`.
   * - `unit`, `label` (the text alternative), `height`, `sync` (a key that charts with one cursor share), `bridge`
   *   (whether a line goes on over runs that have no value).
   *
   * Dragging zooms into runs, a double click shows all again. Returns a function that takes the chart away; uPlot's own
   * chart is its `chart`.
   */
  function history(host, spec) {
    const lines = spec.lines;
    const limits = spec.limits || [];
    const marks = spec.marks || [];
    const count = Math.max(0, ...lines.map((line) => line.values.length));
    const all = lines.flatMap((line) => line.values).concat(marks.map((one) => one.value));
    const { low, high, limits: near } = span(all, limits);
    const canvas = element("div");
    host.append(canvas);
    describe(canvas, spec.label);
    const colourOf = (at) => (lines.length === 1 ? "baseline" : String((at % 6) + 1));
    const points = count <= 240;
    const series = lines.map((line, at) => ({
      label: line.label,
      stroke: () => colour(colourOf(at)),
      width: count > 400 ? 1 : 1.5,
      dash: at >= 3 ? [6, 3] : undefined,
      spanGaps: Boolean(spec.bridge),
      points: { show: points, size: count > 80 ? 4 : 6, fill: () => colour(colourOf(at)), width: 0 },
    }));
    const isSparse = canvas.clientWidth < 500;
    const box = { tip: null };
    const options = {
      height: spec.height || 230,
      padding: [14, 14, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: true },
        points: { size: 9 },
        ...(spec.sync ? { sync: { key: spec.sync, setSeries: false } } : {}),
      },
      scales: {
        // The first and the last run stand a little away from the edges, unless somebody zooms in.
        x: { time: false, range: (_, from, to) => (from <= 0 && to >= count - 1 ? [-0.5, count - 0.5] : [from, to]) },
        y: { range: () => [low, high] },
      },
      axes: [
        axis({
          space: isSparse ? 90 : 110,
          size: AXIS,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000],
          values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) && spec.ticks[tick]) || ""),
        }),
        valueAxis(spec.unit),
      ],
      series: [{}, ...series],
      hooks: {
        draw: [(chart) => drawHistory(chart, spec, near, colourOf)],
        setCursor: [(chart) => hover(chart)],
      },
    };
    const { chart, remove } = place(canvas, options, [
      Array.from({ length: count }, (_, run) => run),
      ...lines.map((line) => Array.from({ length: count }, (_, run) => (isNumber(line.values[run]) ? line.values[run] : null))),
    ]);
    box.tip = tip(canvas);
    function hover(chart) {
      const { idx, left, top } = chart.cursor;
      if (!box.tip) return;
      if (idx === null || idx === undefined || left < 0) box.tip.hide();
      else {
        const ratio = uPlot.pxRatio || 1;
        box.tip.show(spec.describe(idx), chart.valToPos(idx, "x") + chart.bbox.left / ratio, top + chart.bbox.top / ratio);
      }
    }
    const hasLevels = lines.some((line) => line.levels);
    legend(host, [
      ...lines.map((line, at) => ({ shape: at >= 3 ? "dashes" : "line", colour: colourOf(at), said: line.label })),
      ...(hasLevels ? [{ shape: "thick", colour: "level", said: "level (median of its runs)" }] : []),
      ...marks.filter((one) => one.said).map(({ shape, colour: name, said }) => ({ shape: shape || "line", colour: name, said })),
      ...limitEntries(limits, near, spec.unit),
    ]);
    return Object.assign(remove, { chart });
  }

  function drawHistory(chart, spec, limits, colourOf) {
    drawn(chart, (ctx, box, ratio) => {
      drawLimits(ctx, box, ratio, limits, (value) => chart.valToPos(value, "y", true), false);
      spec.lines.forEach((line, at) => {
        if (!line.levels) return;
        const edges = [0, ...line.levels, line.levelsEnd || line.values.length];
        ctx.strokeStyle = spec.lines.length === 1 ? colour("level") : colour(colourOf(at));
        ctx.lineWidth = 3 * ratio;
        ctx.globalAlpha = 0.75;
        edges.slice(0, -1).forEach((from, part) => {
          const level = median(line.values.slice(from, edges[part + 1]));
          if (level === null) return;
          const y = chart.valToPos(level, "y", true);
          const half = 0.35;
          stroke(ctx, chart.valToPos(from - half, "x", true), y, chart.valToPos(edges[part + 1] - 1 + half, "x", true), y);
        });
        ctx.globalAlpha = 1;
      });
      for (const one of spec.marks || []) {
        const x = chart.valToPos(one.at, "x", true);
        ctx.strokeStyle = colour(one.colour);
        ctx.fillStyle = colour(one.colour);
        ctx.lineWidth = 1.5 * ratio;
        if (isNumber(one.value)) continue;
        ctx.setLineDash([3 * ratio, 3 * ratio]);
        stroke(ctx, x, box.top, x, box.top + box.height);
        ctx.setLineDash([]);
      }
    });
    // Marks on values at the edge of the plot are not cut.
    drawn(
      chart,
      (ctx, _, ratio) => {
        for (const one of (spec.marks || []).filter((each) => isNumber(each.value))) {
          const { min, max } = chart.scales.x;
          if (one.at < min || one.at > max) continue;
          ctx.fillStyle = colour(one.colour);
          mark(ctx, one.shape, chart.valToPos(one.at, "x", true), chart.valToPos(one.value, "y", true), 5 * ratio);
          ctx.fill();
        }
      },
      false,
    );
  }

  function drawLimits(ctx, box, ratio, limits, position, isUpright) {
    for (const limit of limits) {
      const at = position(limit.value);
      ctx.strokeStyle = colour(limit.word);
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash(DASH[limit.word].map((length) => length * ratio));
      if (isUpright) stroke(ctx, at, box.top, at, box.top + box.height);
      else stroke(ctx, box.left, at, box.left + box.width, at);
      ctx.setLineDash([]);
    }
  }

  /* ---- values along one axis ---- */

  /** Lanes get lower when there are many, down to this many pixels. */
  const LEAST_LANE = 9;
  const MOST_LANE = 32;
  const LANES_HEIGHT = 480;

  /**
   * Values of two sides along one axis, each lane a line of marks, in `host`.
   *
   * - `lanes`: `[{label, marks: [{side, value}], interval, ticks: [{side, values}], isJoined}]`, `side` being "baseline" or
   *   "current". A mark is one large dot or diamond, `interval` a bar around it, `ticks` are samples or single runs;
   *   the two marks of a joined lane are those of a pair.
   * - `limits`, `unit`, `label` as for `history`; `ticks` says in words what the ticks are.
   *
   * Returns a function that takes the chart away.
   */
  function strip(host, spec) {
    const lanes = spec.lanes;
    const limits = spec.limits || [];
    const all = lanes.flatMap((lane) => [
      ...lane.marks.map((one) => one.value),
      ...(lane.interval || []),
      ...(lane.ticks || []).flatMap((one) => one.values),
    ]);
    // A value with nothing to compare it with has its limits alone.
    const isAlone = !lanes.some((lane) => lane.marks.some((one) => one.side === "baseline" && isNumber(one.value)));
    const { low, high, limits: near } = span(all, limits, isAlone);
    const canvas = element("div");
    host.append(canvas);
    describe(canvas, spec.label);
    const height = Math.max(LEAST_LANE, Math.min(MOST_LANE, LANES_HEIGHT / Math.max(1, lanes.length)));
    const room = Math.min(120, Math.max(64, Math.floor(canvas.clientWidth * 0.2)));
    const options = {
      height: Math.round(height * lanes.length) + AXIS + (spec.unit ? UNIT : 0) + 6,
      padding: [6, 18, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: () => [low, high] }, y: { range: () => [0, 1] } },
      axes: [
        axis({
          space: 70,
          values: (_, ticks) => ticks.map((tick) => tickText(tick, ticks)),
          size: AXIS,
          label: spec.unit || undefined,
          labelSize: spec.unit ? UNIT : undefined,
          labelGap: 0,
        }),
        axis({ size: room, values: (_, ticks) => ticks.map(() => ""), grid: { show: false }, ticks: { show: false } }),
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [(chart) => drawStrip(chart, lanes, near, height)] },
    };
    const { remove } = place(canvas, options, [[low, high], [null, null]]);
    const has = (side) => lanes.some((lane) => lane.marks.some((one) => one.side === side && isNumber(one.value)));
    const entries = [];
    if (has("baseline")) entries.push({ shape: "dot", colour: "baseline", said: "baseline" });
    if (has("current")) entries.push({ shape: "diamond", colour: "current", said: "current" });
    if (lanes.some((lane) => lane.interval)) entries.push({ shape: "bar", colour: "current", said: "95\u00a0% interval" });
    if (lanes.some((lane) => lane.ticks && lane.ticks.length)) {
      entries.push({ shape: "ticks", colour: "text", said: spec.ticks || "samples" });
    }
    if (lanes.some((lane) => lane.isJoined)) entries.push({ shape: "joined", colour: "text", said: "a pair" });
    legend(host, [...entries, ...limitEntries(limits, near, spec.unit)]);
    return remove;
  }

  function drawStrip(chart, lanes, limits, height) {
    const x = (value) => chart.valToPos(value, "x", true);
    drawn(
      chart,
      (ctx, box, ratio) => {
        drawLimits(ctx, box, ratio, limits, x, true);
        const step = box.height / Math.max(1, lanes.length);
        const every = Math.ceil(13 / height);
        lanes.forEach((lane, at) => {
          const y = box.top + step * (at + 0.5);
          if (at % every === 0) drawLaneLabel(ctx, lane.label, box, y, ratio);
          drawLane(ctx, lane, x, y, { dot: Math.min(5, height * 0.3) * ratio, tick: Math.min(step * 0.36, 9 * ratio), ratio });
        });
      },
      false,
    );
  }

  function drawLaneLabel(ctx, label, box, y, ratio) {
    ctx.fillStyle = colour("text");
    ctx.font = font(12 * ratio);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.fillText(fitted(ctx, label, box.left - 12 * ratio), box.left - 10 * ratio, y);
  }

  function drawLane(ctx, lane, x, y, { dot, tick, ratio }) {
    for (const { side, values } of lane.ticks || []) {
      ctx.strokeStyle = colour(side);
      ctx.globalAlpha = 0.6;
      ctx.lineWidth = ratio;
      for (const value of values.filter(isNumber)) stroke(ctx, x(value), y - tick, x(value), y + tick);
      ctx.globalAlpha = 1;
    }
    if (lane.interval) {
      const [from, to] = lane.interval.map(x);
      ctx.strokeStyle = colour("current");
      ctx.lineWidth = 2.5 * ratio;
      stroke(ctx, from, y, to, y);
      stroke(ctx, from, y - dot, from, y + dot);
      stroke(ctx, to, y - dot, to, y + dot);
    }
    const marks = lane.marks.filter((one) => isNumber(one.value));
    if (lane.isJoined && marks.length === 2) {
      ctx.strokeStyle = colour("text");
      ctx.lineWidth = 1.5 * ratio;
      stroke(ctx, x(marks[0].value), y, x(marks[1].value), y);
    }
    for (const { side, value } of marks) {
      ctx.fillStyle = colour(side);
      mark(ctx, side === "current" ? "diamond" : "dot", x(value), y, dot);
      ctx.fill();
    }
  }

  /** Text cut to a width of the canvas. */
  function fitted(ctx, text, width) {
    if (ctx.measureText(text).width <= width) return text;
    let kept = text;
    while (kept.length > 1 && ctx.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
    return `${kept}…`;
  }

  return { badge, drawing, element, history, icon, median, number, strip, withUnit };
})();
