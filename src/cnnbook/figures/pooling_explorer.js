import {
  arrowStep, assign, capital, clamp, conv2d, figure, h, kernelPreset, largest, linePath, markers, moveText, numberGrid,
  outputSize, padIndex, plural, setText, shadeClass, square, statusLine, svg, table,
} from "./kit.js";

const TRAITS = [
  "kernel_size", "stride", "kind", "ceil_mode", "shape", "dx", "dy", "reference_dx", "reference_dy", "row", "column",
];
const HEIGHT = 14;
const WIDTH = 16;
const CORNER = 2; // row and column of the shape's first pixel where dx and dy are 0
const SHAPE_SIZE = 5;
const WIDE = 580;

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────

const DETECTOR = kernelPreset("vertical edges", 3);
const BLUR = [1, 2, 1].map((down) => [1, 2, 1].map((across) => (down * across) / 16));

const SHAPES = {
  disk: [[0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0]],
  cross: [[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]],
  bar: square(SHAPE_SIZE, (_, col) => (col === 1 || col === 2 ? 1 : 0)),
  "soft disk": [[0, 0.2, 0.3, 0.2, 0], [0.2, 0.5, 0.7, 0.5, 0.2], [0.3, 0.7, 1, 0.7, 0.3], [0.2, 0.5, 0.7, 0.5, 0.2], [0, 0.2, 0.3, 0.2, 0]],
};

/** The input: the named shape, dx pixels to the right and dy down. */
export const shapeInput = (shape, dx, dy) => table(HEIGHT, WIDTH, (row, col) => SHAPES[shape][row - CORNER - dy]?.[col - CORNER - dx] ?? 0);

export const relu = (input) => input.map((row) => row.map((value) => Math.max(0, value)));

/** The input through the detector of vertical edges, as torch.relu(F.conv2d(input, DETECTOR, stride=stride)). */
export const featureMap = (input, stride = 1) => relu(conv2d(input, DETECTOR, { stride }));

/** Windows of a pooling layer along one axis, as torch.nn.MaxPool2d counts them: with ceilMode a last window may hang over the end, if it starts inside. */
export function poolSize(inputSize, kernelSize, stride, ceilMode = false) {
  const size = outputSize(inputSize + (ceilMode ? stride - 1 : 0), kernelSize, stride, 0, 1);
  return ceilMode && (size - 1) * stride >= inputSize ? size - 1 : size;
}

/** What `reduce` makes of the cells inside each window. */
function poolWindows(input, kernelSize, stride, ceilMode, reduce) {
  const [height, width] = [input.length, input[0].length].map((size) => poolSize(size, kernelSize, stride, ceilMode));
  return table(height, width, (row, col) =>
    reduce(input.slice(row * stride, row * stride + kernelSize).flatMap((line) => line.slice(col * stride, col * stride + kernelSize))));
}

/** F.max_pool2d(input, kernelSize, stride, ceil_mode=ceilMode). */
export const maxPool2d = (input, kernelSize, stride, ceilMode = false) => poolWindows(input, kernelSize, stride, ceilMode, (cells) => Math.max(...cells));

/** F.avg_pool2d(input, kernelSize, stride, ceil_mode=ceilMode): cells beyond the end are not counted. */
export const avgPool2d = (input, kernelSize, stride, ceilMode = false) =>
  poolWindows(input, kernelSize, stride, ceilMode, (cells) => cells.reduce((sum, value) => sum + value, 0) / cells.length);

/** Zhang's (2019) max-blur-pool: max at stride 1, one mirrored cell on every side, then [1 2 1] · [1 2 1] / 16 at the stride. */
export const blurPool2d = (input, kernelSize, stride) =>
  conv2d(maxPool2d(input, kernelSize, 1), BLUR, { stride, padding: 1, paddingMode: "reflect" });

const POOLED = {
  max: (input, feature, { kernelSize, stride, ceilMode }) => maxPool2d(feature, kernelSize, stride, ceilMode),
  average: (input, feature, { kernelSize, stride, ceilMode }) => avgPool2d(feature, kernelSize, stride, ceilMode),
  blur: (input, feature, { kernelSize, stride }) => blurPool2d(feature, kernelSize, stride),
  "strided convolution": (input, feature, { stride }) => featureMap(input, stride),
  none: (input, feature) => feature,
};

/** The map that a kind of pooling makes of an input; kind "none" is the feature map itself. */
export const pooledMap = (kind, input, settings) => POOLED[kind](input, featureMap(input), settings);

const isChanged = (before, after) => Math.abs(after - before) > 1e-6;

/** How a map differs from what it was: changed cells of all cells, by how much those changed on average, and the summed
 * change as a part of the sum before; null where there was nothing before. */
export function changeOf(before, after) {
  const [old, values] = [before.flat(), after.flat()];
  const differences = values.map((value, at) => (isChanged(old[at], value) ? Math.abs(value - old[at]) : 0));
  const [total, base] = [differences, old].map((numbers) => numbers.reduce((sum, value) => sum + Math.abs(value), 0));
  const changed = differences.filter((difference) => difference > 0).length;
  return { changed, cells: values.length, share: changed / values.length, mean: changed ? total / changed : 0, size: total === 0 ? 0 : base === 0 ? null : total / base };
}

/** For each kind the change at every dx from 0 to `last`, with the shape dy down, against the reference place. */
export function changeCurves(kinds, { shape, dy, reference, last, ...settings }) {
  const before = shapeInput(shape, reference.dx, reference.dy);
  const inputs = Array.from({ length: last + 1 }, (_, dx) => shapeInput(shape, dx, dy));
  return kinds.map((kind) => {
    const old = pooledMap(kind, before, settings);
    return { kind, changes: inputs.map((input) => changeOf(old, pooledMap(kind, input, settings))) };
  });
}

/** The rows (or columns) of the feature map that output `out` reads, from `first` up to but without `end`. */
export function windowSpan(kind, out, size, { kernelSize, stride }) {
  const first = out * stride;
  if (kind === "strided convolution") return { first, end: first + 1 };
  if (kind !== "blur") return { first, end: Math.min(first + kernelSize, size) };
  const positions = size - kernelSize + 1; // of the max at stride 1, before the blur
  return { first: Math.max(0, first - 1), end: Math.min(first + 2, positions) + kernelSize - 1 };
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const NAMES = {
  max: "max-pooling", average: "average pooling", blur: "blur-pool", "strided convolution": "strided convolution", none: "feature map",
};
const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
const sizeText = (size) => (size === null ? "none" : size.toFixed(2));
/** A number for a cell `side` pixels wide: no more than three characters where four would touch its edges. */
function cellText(value, side) {
  if (side >= 32) return String(+value.toFixed(2));
  return value >= 1 ? String(+value.toFixed(1)) : String(+value.toFixed(2)).replace("0.", ".");
}
const exact = (value) => String(+value.toFixed(4));
const by = (rows, cols) => `${rows}\u00a0×\u00a0${cols}`;

// ── the curves ──────────────────────────────────────────────────────────────────────────────────

const MARKERS = {
  max: markers.disk,
  average: markers.square,
  blur: markers.triangle,
  "strided convolution": (x, y, r) => `M${x - r} ${y - r}l${2 * r} ${2 * r}M${x + r} ${y - r}l${-2 * r} ${2 * r}`,
  none: (x, y, r) => `M${x} ${y - 1.3 * r}l${1.3 * r} ${1.3 * r}l${-1.3 * r} ${1.3 * r}l${-1.3 * r} ${-1.3 * r}z`,
};

/** The least of the usual ends of an axis that holds `value`. */
const axisEnd = (value, ends) => ends.find((end) => value <= end) ?? Math.ceil(value);

/** One chart: a line for each kind against dx, the present kind on top, the present dx and the reference marked. */
function drawChart(chart, { curves, kind, dx, reference, last, width, height, measure, format, ends }) {
  const [left, right, top, bottom] = [40, 10, 8, 36];
  const values = curves.map((curve) => curve.changes.map((change) => change[measure]));
  const end = axisEnd(Math.max(...values.flat()), ends);
  const x = (shift) => left + (shift * (width - left - right)) / last;
  const y = (value) => top + (1 - value / end) * (height - top - bottom);
  const label = (text, at, anchor) => svg("text", { ...at, "text-anchor": anchor }, text);
  const rules = [0, end / 2, end].flatMap((value) => [
    svg("path", { class: "rule", d: `M${left} ${y(value)}H${width - right}` }),
    label(format(value), { x: left - 6, y: y(value) + 4 }, "end"),
  ]);
  const ticks = Array.from({ length: last + 1 }, (_, shift) => label(String(shift), { x: x(shift), y: height - bottom + 17, class: shift === dx ? "here" : "" }, "middle"));
  const series = curves.map((curve, at) => {
    const points = values[at].map((value, shift) => (value === null ? null : { x: x(shift), y: y(value), value, shift }));
    const marks = points.filter(Boolean).map((point) => svg("path", {
      class: "mark", d: MARKERS[curve.kind](point.x, point.y, point.shift === dx ? 5 : 3), "data-shift": point.shift, "data-value": point.value,
    }));
    return svg("g", { class: `series${curve.kind === kind ? " present" : ""}`, "data-kind": curve.kind }, svg("path", { class: "line", d: linePath(points) }), ...marks);
  });
  series.sort((one, other) => one.classList.contains("present") - other.classList.contains("present"));
  chart.setAttribute("width", width);
  chart.setAttribute("height", height);
  chart.replaceChildren(
    ...rules, ...ticks,
    svg("path", { class: "cursor", d: `M${x(dx)} ${top}V${height - bottom}` }),
    svg("path", { class: "before", d: `M${x(reference.dx) - 7} ${height - bottom + 22}h14` }),
    label("dx, pixels to the right", { x: (left + width - right) / 2, y: height - 4 }, "middle"),
    ...series,
  );
}

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const limits = frame.get("limits");
  const kinds = [...limits.kind.values, "none"];
  const last = limits.dx.max;
  const status = statusLine();
  let now = null; // the maps of the present setting; see compute
  let curves = null; // the curves drawn last; see drawCurves

  function compute() {
    const settings = { kernelSize: frame.get("kernel_size"), stride: frame.get("stride"), ceilMode: frame.get("ceil_mode") };
    const [kind, shape, dx, dy] = ["kind", "shape", "dx", "dy"].map(frame.get);
    const reference = { dx: frame.get("reference_dx"), dy: frame.get("reference_dy") };
    const [input, old] = [shapeInput(shape, dx, dy), shapeInput(shape, reference.dx, reference.dy)];
    const feature = { before: featureMap(old), after: featureMap(input) };
    const pooled = { before: pooledMap(kind, old, settings), after: pooledMap(kind, input, settings) };
    return { settings, kind, shape, dx, dy, reference, input, feature, pooled, change: changeOf(pooled.before, pooled.after), featureChange: changeOf(feature.before, feature.after) };
  }

  // ── controls and maps ──

  const choose = (cell) => cell && frame.set({ row: cell.row, column: cell.col });
  const grids = {
    input: numberGrid({ label: "input" }),
    kernel: numberGrid({ label: "kernel" }),
    feature: numberGrid({ label: "feature map" }),
    pooled: numberGrid({ label: "pooled map", onPoint: choose }),
  };
  const titles = Object.fromEntries(Object.keys(grids).map((name) => [name, h("p", { class: "grid-title" })]));
  const frames = Object.fromEntries(["input", "feature", "pooled"].map((name) => [name, h("div", { class: "window" })]));
  for (const [name, element] of Object.entries(frames)) grids[name].element.append(element);
  const part = (name, ...more) => h("div", { class: `part ${name}` }, titles[name], grids[name].element, ...more);

  const ghost = svg("path");
  grids.input.element.append(svg("svg", { class: "ghost", "aria-hidden": "true" }, ghost));

  let pitch = 1; // pixels from one cell of the input to the next
  const move = (dx, dy) => frame.set({ dx: clamp(dx, limits.dx.min, last), dy: clamp(dy, limits.dy.min, limits.dy.max) });
  const handle = h("div", { class: "handle", tabindex: "0", role: "application", "aria-label": "shape: drag it, or move it with the arrow keys" });
  let grip = null; // where the pointer took hold, and where the shape was then
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    handle.setPointerCapture(event.pointerId);
    grip = { x: event.clientX, y: event.clientY, dx: frame.get("dx"), dy: frame.get("dy") };
  });
  handle.addEventListener("pointermove", (event) => {
    if (grip) move(grip.dx + Math.round((event.clientX - grip.x) / pitch), grip.dy + Math.round((event.clientY - grip.y) / pitch));
  });
  for (const end of ["pointerup", "pointercancel"]) handle.addEventListener(end, () => (grip = null));
  handle.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    move(frame.get("dx") + step[1], frame.get("dy") + step[0]);
  });
  grids.input.element.append(handle);

  const markPlace = h("button", {
    type: "button", title: "Compare with the place where the shape stands now",
    onclick: () => frame.set({ reference_dx: frame.get("dx"), reference_dy: frame.get("dy") }),
  }, "Mark place");
  const terms = h("div", { class: "sum", tabindex: "0", role: "group", "aria-label": "one pooled cell" });
  const aside = h("p", { class: "note aside" });
  const key = (name, words) => h("span", { class: "key" }, h("span", { class: `swatch ${name}`, "aria-hidden": "true" }), words);

  // ── curves ──

  const charts = {
    share: svg("svg", { class: "chart", role: "img" }),
    size: svg("svg", { class: "chart", role: "img" }),
  };
  const rows = kinds.map((kind) => {
    const sample = svg("svg", { class: "sample", width: 34, height: 12, "aria-hidden": "true" },
      svg("g", { class: "series", "data-kind": kind }, svg("path", { class: "line", d: "M0 6H34" }), svg("path", { class: "mark", d: MARKERS[kind](17, 6, 4) })));
    const cells = { changed: h("td"), size: h("td") };
    const element = h("tr", { "data-kind": kind }, h("th", { scope: "row" }, h("span", { class: "entry" }, sample, NAMES[kind])), cells.changed, cells.size);
    return { kind, element, cells, sample: sample.firstChild };
  });

  frame.root.append(
    h("div", { class: "controls" },
      frame.select("kind", { text: (kind) => NAMES[kind] }), frame.select("shape"), ...["kernel_size", "stride", "dx", "dy"].map((trait) => frame.slider(trait)),
      h("div", { class: "buttons" }, frame.checkbox("ceil_mode"), markPlace, frame.resetButton()),
    ),
    status.element,
    h("div", { class: "stage" },
      part("input"),
      part("kernel", h("p", { class: "then" }, "+ ReLU")),
      part("feature"),
      h("div", { class: "sign", "aria-hidden": "true" }, "→"),
      part("pooled"),
    ),
    h("p", { class: "keys" }, key("changed", "changed"), key("before", "the shape before"), key("window", "one pooled cell and what it reads"), key("dropped", "in no window")),
    terms,
    aside,
    h("div", { class: "charts" },
      h("div", {}, h("p", { class: "grid-title" }, "share of cells changed"), charts.share),
      h("div", {}, h("p", { class: "grid-title" }, "size of the change"), charts.size),
    ),
    h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "kind"), h("th", { scope: "col" }, "changed"), h("th", { scope: "col" }, "size"))),
      h("tbody", {}, ...rows.map(({ element }) => element)),
    ),
    h("p", { class: "note" },
      "A cell counts as changed if it differs by more than 0.000001 from the same cell before the move; the share is of all its map’s cells. The mean change is that of the changed cells. Size = Σ|after − before| / Σ|before|; it has none where all was 0 before. ",
      "Blur-pool: max at stride 1, one mirrored cell around, then the blur [1 2 1] · [1 2 1] / 16 at the stride. Strided convolution: the 3 × 3 kernel and ReLU at every stride-th place; it has no window."),
  );

  // ── drawing ──

  const span = (axis, out) => windowSpan(now.kind, out, axis === "row" ? now.feature.after.length : now.feature.after[0].length, now.settings);

  /** The feature map's rows (or columns) that some window reads. */
  const readLines = (axis, outputs) => {
    const lines = new Set();
    for (let out = 0; out < outputs; out++) for (let at = span(axis, out).first; at < span(axis, out).end; at++) lines.add(at);
    return lines;
  };

  const chosen = () => ({
    row: Math.min(frame.get("row"), now.pooled.after.length - 1),
    col: Math.min(frame.get("column"), now.pooled.after[0].length - 1),
  });

  const placeFrame = (element, rowSpan, colSpan, unit) => {
    const [top, left] = [rowSpan.first * unit, colSpan.first * unit];
    Object.assign(element.style, { top: `${top}px`, left: `${left}px`, height: `${(rowSpan.end - rowSpan.first) * unit + 1}px`, width: `${(colSpan.end - colSpan.first) * unit + 1}px` });
  };

  function drawMap(name, values, unit, look = () => "", top = largest(values)) {
    const numbered = unit > 15;
    grids[name].draw({
      rows: values.length, cols: values[0].length, size: unit + 1,
      cell: (row, col) => {
        const value = values[row][col];
        const tint = numbered || !value ? "" : `color-mix(in srgb, var(--hue) ${Math.round((90 * value) / top)}%, transparent)`;
        return { value, text: cellText(value, unit), row, col, grid: name === "pooled" ? "output" : name, tint, classes: `${numbered ? shadeClass(value, top) : ""} ${look(row, col)}` };
      },
    });
  }

  /** The outline of the shape where it was: every edge between a pixel of it and one that is not. */
  function outline() {
    const { shape, reference } = now;
    const inside = (row, col) => SHAPES[shape][row]?.[col] > 0;
    const edges = [];
    for (let row = 0; row <= SHAPE_SIZE; row++)
      for (let col = 0; col <= SHAPE_SIZE; col++) {
        const at = `M${(CORNER + reference.dx + col) * pitch} ${(CORNER + reference.dy + row) * pitch}`;
        if (inside(row, col) !== inside(row, col - 1)) edges.push(`${at}v${pitch}`);
        if (inside(row, col) !== inside(row - 1, col)) edges.push(`${at}h${pitch}`);
      }
    return edges.join("");
  }

  function drawStage() {
    const { settings, kind, input, feature, pooled, dx, dy } = now;
    const step = settings.stride * pitch;
    const mark = ({ before, after }) => (row, col) => (isChanged(before[row][col], after[row][col]) ? "changed" : "");
    const [readRows, readCols] = [readLines("row", pooled.after.length), readLines("col", pooled.after[0].length)];
    const changed = mark(feature);
    drawMap("input", input, pitch);
    drawMap("kernel", DETECTOR, 16);
    drawMap("feature", feature.after, pitch, (row, col) => `${changed(row, col)} ${readRows.has(row) && readCols.has(col) ? "" : "dropped"}`, Math.max(largest(feature.before), largest(feature.after)));
    drawMap("pooled", pooled.after, step, mark(pooled), Math.max(largest(pooled.before), largest(pooled.after)));
    setText(titles.input, `input ${by(HEIGHT, WIDTH)}: drag the shape`);
    setText(titles.kernel, "kernel");
    setText(titles.feature, `feature map ${by(feature.after.length, feature.after[0].length)}`);
    setText(titles.pooled, `${kind === "strided convolution" ? "strided" : `${kind}-pooled`} ${by(pooled.after.length, pooled.after[0].length)}`);

    const side = `${SHAPE_SIZE * pitch + 1}px`;
    Object.assign(handle.style, { left: `${(CORNER + dx) * pitch}px`, top: `${(CORNER + dy) * pitch}px`, width: side, height: side });
    ghost.setAttribute("d", outline());

    const { row, col } = chosen();
    const [rowSpan, colSpan] = [span("row", row), span("col", col)];
    const seen = ({ first, end }) => ({ first, end: end + DETECTOR.length - 1 });
    placeFrame(frames.input, seen(rowSpan), seen(colSpan), pitch);
    placeFrame(frames.feature, rowSpan, colSpan, pitch);
    placeFrame(frames.pooled, { first: row, end: row + 1 }, { first: col, end: col + 1 }, step);
  }

  /** The chosen pooled cell as the numbers that it is made of. */
  function drawTerms() {
    const { settings, kind, input, feature, pooled } = now;
    const { row, col } = chosen();
    const value = pooled.after[row][col];
    const was = pooled.before[row][col];
    const cells = (map, rows, cols) => map.slice(rows.first, rows.end).flatMap((line) => line.slice(cols.first, cols.end));
    const number = (content, name = "of-output") => h("span", { class: name }, exact(content));
    const listed = (numbers, between) => numbers.flatMap((content, at) => [at ? between : "", number(content)]);
    const made = {
      max: () => ["max(", ...listed(cells(feature.after, span("row", row), span("col", col)), ", "), ")"],
      average: () => {
        const numbers = cells(feature.after, span("row", row), span("col", col));
        return ["(", ...listed(numbers, " + "), `) / ${numbers.length}`];
      },
      blur: () => {
        const maxima = maxPool2d(feature.after, settings.kernelSize, 1);
        const taps = BLUR.flatMap((line, i) => line.map((weight, j) => ({
          weight: 16 * weight,
          maximum: maxima[padIndex(row * settings.stride + i - 1, maxima.length, "reflect")][padIndex(col * settings.stride + j - 1, maxima[0].length, "reflect")],
        })));
        return ["(", ...taps.flatMap(({ weight, maximum }, at) => [at ? " + " : "", number(weight, "of-kernel"), "·", number(maximum)]), ") / 16, of maxima at stride 1,"];
      },
      "strided convolution": () => {
        const seen = DETECTOR.flatMap((line, i) => line.map((weight, j) => [input[row * settings.stride + i][col * settings.stride + j], weight]));
        return ["max(0, ", ...seen.flatMap(([pixel, weight], at) => [at ? " + " : "", number(pixel, "of-input"), "·", h("span", { class: "of-kernel" }, weight < 0 ? `(${weight})` : String(weight))]), ")"];
      },
    };
    terms.replaceChildren(
      h("strong", {}, `pooled row ${row + 1}, column ${col + 1}`), " = ", ...made[kind](), " = ", h("strong", { class: "of-output" }, exact(value)),
      isChanged(was, value) ? `; before the move ${exact(was)}.` : "; before the move the same.",
    );
  }

  function asideText() {
    const { settings, kind, feature, pooled } = now;
    const parts = [];
    if (settings.ceilMode && (kind === "blur" || kind === "strided convolution"))
      parts.push("PyTorch’s conv2d has no ceil_mode: it rounds down.");
    const [height, width] = [feature.after.length, feature.after[0].length];
    const unread = height * width - readLines("row", pooled.after.length).size * readLines("col", pooled.after[0].length).size;
    const { kernelSize, stride } = settings;
    const hangs = (outputs, size) => (outputs - 1) * stride + kernelSize > size;
    if ((kind === "max" || kind === "average") && (hangs(pooled.after.length, height) || hangs(pooled.after[0].length, width)))
      parts.push("The last windows hang over the edge; only their cells inside count.");
    if (unread) parts.push(`${plural(unread, "feature-map cell")} ${unread === 1 ? "is" : "are"} in no window (hatched).`);
    return parts.join(" ") || "Every cell of the feature map is in a window.";
  }

  function drawCurves(wide) {
    const { settings, shape, kind, dx, dy, reference } = now;
    const asked = JSON.stringify([settings, shape, dy, reference]);
    if (curves?.asked !== asked) curves = { asked, list: changeCurves(kinds, { shape, dy, reference, last, ...settings }) };
    const width = wide ? Math.floor((frame.width - 20) / 2) : frame.width;
    const common = { curves: curves.list, kind, dx, reference, last, width, height: 170 };
    drawChart(charts.share, { ...common, measure: "share", format: percent, ends: [0.1, 0.2, 0.4, 0.6, 0.8, 1] });
    drawChart(charts.size, { ...common, measure: "size", format: String, ends: [1, 2, 3, 4, 6, 8, 10] });
    const words = curves.list.map(({ kind, changes }) => [NAMES[kind], changes[dx]]);
    charts.share.setAttribute("aria-label", `Share of cells changed against dx; at dx ${dx}: ${words.map(([name, { share }]) => `${name} ${percent(share)}`).join(", ")}`);
    charts.size.setAttribute("aria-label", `Size of the change against dx; at dx ${dx}: ${words.map(([name, { size }]) => `${name} ${sizeText(size)}`).join(", ")}`);
    rows.forEach(({ kind, element, cells, sample }, at) => {
      const { changed, cells: count, share, size } = curves.list[at].changes[dx];
      setText(cells.changed, `${changed} of ${count} (${percent(share)})`);
      setText(cells.size, sizeText(size));
      for (const node of [element, sample]) node.classList.toggle("present", kind === now.kind);
    });
  }

  function sentence() {
    const { settings, kind, dx, dy, reference, change, featureChange } = now;
    const { kernelSize, stride } = settings;
    const what = `${capital(NAMES[kind])}${kind === "strided convolution" ? "" : ` ${by(kernelSize, kernelSize)}`}, stride ${stride}`;
    const moved = moveText(dx - reference.dx, dy - reference.dy);
    if (!moved) return `${what}: the shape stands where it is compared with, so nothing has changed. Drag it.`;
    const mean = (change) => (change.changed ? `; mean change ${+change.mean.toFixed(2)}` : "");
    return `${what}, shape ${moved}: ${change.changed} of ${change.cells} pooled cells changed${mean(change)}. ` +
      `Feature map: ${featureChange.changed} of ${featureChange.cells}${mean(featureChange)}.`;
  }

  return function draw() {
    if (!(frame.width > 0)) return; // not in the page yet, or hidden: there is no size to draw for
    now = compute();
    const wide = frame.width >= WIDE;
    pitch = Math.min(15, Math.floor(wide ? (frame.width - 92) / (3 * WIDTH - 2) : (frame.width - 74) / WIDTH)); // at most 15: cells without text
    frame.root.classList.toggle("wide", wide);
    frame.root.style.setProperty("--pitch", `${pitch}px`);
    frame.root.style.setProperty("--pooled-text", `${35 * Math.min(0.4, 12 / (pitch * now.settings.stride))}px`);
    drawStage();
    drawTerms();
    setText(aside, asideText());
    drawCurves(wide);
    assign(markPlace, { disabled: now.dx === now.reference.dx && now.dy === now.reference.dy });
    status.say(sentence());
  };
}

const render = (context) => figure(context, { name: "PoolingExplorer", label: "Pooling explorer", traits: TRAITS }, build);
export default { render };
