import {
  PIXEL, arrowStep, assign, clamp, convMacs, convParameters, figure, followPointer, formatCount, h,
  hasModifier, isHover, outputSize, setText, statusLine, svg, throughLayer,
} from "./kit.js";

const TRAITS = ["architecture", "input_size", "layer", "scale"];
const PHONE = 640; // as in the style sheet
const COSTLY = ["conv", "linear"]; // the kinds of layers that have parameters and MACs

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────

/** Height and width of a layer's output. Zero or negative where its window does not fit. */
export function sizeAfter(layer, size) {
  if (layer.kind === "linear") return 1;
  if (layer.kind === "average pool") return layer.output_size;
  if (layer.kind === "sum") return size;
  return outputSize(size, layer.kernel_size, layer.stride, layer.padding, layer.dilation);
}

/** What a layer learns and multiplies. A linear layer is a 1 × 1 convolution at one place, whose channels are all numbers that it reads. */
export function costOf(layer, input, size) {
  const { kind, channels, kernel_size = 1, groups = 1, batch_norm = false } = layer;
  if (!COSTLY.includes(kind)) return { parameters: 0, macs: 0 };
  const inChannels = kind === "linear" ? input.channels * input.size ** 2 : input.channels;
  return {
    parameters: convParameters(inChannels, channels, kernel_size, groups, !batch_norm) + (batch_norm ? 2 * channels : 0),
    macs: convMacs(inChannels, channels, kernel_size, size ** 2, groups),
  };
}

/** The smallest patch that holds what several see. */
export function joined(fields) {
  const first = Math.min(...fields.map(({ size, start }) => start - (size - 1) / 2));
  const last = Math.max(...fields.map(({ size, start }) => start + (size - 1) / 2));
  return { size: last - first + 1, jump: fields[0].jump, start: (first + last) / 2 };
}

/** What a unit sees along one axis (`field`: a jump of 0 is the whole input, null where units see patches of different sizes),
 * and whether its neighbour sees another patch (`moves`). A layer that finds a single place sees no more than that, however
 * large its kernel: the rest is padding. */
export function seenAfter(layer, inputs, size, inputSize) {
  const [{ field, moves, size: before }] = inputs;
  const whole = { size: inputSize, jump: 0, start: (inputSize - 1) / 2 };
  if (layer.kind === "sum") return { field: joined(inputs.map((input) => input.field)), moves };
  if (!moves) return { field, moves };
  if (layer.kind === "linear" || layer.output_size === 1) return { field: whole, moves: false };
  if (layer.kind !== "average pool") return { field: throughLayer(field, layer), moves: size > 1 };
  const stride = before / size;
  const window = { kernel_size: stride, stride, padding: 0, dilation: 1 };
  return { field: Number.isInteger(stride) ? throughLayer(field, window) : null, moves };
}

/** The input and every layer, with its output's channels and size (height and width), its parameters and multiply-accumulates, and
 * what its units see, up to the first layer without output. As cnnbook.nets.profile, whose rows for what has no row here (ReLU,
 * dropout, norms, flattening) belong to the layer before. */
export function layerTable({ channels, layers }, inputSize) {
  const rows = [{ name: "input", kind: "input", inputs: [], channels, size: inputSize, parameters: 0, macs: 0, field: PIXEL, moves: inputSize > 1 }];
  for (const layer of layers) {
    const read = layer.reads?.map((name) => rows.findIndex((row) => row.name === name)) ?? [rows.length - 1];
    const inputs = read.map((at) => rows[at]);
    const size = sizeAfter(layer, inputs[0].size);
    if (size < 1) break;
    rows.push({ channels: inputs[0].channels, ...layer, inputs: read, size, ...costOf(layer, inputs[0], size), ...seenAfter(layer, inputs, size, inputSize) });
  }
  return rows;
}

export const totalOf = (rows, count) => rows.reduce((sum, row) => sum + row[count], 0);

/** The least input from `inputSize` on that leaves every layer an output. */
export function leastInput(architecture, inputSize) {
  let size = inputSize;
  while (layerTable(architecture, size).length <= architecture.layers.length) size++;
  return size;
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const shapeText = ({ kind, channels, size }) => (kind === "linear" ? formatCount(channels) : `${channels} × ${size} × ${size}`);

/** A layer as the papers' tables have it. */
export function layerWords({ kind, channels, kernel_size, stride, padding, groups, output_size, reads }) {
  if (kind === "average pool") return `average to ${output_size} × ${output_size}`;
  if (kind === "sum") return `sum with ${reads[1]}`;
  if (kernel_size === undefined) return kind;
  const parts = [`${kind} ${kernel_size} × ${kernel_size}`];
  if (stride > 1) parts.push(`stride ${stride}`);
  if (padding) parts.push(`padding ${padding}`);
  if (groups > 1) parts.push(`${groups} groups`);
  return parts.join(", ");
}

const seenText = ({ field }) => (field === null ? "varies" : field.jump === 0 ? "whole" : formatCount(field.size));

/** Why there is no output, as a sentence; null where there is one. */
export function sizeProblem(name, architecture, inputSize) {
  const rows = layerTable(architecture, inputSize);
  const layer = architecture.layers[rows.length - 1];
  if (!layer) return null;
  const before = rows.at(-1).size;
  const padded = layer.padding ? `, ${before + 2 * layer.padding} with padding` : "";
  return `${layer.name} (${layerWords(layer)}) spans ${layer.kernel_size}; what it reads is ${before} wide${padded}. ` +
    `So there is no output: ${name} takes images of ${leastInput(architecture, inputSize)} pixels and more.`;
}

const share = (count, total) => {
  const percent = total ? (100 * count) / total : 0;
  return percent > 0 && percent < 0.1 ? "< 0.1 %" : `${+percent.toFixed(percent < 10 ? 1 : 0)} %`;
};

/** The chosen layer and its part of the whole, in words. */
export function rowWords(row, rows) {
  if (row.kind === "input") return `Input: ${shapeText(row)}, that is ${formatCount(row.channels * row.size ** 2)} numbers.`;
  const { parameters, macs } = row;
  const made = `${row.name} (${layerWords(row)}) makes ${shapeText(row)} of ${row.inputs.map((at) => shapeText(rows[at])).join(" and ")}`;
  if (!macs) return `${made}; it has no parameters and no MACs.`;
  return `${made}: ${share(parameters, totalOf(rows, "parameters"))} of all parameters, ${share(macs, totalOf(rows, "macs"))} of all MACs.`;
}

const of = (part, text) => ({ part, text });
const result = (value, unit = "") => ` = ${formatCount(value)}${unit}`;

/** What a layer costs and sees, written out: pieces of text, of which some are the input's, the kernel's or the output's. */
export function writtenOut(row, rows) {
  const { kind, channels, kernel_size, groups, batch_norm, parameters, macs } = row;
  const input = rows[row.inputs[0]];
  const sees = seesWritten(row, input);
  if (!macs) return { parameters: ["none"], macs: ["none"], sees };
  const isLinear = kind === "linear";
  const weights = isLinear
    ? of("input", shapeText(input))
    : of("kernel", `${input.channels}${groups > 1 ? ` / ${groups}` : ""} × ${kernel_size} × ${kernel_size}`);
  const beside = batch_norm ? "2 of batch norm" : "1 bias";
  return {
    parameters: [of("output", formatCount(channels)), isLinear ? " units" : " kernels", " × (", weights, ` weights + ${beside})`, result(parameters)],
    macs: [of("output", shapeText(row)), isLinear ? " units" : " outputs", " × ", weights, " weights", result(macs)],
    sees,
  };
}

function seesWritten({ kind, kernel_size, output_size, size, field }, input) {
  if (kind === "input") return ["a pixel sees itself"];
  if (field === null) return [`patches of unequal sizes: ${input.size} places averaged to ${output_size}`];
  if (field.jump === 0) return ["the whole input"];
  const pixels = result(field.size, " pixels along a side");
  if (kind === "sum") return ["the larger of what both addends see", pixels];
  if (!input.moves) return ["no more than before, for its input is one place", pixels];
  return [`${input.field.size} + (${kernel_size ?? input.size / size} − 1) × ${input.field.jump}`, pixels];
}

// ── the drawing ─────────────────────────────────────────────────────────────────────────────────

const LEAST = 2; // pixels of a side, so that it can be seen
const SLANT = 0.28; // of the width, which goes back to the right and up
const [ABOVE, BELOW] = [4, 46]; // pixels above the drawing, and below it for its labels

/** A convolution on a residual's way round. */
const isAside = ({ kind, reads }) => kind === "conv" && reads !== undefined;

/** Where each output is drawn, left to right: its front (channels across, height upright) and how far its width goes back.
 * A sum is a sign of its own size; a convolution on a residual's way round stands below those that it goes round. */
export function layOut(rows, { width, height, scale }) {
  const drawn = scale === "true" ? Number : Math.sqrt;
  const path = rows.filter((row) => !isAside(row));
  const gap = Math.min(6, (0.22 * width) / path.length);
  const sign = clamp(width / 60, 6, 11);

  const boxesAt = (perChannel, perSide) => {
    const middle = ABOVE + (drawn(rows[0].size) * perSide * (1 + SLANT)) / 2;
    const boxes = [];
    let x = 1;
    for (const row of rows) {
      const isSum = row.kind === "sum";
      const [across, high] = isSum ? [sign, sign] : [perChannel * drawn(row.channels), perSide * drawn(row.size)].map((side) => Math.max(LEAST, side));
      const depth = isSum ? 0 : SLANT * high;
      const box = { x, y: middle - (high - depth) / 2, width: across, height: high, depth };
      if (isAside(row)) {
        const round = boxes.at(-2); // of the two convolutions before it, which have its size
        box.x = (round.x + x - gap - across) / 2;
        box.y = round.y + high + 8 + depth;
      } else x += across + gap;
      boxes.push(box);
    }
    return boxes;
  };
  const perSide = largestThat((side) => boxesAt(1, side).every((box) => box.y + box.height <= height - BELOW));
  const perChannel = largestThat((side) => boxesAt(side, perSide).every((box) => box.x + box.width + box.depth <= width - 1));
  return boxesAt(perChannel, perSide);
}

/** The largest number up to 40 for which a condition holds that holds for all smaller ones. */
function largestThat(holds) {
  let [low, high] = [0, 40];
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

const frontOf = ({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}z`;
const topOf = ({ x, y, width, depth }) => `M${x} ${y}l${depth} ${-depth}h${width}l${-depth} ${depth}z`;
const sideOf = ({ x, y, width, height, depth }) => `M${x + width} ${y}l${depth} ${-depth}v${height}l${-depth} ${depth}z`;
const plusOf = ({ x, y, width }) => `M${x + width / 2} ${y}v${width}M${x} ${y + width / 2}h${width}`;

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

const COLUMNS = { layer: "layer", kind: "kind", shape: "output", parameters: "parameters", macs: "MACs", sees: "receptive field" };
const COUNTS = { parameters: "parameters", macs: "MACs" };

const SCALES = {
  "square root": "Drawn by square roots: 4 times the height or channels looks twice as large. Numbers: heights.",
  true: "True to scale, channels by a scale of their own; no side under 2 pixels. Numbers: heights.",
};

const set = (node, attributes) => Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));

function build(frame) {
  const status = statusLine();
  const architectures = frame.get("architectures");
  let now = null; // the present network; see compute

  function compute() {
    const [name, inputSize] = [frame.get("architecture"), frame.get("input_size")];
    const architecture = architectures[name];
    const rows = layerTable(architecture, inputSize);
    const totals = Object.fromEntries(Object.keys(COUNTS).map((count) => [count, totalOf(rows, count)]));
    return { architecture, rows, totals, chosen: Math.min(frame.get("layer"), rows.length - 1), problem: sizeProblem(name, architecture, inputSize) };
  }

  const choose = (layer) => frame.set({ layer: clamp(layer, 0, now.rows.length - 1) });

  /** Arrow keys along the layers; true where the key was one. */
  function walk(event) {
    const step = arrowStep(event);
    if (step) choose(now.chosen + step[0] + step[1]);
    else if (!hasModifier(event) && event.key === "Home") choose(0);
    else if (!hasModifier(event) && event.key === "End") choose(now.rows.length - 1);
    else return false;
    event.preventDefault();
    return true;
  }

  // ── the volumes ──

  const drawing = svg("svg", { "aria-hidden": "true" });
  const volumes = h("div", { class: "volumes", tabindex: "0", role: "application", "aria-label": "volumes: arrow keys choose the layer" }, drawing);
  const shapes = []; // a group for each output
  const [ways, shapeGroup, labelGroup] = [svg("path", { class: "way" }), svg("g"), svg("g")];
  const current = svg("path", { class: "current" });
  const currentLabel = svg("text", { class: "here" });
  drawing.append(ways, shapeGroup, current, labelGroup, currentLabel);
  let boxes = [];

  const layerUnder = (event) => {
    const { left, top } = drawing.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const away = (box) => Math.max(box.x - x, x - box.x - box.width, 0);
    const below = boxes.findIndex((box, at) => isAside(now.rows[at]) && y > box.y - box.depth - 4 && away(box) < 6);
    if (below >= 0) return below;
    const path = [...boxes.keys()].filter((at) => !isAside(now.rows[at]));
    return path.reduce((nearest, at) => (away(boxes[at]) < away(boxes[nearest]) ? at : nearest));
  };
  followPointer(volumes, (event) => isHover(event) || choose(layerUnder(event)));
  volumes.addEventListener("keydown", walk);

  function shapeAt(at) {
    while (shapes.length <= at) {
      const faces = Object.fromEntries(["side", "top", "front", "plus"].map((name) => [name, svg("path", { class: name })]));
      const element = svg("g", { "data-layer": shapes.length }, ...Object.values(faces));
      shapes.push({ faces, element });
      shapeGroup.append(element);
    }
    return shapes[at];
  }

  /** The dashed ways of the residuals: from what a block reads, below its convolutions, to its sum. */
  const waysOf = () => now.rows.map((row, at) => {
    if (row.kind !== "sum") return "";
    const [branch, other] = row.inputs;
    const aside = isAside(now.rows[other]) ? other : null;
    const from = boxes[aside === null ? other : now.rows[aside].inputs[0]];
    const low = aside === null ? boxes[branch].y + boxes[branch].height + 7 : boxes[aside].y + boxes[aside].height / 2;
    const to = boxes[at];
    return `M${from.x + from.width / 2} ${from.y + from.height / 2}V${low}H${to.x + to.width / 2}V${to.y + to.height}`;
  }).join("");

  /** The heights along the path, where they change and there is room. */
  function drawSizes(height) {
    let [previous, edge] = [null, -Infinity];
    const labels = [];
    now.rows.forEach((row, at) => {
      const middle = clamp(boxes[at].x + boxes[at].width / 2, 12, frame.width - 12);
      if (isAside(row) || row.kind === "sum" || row.size === previous || middle < edge + 24) return;
      labels.push(svg("text", { x: middle, y: height - 28 }, String(row.size)));
      [previous, edge] = [row.size, middle];
    });
    labelGroup.replaceChildren(...labels);
  }

  function drawVolumes() {
    const { rows, chosen } = now;
    const [width, height] = [frame.width, frame.width >= PHONE ? 220 : 190];
    boxes = layOut(rows, { width, height, scale: frame.get("scale") });
    set(drawing, { width, height });
    rows.forEach(({ kind }, at) => {
      const { faces, element } = shapeAt(at);
      const [box, isSum] = [boxes[at], kind === "sum"];
      set(element, { "data-kind": kind });
      set(faces.front, { d: frontOf(box) });
      set(faces.top, { d: isSum ? "" : topOf(box) });
      set(faces.side, { d: isSum ? "" : sideOf(box) });
      set(faces.plus, { d: isSum ? plusOf(box) : "" });
    });
    shapes.forEach(({ element }, at) => (element.style.display = at < rows.length ? "" : "none"));
    set(ways, { d: waysOf() });
    set(current, { d: [frontOf, topOf, sideOf].map((face) => face(boxes[chosen])).join("") });
    drawSizes(height);
    const row = rows[chosen];
    setText(currentLabel, `${row.name}: ${shapeText(row)}`);
    const room = 4 + currentLabel.textContent.length * 4; // half of what the words take
    set(currentLabel, { x: clamp(boxes[chosen].x + boxes[chosen].width / 2, room, width - room), y: height - 8 });
  }

  // ── the sums, the bars ──

  const lines = Object.fromEntries(["parameters", "macs", "sees"].map((name) => [name, h("p")]));
  const sum = h("div", { class: "sum", tabindex: "0", role: "group", "aria-label": "written out" }, ...Object.values(lines));

  function drawSum() {
    const written = writtenOut(now.rows[now.chosen], now.rows);
    for (const [name, line] of Object.entries(lines)) {
      const pieces = written[name].map((piece) => (piece.part ? h("span", { class: `of-${piece.part}` }, piece.text) : piece));
      line.replaceChildren(h("b", {}, COUNTS[name] ?? COLUMNS[name]), ": ", ...pieces);
    }
  }

  const bars = Object.fromEntries(Object.keys(COUNTS).map((count) => {
    const total = h("b");
    const shares = Object.fromEntries(COSTLY.map((kind) => [kind, h("span")]));
    const legend = h("span", {}, ...COSTLY.map((kind) => h("span", { class: "legend" }, h("i", { class: "swatch", "data-kind": kind }), `${kind} `, shares[kind])));
    const strip = h("div", { class: "strip", "aria-hidden": "true" });
    return [count, { total, shares, legend, strip, element: h("div", { class: "share" }, h("p", { class: "amount" }, total, " ", legend), strip) }];
  }));

  function drawBars() {
    const { rows, totals, chosen, problem } = now;
    for (const [count, { total, shares, legend, strip }] of Object.entries(bars)) {
      setText(total, problem ? `No output, so no total of ${COUNTS[count]}` : `${formatCount(totals[count])} ${COUNTS[count]}`);
      for (const [kind, text] of Object.entries(shares)) setText(text, share(totalOf(rows.filter((row) => row.kind === kind), count), totals[count]));
      assign(legend.style, { visibility: problem ? "hidden" : "" });
      const costly = problem ? [] : [...rows.keys()].filter((at) => rows[at][count]);
      strip.replaceChildren(...costly.map((at) =>
        h("span", { class: at === chosen ? "here" : null, "data-kind": rows[at].kind, "data-layer": at, style: `flex-grow: ${rows[at][count]}` })));
    }
  }

  // ── the table ──

  const sheet = h("div", { class: "sheet", role: "rowgroup" });
  const cell = (name, ...children) => h("div", { role: name === "layer" ? "rowheader" : "cell", class: name, "data-name": COLUMNS[name] }, ...children);
  const totalCells = { parameters: h("span"), macs: h("span") };
  const table = h("div", { class: "listing", role: "table", "aria-label": "layers" },
    h("div", { class: "head", role: "rowgroup" }, h("div", { role: "row" }, ...Object.entries(COLUMNS).map(([name, words]) => h("div", { role: "columnheader", class: name }, words)))),
    sheet,
    h("div", { class: "foot", role: "rowgroup" }, h("div", { role: "row" }, cell("layer", "total"), cell("kind"), cell("shape"), cell("parameters", totalCells.parameters), cell("macs", totalCells.macs), cell("sees"))));
  const tableRows = [];

  function tableRow(at) {
    const button = h("button", { type: "button" });
    const values = Object.fromEntries(Object.keys(COLUMNS).slice(1).map((name) => [name, h("span")]));
    const meters = Object.fromEntries(Object.keys(COUNTS).map((count) => [count, h("i", { class: "meter" })]));
    const element = h("div", { role: "row", "data-layer": at, onclick: () => choose(at) },
      cell("layer", button), ...Object.entries(values).map(([name, value]) => cell(name, value, ...(meters[name] ? [meters[name]] : []))));
    return { element, button, values, meters };
  }

  sheet.addEventListener("keydown", (event) => walk(event) && queueMicrotask(() => tableRows[now.chosen].button.focus({ preventScroll: true })));

  function drawTable() {
    const { architecture, rows, totals, chosen, problem } = now;
    const names = ["input", ...architecture.layers.map(({ name }) => name)];
    while (tableRows.length < names.length) {
      tableRows.push(tableRow(tableRows.length));
      sheet.append(tableRows.at(-1).element);
    }
    tableRows.forEach(({ element, button, values, meters }, at) => {
      const row = rows[at];
      assign(element, { hidden: at >= names.length, className: `${row ? "" : "none"} ${at === chosen ? "here" : ""}` });
      assign(button, { ariaPressed: String(at === chosen), disabled: !row, tabIndex: at === chosen ? 0 : -1 });
      if (element.hidden) return;
      const texts = row
        ? { shape: shapeText(row), parameters: formatCount(row.parameters), macs: formatCount(row.macs), sees: seenText(row) }
        : { shape: "none", parameters: "none", macs: "none", sees: "none" };
      setText(button, names[at]);
      setText(values.kind, at ? layerWords(architecture.layers[at - 1]) : "image");
      for (const [name, text] of Object.entries(texts)) setText(values[name], text);
      for (const [count, meter] of Object.entries(meters)) meter.style.width = row && !problem ? `${(100 * row[count]) / totals[count]}%` : "0";
      assign(element.dataset, { kind: at ? architecture.layers[at - 1].kind : "input" });
    });
    for (const [count, total] of Object.entries(totalCells)) setText(total, problem ? "none" : formatCount(totals[count]));
  }

  /** Bring the chosen row into sight, in the table alone: the page stays where it is. */
  function scrollTable() {
    const { offsetTop, offsetHeight } = tableRows[now.chosen].element;
    const [head, foot] = [table.firstChild.offsetHeight, table.lastChild.offsetHeight];
    table.scrollTop = clamp(table.scrollTop, offsetTop + offsetHeight + foot - table.clientHeight, offsetTop - head);
  }

  const chooseArchitecture = (architecture) => frame.set({ architecture, input_size: architectures[architecture].input_size, layer: 1 });
  const note = h("p", { class: "note about" });
  const scaleNote = h("p", { class: "note" });
  frame.root.append(
    h("div", { class: "controls" }, frame.select("architecture", { onChange: chooseArchitecture }), frame.slider("input_size"), frame.select("scale"), frame.resetButton()),
    note, status.element, volumes, scaleNote, sum, h("div", { class: "shares" }, bars.parameters.element, bars.macs.element), table,
  );
  let seen = null; // the row that was last brought into sight

  return function draw() {
    if (!(frame.width > 0)) return;
    now = compute();
    setText(note, now.architecture.note);
    status.say(now.problem ?? rowWords(now.rows[now.chosen], now.rows), { problem: Boolean(now.problem) });
    drawVolumes();
    setText(scaleNote, SCALES[frame.get("scale")]);
    drawSum();
    drawBars();
    drawTable();
    const key = `${frame.get("architecture")} ${now.chosen}`;
    if (key !== seen) scrollTable();
    seen = key;
  };
}

const render = (context) => figure(context, { name: "ArchitectureExplorer", label: "Architecture explorer", traits: TRAITS }, build);
export default { render };
