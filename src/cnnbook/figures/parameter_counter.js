import { clamp, convParameters, figure, formatBytes, formatCount, h, numberGrid, plural, setText, statusLine, svg } from "./kit.js";

const TRAITS = ["image_size", "in_channels", "units", "kernel_size", "out_channels", "wiring"];
const FULL = "fully connected";
const LOCAL = "locally connected";
const SHARED = "shared weights";

// ── counting ────────────────────────────────────────────────────────────────────────────────────

/** Parameters of a layer that gives every output its own weight for each of `inputsEach` inputs, and a bias. */
export const unsharedParameters = (inputsEach, outputs) => ({ weights: inputsEach * outputs, biases: outputs });

/** The four layers that the figure compares; all but the first have the outputs of the convolution. */
export function countLayers({ imageSize, inChannels, units, kernelSize, outChannels }) {
  const inputs = imageSize ** 2 * inChannels;
  const outputs = imageSize ** 2 * outChannels;
  return {
    inputs,
    outputs,
    full: unsharedParameters(inputs, units),
    fullToOutputs: unsharedParameters(inputs, outputs),
    local: unsharedParameters(kernelSize ** 2 * inChannels, outputs),
    shared: { weights: convParameters(inChannels, outChannels, kernelSize, 1, false), biases: outChannels },
  };
}

export const total = ({ weights, biases }) => weights + biases;

const FLOAT32 = 4;
/** A weight, its gradient, and the two running means that Adam keeps for it. */
const NUMBERS_TO_TRAIN = 4;
export const bytesToStore = (parameters) => FLOAT32 * parameters;
export const bytesToTrain = (parameters) => NUMBERS_TO_TRAIN * bytesToStore(parameters);

const ROUND = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];
/** Widths of real layers, and 6,644: from there on, a layer on 224 × 224 × 3 inputs has more than a billion weights. */
const NOTABLE = [64, 128, 256, 512, 4096, 6644];

/** Where the slider of units stops: about evenly in the logarithm, at round numbers, at some notable ones, at `max`. */
export function unitStops(max) {
  const stops = new Set([max, ...NOTABLE]);
  for (let decade = 1; decade <= max; decade *= 10) for (const digit of ROUND) if (Number.isInteger(digit * decade)) stops.add(digit * decade);
  return [...stops].filter((stop) => stop <= max).sort((a, b) => a - b);
}

/** The index of the stop nearest to a count, as the eye sees a logarithmic scale. */
export function nearestStop(stops, value) {
  const distance = (stop) => Math.abs(Math.log(stop / value));
  return stops.reduce((best, stop, at) => (distance(stop) < distance(stops[best]) ? at : best), 0);
}

// ── the small wiring: 8 inputs, 8 outputs, a window of 3 ──────────────────────────────────────────

const SIZE = 8;
const WINDOW = 3;
const REACH = (WINDOW - 1) / 2;
const tapOf = (input, output) => input - output + REACH;
const isInput = (index) => index >= 0 && index < SIZE;
const isTap = (tap) => tap >= 0 && tap < WINDOW;

/** Which stored weight joins an input to an output; -1 where none does. Inputs -1 and 8 are padding. */
export function weightOf(wiring, input, output) {
  if (wiring === FULL) return isInput(input) ? output * SIZE + input : -1;
  const tap = tapOf(input, output);
  if (!isTap(tap)) return -1;
  return wiring === LOCAL ? output * WINDOW + tap : tap;
}

/** Every pair that some wiring joins. */
const PAIRS = [];
for (let output = 0; output < SIZE; output++)
  for (let input = -REACH; input < SIZE + REACH; input++)
    if (isInput(input) || isTap(tapOf(input, output))) PAIRS.push({ input, output });

export const storedWeights = (wiring) => new Set(PAIRS.map(({ input, output }) => weightOf(wiring, input, output)).filter((id) => id >= 0)).size;

/** Column and row of a stored weight's square. A weight that this wiring lacks waits where the full wiring has it. */
function squareOf(wiring, input, output) {
  const tap = tapOf(input, output);
  if (wiring === FULL || !isTap(tap)) return [input, output];
  return wiring === LOCAL ? [tap, output] : [tap, 0];
}

/** A weight's own shade of the kernel's colour: the share of ink in it, scattered so that neighbours differ. */
function shade(wiring, id) {
  const share = wiring === SHARED ? [0, 38, 72][id] : (id * 0.618034 * 80) % 80;
  return `color-mix(in oklab, var(--cnn-kernel), var(--ink) ${Math.round(share)}%)`;
}

const subscript = (index) => String.fromCharCode(0x2081 + index);
const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** What the drawing shows, in words: of the whole wiring, or of the cell that is pointed at. */
export function wiringCaption(wiring, pointed) {
  if (pointed?.grid === "output") {
    const read = PAIRS.filter(({ input, output }) => output === pointed.col && weightOf(wiring, input, output) >= 0);
    const names = read.map(({ input }) => (isInput(input) ? `x${subscript(input)}` : "padding"));
    const inputs = wiring === FULL ? `all ${SIZE} inputs` : listed(names);
    const weights = wiring === SHARED ? `the ${WINDOW} weights that every output uses` : `${read.length} weights of its own`;
    return `y${subscript(pointed.col)} reads ${inputs} through ${weights}.`;
  }
  if (pointed?.grid === "input") {
    const fed = PAIRS.filter(({ input, output }) => input === pointed.col && weightOf(wiring, input, output) >= 0);
    const outputs = wiring === FULL ? `all ${SIZE} outputs` : listed(fed.map(({ output }) => `y${subscript(output)}`));
    return `x${subscript(pointed.col)} feeds ${outputs}.`;
  }
  return {
    [FULL]: `Each output has weights of its own for all ${SIZE} inputs: ${SIZE} × ${SIZE} = ${storedWeights(FULL)} weights.`,
    [LOCAL]: `Each output has weights of its own for ${WINDOW} inputs: ${SIZE} × ${WINDOW} = ${storedWeights(LOCAL)} weights, 2 on padding.`,
    [SHARED]: `All outputs share the same ${storedWeights(SHARED)} weights for their ${WINDOW} inputs. This is a convolution.`,
  }[wiring];
}

/** The drawing, which calls `redraw` when the reader points at a cell. */
function wiringDrawing(redraw) {
  let pointed = null;
  const onPoint = (cell) => {
    pointed = cell;
    redraw();
  };
  const inputs = numberGrid({ label: "inputs", onPoint });
  const outputs = numberGrid({ label: "outputs", onPoint });
  const pads = [0, 1].map(() => h("div", { class: "number padding" }));
  const lines = PAIRS.map(() => svg("line"));
  const squares = PAIRS.map(() => svg("rect"));
  const net = svg("svg", { class: "lines", "aria-hidden": "true" }, ...lines);
  const store = svg("svg", { class: "store", "aria-hidden": "true" }, ...squares);
  const counts = [FULL, LOCAL, SHARED].map((wiring) => h("span", {}, storedWeights(wiring)));
  const caption = h("p", { class: "caption" });
  const diagram = h("div", { class: "diagram" }, h("div", { class: "cells" }, pads[0], inputs.element, pads[1]), net, h("div", { class: "cells indented" }, outputs.element));
  const element = h(
    "div",
    { class: "wiring" },
    caption,
    diagram,
    h("div", { class: "stored" }, h("p", { class: "grid-title" }, "weights to store"), store, h("p", { class: "counts" }, counts[0], " → ", counts[1], " → ", counts[2])),
  );

  return {
    element,
    draw(wiring, width) {
      const wide = width > 480; // as in the style sheet
      const pitch = clamp(Math.floor(((wide ? width - 200 : width) - 1) / (SIZE + 2 * REACH)), 1, 42);
      const height = 130;
      const side = wide ? 17 : 12;
      const center = (index) => (index + REACH + 0.5) * pitch + 0.5;
      const joined = ({ input, output }) => weightOf(wiring, input, output);
      const lit = (pair) => !pointed || pair[pointed.grid] === pointed.col;
      const litWeights = new Set(PAIRS.filter(lit).map(joined));

      element.style.setProperty("--cell", `${pitch + 1}px`);
      for (const pad of pads) pad.classList.toggle("absent", wiring === FULL);
      for (const [name, letter, grid] of [["input", "x", inputs], ["output", "y", outputs]])
        grid.draw({
          rows: 1, cols: SIZE, size: pitch + 1,
          cell: (row, col) => ({
            value: col, text: `${letter}${subscript(col)}`, grid: name, row, col,
            classes: pointed?.grid === name && pointed.col === col ? "current" : "",
            tint: `color-mix(in srgb, var(--cnn-${name}) 35%, transparent)`,
          }),
        });

      set(net, { width: (SIZE + 2 * REACH) * pitch + 1, height });
      set(store, { width: SIZE * side, height: SIZE * side });
      PAIRS.forEach((pair, at) => {
        const id = joined(pair);
        const color = id < 0 ? lines[at].style.stroke : shade(wiring, id);
        const [col, row] = squareOf(wiring, pair.input, pair.output);
        set(lines[at], { x1: center(pair.input), y1: 0, x2: center(pair.output), y2: height });
        lines[at].setAttribute("class", id < 0 ? "absent" : pointed ? (lit(pair) ? "lit" : "dim") : wiring === FULL ? "thin" : "");
        lines[at].style.stroke = color;
        set(squares[at], { width: side - 2, height: side - 2 });
        squares[at].setAttribute("class", id < 0 ? "absent" : pointed && !litWeights.has(id) ? "dim" : "");
        squares[at].style.fill = color;
        squares[at].style.transform = `translate(${col * side + 1}px, ${row * side + 1}px)`;
      });
      [FULL, LOCAL, SHARED].forEach((name, at) => counts[at].classList.toggle("now", name === wiring));
      setText(caption, wiringCaption(wiring, pointed));
    },
  };
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}

// ── the bars ────────────────────────────────────────────────────────────────────────────────────

const DECADES = 15;
const AXIS = [[0, "1"], [3, "thousand"], [6, "million"], [9, "billion"], [12, "trillion"]];
const along = (decades) => `${(100 * decades) / DECADES}%`;

function layerRow(title) {
  const fill = h("div", { class: "fill" });
  const [detail, count, bytes] = [h("p", { class: "detail" }), h("p", { class: "count" }), h("p", { class: "bytes" })];
  const element = h("li", {}, h("p", { class: "title" }, title), count, detail, bytes, h("div", { class: "bar" }, fill));
  return {
    element,
    draw(layer, words, current) {
      const parameters = total(layer);
      element.classList.toggle("current", current);
      setText(count, formatCount(parameters));
      setText(detail, words);
      setText(bytes, `${formatBytes(bytesToStore(parameters))}, to train ${formatBytes(bytesToTrain(parameters))}`);
      fill.style.width = along(Math.log10(parameters));
    },
  };
}

/** The chosen layer's count, written out. */
export function countSentence(wiring, { imageSize, inChannels, units, kernelSize, outChannels }) {
  const { inputs, outputs, full, local, shared } = countLayers({ imageSize, inChannels, units, kernelSize, outChannels });
  const sum = ({ weights, biases }) => `${plural(weights, "weight")} + ${plural(biases, "bias", "biases")}`;
  const { layer, product } = {
    [FULL]: { layer: full, product: `${imageSize} × ${imageSize} × ${inChannels} = ${formatCount(inputs)} inputs × ${plural(units, "unit")}` },
    [LOCAL]: { layer: local, product: `${imageSize} × ${imageSize} × ${outChannels} = ${formatCount(outputs)} outputs × ${kernelSize} × ${kernelSize} × ${inChannels}` },
    [SHARED]: { layer: shared, product: `${plural(outChannels, "filter")} × ${kernelSize} × ${kernelSize} × ${inChannels}` },
  }[wiring];
  const end = wiring === SHARED ? ", whatever the size of the image." : total(layer) > 1e9 ? ": more than a billion parameters." : ".";
  return `${product} = ${sum(layer)}${end}`;
}

function build(frame) {
  const status = statusLine();
  const rows = { full: layerRow(FULL), fullToOutputs: layerRow(FULL), local: layerRow(LOCAL), shared: layerRow(SHARED) };
  const [unitsHeading, outputsHeading] = [h("p", { class: "heading" }), h("p", { class: "heading outputs" })];
  const list = (...layers) => h("ul", { class: "layers" }, ...layers.map(({ element }) => element));
  const drawing = wiringDrawing(frame.redraw);
  const wirings = frame.get("limits").wiring.values;
  const steps = wirings.map((wiring) => h("button", { type: "button", onclick: () => frame.set({ wiring }) }, wiring));
  const stops = unitStops(frame.get("limits").units.max);

  frame.root.append(
    h(
      "div",
      { class: "controls" },
      frame.slider("image_size", { step: 4 }),
      frame.slider("in_channels"),
      frame.slider("units", { text: formatCount, min: 0, max: stops.length - 1, toTrait: (at) => stops[at], toSlider: (value) => nearestStop(stops, value) }),
      frame.slider("kernel_size"),
      frame.slider("out_channels"),
    ),
    status.element,
    unitsHeading,
    list(rows.full),
    outputsHeading,
    list(rows.fullToOutputs, rows.local, rows.shared),
    h("div", { class: "axis", "aria-hidden": "true" }, ...AXIS.map(([decades, word]) => h("span", { style: `left: ${along(decades)}` }, word))),
    h("p", { class: "note" }, "Parameters on a logarithmic scale. Bytes are float32; to train takes four numbers a parameter: its value, its gradient, and Adam’s two running means."),
    h("div", { class: "foot" }, h("div", { class: "buttons", role: "group", "aria-label": "wiring" }, ...steps), frame.resetButton()),
    drawing.element,
  );

  return function draw() {
    const [imageSize, inChannels, units, kernelSize, outChannels, wiring] = TRAITS.map(frame.get);
    const setting = { imageSize, inChannels, units, kernelSize, outChannels };
    const counts = countLayers(setting);
    const [inputs, outputs] = [plural(counts.inputs, "input"), plural(counts.outputs, "output")];
    const window = `${kernelSize} × ${kernelSize} × ${inChannels}`;

    status.say(countSentence(wiring, setting));
    setText(unitsHeading, `A layer of ${plural(units, "unit")}`);
    setText(outputsHeading, `${imageSize} × ${imageSize} × ${outChannels} = ${outputs}, wired three ways`);
    rows.full.draw(counts.full, `${inputs} × ${plural(units, "unit")}`, wiring === FULL);
    rows.fullToOutputs.draw(counts.fullToOutputs, `${inputs} × ${outputs}`, wiring === FULL);
    rows.local.draw(counts.local, `${outputs} × ${window}`, wiring === LOCAL);
    rows.shared.draw(counts.shared, `convolution: ${plural(outChannels, "filter")} × ${window}`, wiring === SHARED);
    steps.forEach((step, at) => step.setAttribute("aria-pressed", wirings[at] === wiring));
    drawing.draw(wiring, frame.width);
  };
}

const render = (context) => figure(context, { name: "ParameterCounter", label: "Parameter counter", traits: TRAITS }, build);
export default { render };
