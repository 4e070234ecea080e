// What the figures share: the arithmetic of a convolution, controls bound to traits, grids of numbers.
// Python pastes this file's text into each figure's module (see figure.py); so no name here may clash.

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Numbers from 0 up to 1, the same from the same 32 bits (mulberry32). @param {number} state */
export function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Cells that a dilated kernel spans: dilation 2 spreads 3 weights over 5 cells. */
export const kernelSpan = (kernelSize, dilation) => dilation * (kernelSize - 1) + 1;

/** Output size along one axis, as torch.nn.Conv2d computes it. May be zero or negative: see convProblem. */
export const outputSize = (inputSize, kernelSize, stride, padding, dilation) =>
  Math.floor((inputSize + 2 * padding - kernelSpan(kernelSize, dilation)) / stride) + 1;

/** Trailing rows of the padded input that no window reaches, because the division was floored. */
export const unusedSize = (inputSize, kernelSize, stride, padding, dilation) =>
  (inputSize + 2 * padding - kernelSpan(kernelSize, dilation)) % stride;

/** Weights of a convolution with square kernels, and its biases: what torch.nn.Conv2d counts. */
export const convParameters = (inChannels, outChannels, kernelSize, groups = 1, bias = true) =>
  outChannels * ((inChannels / groups) * kernelSize ** 2 + (bias ? 1 : 0));

/** Multiply-accumulates of a convolution whose output has `places` = height · width cells a channel. */
export const convMacs = (inChannels, outChannels, kernelSize, places, groups = 1) =>
  places * convParameters(inChannels, outChannels, kernelSize, groups, false);

/** A pixel of the input sees itself. */
export const PIXEL = { size: 1, jump: 1, start: 0 };

/** What a unit sees through one more layer, from what the units see that the layer reads. */
export function throughLayer({ size, jump, start }, { kernel_size, stride, padding, dilation }) {
  const reach = dilation * (kernel_size - 1);
  return { size: size + reach * jump, jump: jump * stride, start: start + (reach / 2 - padding) * jump };
}

/** After each layer: the pixels that a unit sees along one axis (size), the pixels from one unit to the next (jump), and the middle of
 * what the first unit sees (start), where the middle of pixel 0 is 0. As cnnbook.shapes.receptive_field. */
export function receptiveField(layers) {
  let field = PIXEL;
  return layers.map((layer) => (field = throughLayer(field, layer)));
}

export const centerOf = ({ jump, start }, unit) => start + unit * jump;

/** The first and the last pixel that a unit sees along one axis; both may lie outside of the input. */
export function pixelRange(field, unit) {
  const first = centerOf(field, unit) - (field.size - 1) / 2;
  return [first, first + field.size - 1];
}

/** Why PyTorch refuses this layer, as a sentence; null where it computes. */
export function convProblem({ inputSize, kernelSize, padding, dilation, paddingMode = "zeros" }) {
  const span = kernelSpan(kernelSize, dilation);
  const padded = inputSize + 2 * padding;
  if (paddingMode === "reflect" && padding >= inputSize)
    return `Reflection mirrors at most ${inputSize - 1} cells of an input ${inputSize} wide; padding is ${padding}. Use less padding or a larger input.`;
  if (paddingMode === "circular" && padding > inputSize)
    return `Circular padding wraps at most ${inputSize} cells of an input ${inputSize} wide; padding is ${padding}. Use less padding or a larger input.`;
  if (span > padded)
    return `The kernel spans ${span} cells, the padded input only ${padded}: no output. Use a smaller kernel or dilation, or more input or padding.`;
  return null;
}

/** The input index that padded position `index` (from -padding) shows; -1 for a zero. */
export function padIndex(index, size, paddingMode) {
  if (index >= 0 && index < size) return index;
  if (paddingMode === "reflect") return index < 0 ? -index : 2 * (size - 1) - index;
  if (paddingMode === "replicate") return clamp(index, 0, size - 1);
  if (paddingMode === "circular") return (index + size) % size;
  return -1;
}

/** Cross-correlation of one channel, as torch.nn.functional.conv2d computes it.
 * @param {number[][]} input  @param {number[][]} weight
 * @returns {number[][]} */
export function conv2d(input, weight, { stride = 1, padding = 0, dilation = 1, paddingMode = "zeros" } = {}) {
  const [height, width, kernelHeight, kernelWidth] = [input.length, input[0].length, weight.length, weight[0].length];
  const source = (size, kernel) =>
    Array.from({ length: outputSize(size, kernel, stride, padding, dilation) }, (_, out) =>
      Array.from({ length: kernel }, (_, tap) => padIndex(out * stride - padding + tap * dilation, size, paddingMode)),
    );
  const [rows, cols] = [source(height, kernelHeight), source(width, kernelWidth)];
  return rows.map((rowTaps) =>
    cols.map((colTaps) => {
      let sum = 0;
      for (let i = 0; i < kernelHeight; i++) {
        if (rowTaps[i] < 0) continue;
        const [inputRow, weightRow] = [input[rowTaps[i]], weight[i]];
        for (let j = 0; j < kernelWidth; j++) if (colTaps[j] >= 0) sum += inputRow[colTaps[j]] * weightRow[j];
      }
      return sum;
    }),
  );
}

/** A table of numbers, cell by cell. */
export const table = (height, width, value) =>
  Array.from({ length: height }, (_, row) => Array.from({ length: width }, (_, col) => value(row, col)));

/** A square of numbers, cell by cell. */
export const square = (size, value) => table(size, size, value);

const scattered = (row, col) => (((row * 73 + col * 151 + row * col * 37) * 2654435761) >>> 7) % 10;

/** @param {"ramp"|"edge"|"spot"|"random"} name @param {number} size */
export function inputPattern(name, size) {
  const middle = (size - 1) / 2;
  return {
    ramp: () => square(size, (row, col) => row + col),
    edge: () => square(size, (row, col) => (col > middle ? 9 : 0)),
    spot: () => square(size, (row, col) => Math.max(0, 9 - 3 * Math.round(Math.hypot(row - middle, col - middle)))),
    random: () => square(size, scattered),
  }[name]();
}

/** @param {"vertical edges"|"horizontal edges"|"corners"|"blur"|"sharpen"|"identity"|"sum"} name @param {number} size */
export function kernelPreset(name, size) {
  const middle = (size - 1) / 2;
  const centre = Math.floor(middle);
  const isCentre = (row, col) => row === centre && col === centre;
  return {
    "vertical edges": () => square(size, (_, col) => Math.sign(col - middle)),
    "horizontal edges": () => square(size, (row) => Math.sign(row - middle)),
    // An edge in both directions at once: along a straight edge, upright or level, the weights cancel.
    corners: () => square(size, (row, col) => Math.sign(row - middle) * Math.sign(col - middle)),
    blur: () => square(size, () => 1 / size ** 2),
    sharpen: () => square(size, (row, col) => (isCentre(row, col) ? size ** 2 : -1)),
    identity: () => square(size, (row, col) => (isCentre(row, col) ? 1 : 0)),
    sum: () => square(size, () => 1),
  }[name]();
}

/** The reader's own numbers in a square of `size`; zero where they typed none. */
export const customSquare = (numbers, size) => square(size, (row, col) => numbers[row]?.[col] ?? 0);

/** What the reader typed before, with what is shown now laid over it: numbers beyond the shown size are kept. */
export function withEdit(numbers, shown, row, col, value) {
  const edited = square(Math.max(numbers.length, shown.length), (i, j) => shown[i]?.[j] ?? numbers[i]?.[j] ?? 0);
  edited[row][col] = value;
  return edited;
}

/** Add `count` numbers of an input row, `stride` apart, times a weight, to an output row. */
function addScaledRow(output, to, input, from, weight, count, stride) {
  for (let end = to + count; to < end; to++, from += stride) output[to] += weight * input[from];
}

/** Cross-correlation of several channels summed into one, as torch.nn.functional.conv2d computes an output channel
 * of zero-padded `planes` (each `height` · `width` numbers, row by row) with one kernel a plane.
 * An input row times a weight is added to an output row, which a browser runs far faster than cell by cell.
 * @param {Float64Array[]} planes  @param {number[][][]} kernels */
export function filterPlanes(planes, kernels, { height, width, stride = 1, padding = 0 }) {
  const kernelSize = kernels[0].length;
  const outputHeight = outputSize(height, kernelSize, stride, padding, 1);
  const outputWidth = outputSize(width, kernelSize, stride, padding, 1);
  const values = new Float64Array(outputHeight * outputWidth);
  for (let row = 0; row < outputHeight; row++) {
    for (let channel = 0; channel < planes.length; channel++) {
      for (let i = 0; i < kernelSize; i++) {
        const from = row * stride - padding + i;
        if (from < 0 || from >= height) continue;
        for (let j = 0; j < kernelSize; j++) {
          const weight = kernels[channel][i][j];
          if (weight === 0) continue;
          const shift = j - padding;
          const first = Math.max(0, Math.ceil(-shift / stride));
          const last = Math.min(outputWidth - 1, Math.floor((width - 1 - shift) / stride));
          addScaledRow(values, row * outputWidth + first, planes[channel], from * width + shift + first * stride, weight, last - first + 1, stride);
        }
      }
    }
  }
  return { values, height: outputHeight, width: outputWidth };
}

/** The least and the greatest of many numbers. */
export function extent(values) {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

/** The number a reader typed; null where it is none, or too large to show. */
export function parseNumber(text, limit = 1000) {
  const cleaned = text.trim().replace("−", "-").replace(",", ".");
  const value = cleaned === "" ? NaN : Number(cleaned);
  return Math.abs(value) <= limit ? value : null;
}

/** A number short enough for a cell: at most three digits behind the point, four figures in all. */
export const shortNumber = (value) => String(Math.abs(value) >= 1000 ? Math.round(value) : +(+value.toPrecision(3)).toFixed(3));

const COUNT = new Intl.NumberFormat("en-US");
/** 150528 as "150,528". */
export const formatCount = (value) => COUNT.format(value);

/** A count to four figures with its unit: 22.66 G. Units step by `base`, 1000 for counts, 1024 for bytes. */
export function formatShort(value, units = ["", "k", "M", "G", "T", "P"], base = 1000) {
  const power = value < base ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(base) + 1e-12));
  const scaled = value / base ** power;
  const digits = power === 0 ? 0 : scaled >= 1000 ? 0 : scaled >= 100 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${units[power]}`.trim();
}

/** A count of bytes in the binary units that memory is sold in. */
export const formatBytes = (value) => formatShort(value, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 1024);

/** "is 1 cell", "are 2 cells": one word for one, another for more. */
export const plural = (count, one, many = `${one}s`) => `${formatCount(count)} ${count === 1 ? one : many}`;

/** "stride 2" as "Stride 2". */
export const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** "2 px right and 1 px down"; empty for no move. */
export function moveText(right, down) {
  const parts = [[right, "right", "left"], [down, "down", "up"]].filter(([pixels]) => pixels !== 0);
  return parts.map(([pixels, ahead, back]) => `${Math.abs(pixels)}\u00a0px ${pixels > 0 ? ahead : back}`).join(" and ");
}

// ── elements ────────────────────────────────────────────────────────────────────────────────────

const SVG = "http://www.w3.org/2000/svg";
function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}
/** An HTML element: h("p", { class: "note", onclick: f }, "text", child). */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
/** An SVG element. */
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Set the text of an element that holds nothing else, only where it differs: a kept text node costs the browser least. */
export function setText(node, text) {
  if (!node.firstChild) node.append(text);
  else if (node.firstChild.data !== text) node.firstChild.data = text;
}

/** Set an element's properties only where they differ: even a property set to what it was can cost the browser a layout. */
export function assign(node, properties) {
  for (const [name, value] of Object.entries(properties)) if (node[name] !== value) node[name] = value;
}

const inWords = (trait) => trait.replaceAll("_", " ");

/**
 * The frame of a figure: its root element, its traits, its redraws, its clean-up.
 *
 * `build(frame)` fills `frame.root` once and returns `draw()`, which shows the present state. It is called
 * after every change of a trait, by the reader or by Python, and when the width changes.
 *
 * frame.get(trait), frame.set({trait: value}), frame.reset(), frame.width (inside the padding), frame.redraw(),
 * frame.slider(trait, options), frame.select(trait), frame.checkbox(trait), frame.resetButton(): controls bound to traits,
 * frame.onCleanup(f).
 *
 * @returns {() => void} the clean-up
 */
export function figure({ model, el }, { name, label, traits }, build) {
  const root = h("div", { class: "cnnbook", "data-figure": name, role: "group", "aria-label": label });
  // JupyterLab's own plain keys (arrows move from cell to cell, digits make headings) would act instead of the figure's.
  root.addEventListener("keydown", (event) => hasModifier(event) || event.stopPropagation());
  const limits = model.get("limits");
  const initial = traits.map((trait) => [trait, model.get(trait)]);
  const controls = [];
  const cleanups = [];
  let draw;
  let queued = false;
  let closed = false;

  const show = () => {
    draw();
    for (const control of controls) control(); // after the drawing, which may set a control's range
  };

  const frame = {
    root,
    width: 0,
    get: (trait) => model.get(trait),
    set(changes) {
      for (const [trait, value] of Object.entries(changes)) model.set(trait, value);
      model.save_changes();
    },
    reset: () => frame.set(Object.fromEntries(initial)),
    redraw() {
      if (queued) return;
      queued = true;
      queueMicrotask(() => {
        queued = false;
        if (!closed) show();
      });
    },
    onCleanup: (action) => cleanups.push(action),

    /** A labelled range input. `text(value)` is what stands beside it, `toTrait`/`toSlider` map a scale that is not linear. */
    slider(trait, { text = String, label: words = inWords(trait), min, max, step = 1, toTrait = Number, toSlider = Number, onChange } = {}) {
      const change = onChange ?? ((value) => frame.set({ [trait]: value }));
      const range = h("input", {
        type: "range",
        min: min ?? limits[trait].min,
        max: max ?? limits[trait].max,
        step,
        "aria-label": words,
        oninput: () => change(toTrait(Number(range.value))),
      });
      const output = h("span", { class: "value", "aria-hidden": "true" });
      controls.push(() => {
        const value = model.get(trait);
        if (toTrait(Number(range.value)) !== value) range.value = toSlider(value);
        setText(output, text(value));
        assign(range, { ariaValueText: text(value) });
      });
      return h("div", { class: "control" }, h("label", {}, h("span", { class: "name" }, words), range), output);
    },

    select(trait, { label: words = inWords(trait), values = limits[trait].values, text = String, onChange } = {}) {
      const change = onChange ?? ((value) => frame.set({ [trait]: value }));
      const menu = h(
        "select",
        { "aria-label": words, onchange: () => change(values[menu.selectedIndex]) },
        ...values.map((value) => h("option", { value }, text(value))),
      );
      controls.push(() => assign(menu, { selectedIndex: values.indexOf(model.get(trait)) }));
      return h("div", { class: "control" }, h("label", {}, h("span", { class: "name" }, words), menu));
    },

    checkbox(trait, { label: words = inWords(trait) } = {}) {
      const box = h("input", { type: "checkbox", "aria-label": words, onchange: () => frame.set({ [trait]: box.checked }) });
      controls.push(() => assign(box, { checked: model.get(trait) }));
      return h("label", { class: "check" }, box, words);
    },

    resetButton: () => h("button", { type: "button", onclick: frame.reset }, "Reset"),
  };

  draw = build(frame);
  el.append(root);
  const { paddingLeft, paddingRight } = getComputedStyle(root);
  const measured = Math.round(root.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
  frame.width = measured > 0 ? measured : 640; // JupyterLab renders before it attaches; the observer follows
  show();
  for (const trait of traits) model.on(`change:${trait}`, frame.redraw);
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width === frame.width) return;
    frame.width = width;
    frame.redraw();
  });
  observer.observe(root);

  return () => {
    closed = true;
    observer.disconnect();
    for (const trait of traits) model.off(`change:${trait}`, frame.redraw);
    for (const action of cleanups) action();
    root.remove();
  };
}

/** The one line that says the result in words: say("output 3 × 3"), say("The kernel …", { problem: true }). */
export function statusLine() {
  const element = h("p", { role: "status" });
  return {
    element,
    say(text, { problem = false } = {}) {
      setText(element, text);
      element.classList.toggle("problem", problem);
    },
  };
}

/** A cell's shade as a class: "plus-30" in the grid's --hue, "minus-30" in the negative colour, by the share of the largest magnitude.
 * At most half opaque, so that ink stays legible; a class, because many cells restyle faster so than by a style of their own. */
export function shadeClass(value, largest) {
  const share = largest > 0 ? Math.round((10 * Math.abs(value)) / largest) * 5 : 0;
  return share ? `${value < 0 ? "minus" : "plus"}-${share}` : "";
}

/** The largest magnitude in a table of numbers. */
export const largest = (table) => table.reduce((top, row) => row.reduce((most, value) => Math.max(most, Math.abs(value)), top), 0);

const RETIRED = {};
const CELL = 36; // pixels of a cell before scaling, borders included, as in kit.css
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Whether a key was pressed for the browser or the system, not for the figure. */
export const hasModifier = (event) => event.ctrlKey || event.metaKey || event.altKey;

/** The rows and columns that a key moves by, with Shift `far` times as many; null for a key that is no arrow. */
export function arrowStep(event, far = 1) {
  const step = hasModifier(event) ? null : ARROWS[event.key];
  return step ? step.map((cells) => cells * (event.shiftKey ? far : 1)) : null;
}

/** Whether a mouse moves over an element with no button down. */
export const isHover = (event) => event.type === "pointermove" && event.pointerType === "mouse" && !event.buttons;

/** Call `point(event)` wherever the mouse moves over an element, a finger drags sideways over it, or taps.
 * With `touch-action: pan-y` a vertical swipe stays the page's: its first move comes here, and is passed over. */
export function followPointer(element, point) {
  let start = null;
  let sideways = false;
  element.addEventListener("pointerdown", (event) => {
    start = event;
    sideways = false;
  });
  element.addEventListener("pointermove", (event) => {
    const across = start && Math.abs(event.clientX - start.clientX) > Math.abs(event.clientY - start.clientY);
    sideways ||= event.pointerType === "touch" && across;
    if (event.pointerType !== "touch" || sideways) point(event);
  });
  element.addEventListener("pointerup", point);
}

/** Let a pointer drag an element: `hold()` says what is held at its start, `drag(held, right, down)` gets the pixels since.
 * With `touch-action: pan-y` a finger that goes up or down first scrolls the page; one that goes sideways first drags both ways. */
export function draggable(element, hold, drag) {
  let grip = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    grip = { x: event.clientX, y: event.clientY, free: event.pointerType !== "touch", held: hold() };
  });
  element.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const [right, down] = [event.clientX - grip.x, event.clientY - grip.y];
    grip.free ||= Math.abs(right) > Math.abs(down);
    if (grip.free) drag(grip.held, right, down);
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (grip = null));
}

/**
 * A grid of numbers that a pointer, a finger and the arrow keys can walk, and a reader can edit.
 *
 * draw({ rows, cols, size, cell }) shows it; `cell(row, col)` returns { value, row, col, grid, classes, tint, editable } where
 * `grid`, `row` and `col` become data-grid, data-row and data-col. Cells are kept and changed only where they differ; a drawing
 * that begins at another kept cell, `first` from the corner, moves what it shows at next to no cost. `home` is the cell, [row, col],
 * that the Tab key comes to; left out, it is the one that was focused last.
 *
 * @param {object} options
 * @param {string} options.label        accessible name of the grid
 * @param {(cell: object | null) => void} [options.onPoint]  the cell under the pointer or the focus; null when it leaves
 * @param {(cell: object, value: number) => void} [options.onEdit]  a number was typed
 * @param {(sentence: string | null) => void} [options.onProblem]  what was typed is no number; null when that is over
 */
export function numberGrid({ label, onPoint = () => {}, onEdit, onProblem = () => {} }) {
  const sheet = h("div", { role: "rowgroup" });
  const grid = h("div", { class: "grid", role: "grid", "aria-label": label }, sheet);
  const element = h("div", { class: "grid-frame" }, grid);
  const rows = [];
  let shown = { first: 0, rows: 0, cols: 0 };
  let scale = 1;
  let home = null;
  let editor = null;

  const cellOf = (event) => {
    const node = event.target.closest(".number");
    return grid.contains(node) ? node : null;
  };
  const makeHome = (node) => {
    if (home === node) return;
    if (home) home.tabIndex = -1;
    home = node;
    if (home) home.tabIndex = 0;
  };
  const nodeAt = (row, col) => rows[row]?.cells[col];

  function rowOf(at, cols) {
    if (!rows[at]) {
      rows[at] = { element: h("div", { role: "row" }), cells: [] };
      sheet.append(rows[at].element);
    }
    const { element: row, cells } = rows[at];
    while (cells.length < cols) {
      cells.push(Object.assign(h("div", { class: "number", role: "gridcell", tabindex: -1 }), { seen: {}, at: [at, cells.length] }));
      row.append(cells.at(-1));
    }
    return rows[at];
  }

  // A cell or row beyond the shown ones stays, cut off by the grid's edge: taking it out and in again costs more than all the rest.
  const retire = (node) => {
    if (node.seen === RETIRED) return;
    node.ariaHidden = "true";
    for (const name of ["grid", "row", "col", "value"]) delete node.dataset[name];
    node.className = "number";
    node.seen = RETIRED;
  };

  function drawCell(node, now) {
    const seen = node.seen;
    if (seen === RETIRED) node.ariaHidden = null;
    if (seen.value !== now.value) {
      setText(node, now.text ?? shortNumber(now.value));
      node.dataset.value = now.value;
    }
    if (seen.classes !== now.classes) node.className = `number ${now.classes ?? ""}`;
    if (seen.tint !== now.tint) node.style.backgroundColor = now.tint ?? "";
    if (seen.grid !== now.grid) node.dataset.grid = now.grid;
    if (seen.row !== now.row) node.dataset.row = now.row;
    if (seen.col !== now.col) node.dataset.col = now.col;
    node.seen = now;
  }

  function edit(node, typed = "") {
    if (editor) return editor.focus();
    const { row, col, grid, value } = node.seen;
    const input = h("input", { class: "editor", type: "text", inputmode: "decimal", "aria-label": `${grid} row ${row + 1}, column ${col + 1}` });
    input.value = typed || String(+value.toPrecision(6));
    const [top, left] = node.at.map((at) => `${(at - shown.first) * (CELL - 1) * scale}px`);
    Object.assign(input.style, { top, left });
    const close = () => {
      if (editor !== input) return;
      editor = null;
      input.remove();
      onProblem(null);
    };
    const commit = () => {
      if (editor !== input) return true;
      const number = parseNumber(input.value);
      if (number === null) {
        input.setAttribute("aria-invalid", "true");
        onProblem(`“${input.value}” is not a number from -1000 to 1000. Type a number such as 2 or -0.5, or press Escape to keep ${shortNumber(value)}.`);
        return false;
      }
      close();
      onEdit(node.seen, number);
      return true;
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") close();
      else if (event.key !== "Enter" || !commit()) return;
      event.preventDefault();
      node.focus();
    });
    input.addEventListener("blur", commit);
    editor = input;
    element.append(input);
    input.focus();
    if (typed) input.setSelectionRange(typed.length, typed.length);
    else input.select();
  }

  element.addEventListener("pointerover", (event) => event.pointerType === "mouse" && cellOf(event) && onPoint(cellOf(event).seen));
  element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onPoint(element.contains(document.activeElement) && !editor ? document.activeElement.seen : null));
  element.addEventListener("focusin", (event) => {
    const node = cellOf(event);
    if (!node) return;
    makeHome(node);
    onPoint(node.seen);
  });
  element.addEventListener("focusout", (event) => element.contains(event.relatedTarget) || onPoint(null));
  let pressedFocused = false;
  element.addEventListener("pointerdown", (event) => {
    const node = cellOf(event);
    pressedFocused = node !== null && node === document.activeElement;
  });
  element.addEventListener("click", (event) => {
    const node = cellOf(event);
    if (!node) return;
    if (pressedFocused && onEdit && node.seen.editable) edit(node);
    else node.focus();
  });
  element.addEventListener("keydown", (event) => {
    const node = cellOf(event);
    if (!node || hasModifier(event)) return;
    const step = arrowStep(event);
    if (step) {
      const [row, col] = [node.at[0] + step[0], node.at[1] + step[1]];
      nodeAt(clamp(row, shown.first, shown.first + shown.rows - 1), clamp(col, shown.first, shown.first + shown.cols - 1)).focus();
    } else if (event.key === "Home") nodeAt(node.at[0], shown.first).focus();
    else if (event.key === "End") nodeAt(node.at[0], shown.first + shown.cols - 1).focus();
    else if (onEdit && node.seen.editable && (event.key === "Enter" || event.key === "F2")) edit(node);
    else if (onEdit && node.seen.editable && /^[-\d.]$/.test(event.key)) edit(node, event.key);
    else return;
    event.preventDefault();
  });

  return {
    element,
    draw({ rows: rowCount, cols, size, first = 0, cell, home: wanted = null }) {
      // Cells are laid out once, at one size, on a sheet that is scaled and moved as a whole: so a new size costs no layout.
      scale = (size - 1) / (CELL - 1);
      element.style.width = `${(cols * (CELL - 1) + 1) * scale}px`;
      element.style.height = `${(rowCount * (CELL - 1) + 1) * scale}px`;
      sheet.style.transform = `scale(${scale}) translate(${-first * (CELL - 1)}px, ${-first * (CELL - 1)}px)`;
      grid.classList.toggle("tiny", size < 17);
      const isShown = (at, count) => at >= first && at < first + count;
      for (let at = 0; at < Math.max(rows.length, first + rowCount); at++) {
        const row = rowOf(at, first + cols);
        if (!isShown(at, rowCount)) {
          assign(row.element, { ariaHidden: "true" });
          row.cells.forEach(retire);
          continue;
        }
        assign(row.element, { ariaHidden: null });
        row.cells.forEach((node, col) => (isShown(col, cols) ? drawCell(node, cell(at - first, col - first)) : retire(node)));
      }
      shown = { first, rows: rowCount, cols };
      if (wanted) makeHome(nodeAt(first + wanted[0], first + wanted[1]));
      else if (!home || !isShown(home.at[0], rowCount) || !isShown(home.at[1], cols)) makeHome(rowCount && cols ? nodeAt(first, first) : null);
    },
  };
}

// ── charts ──────────────────────────────────────────────────────────────────────────────────────

/** The outlines of a chart's marks about a point: x, y and about half their width r. */
export const markers = {
  disk: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  square: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  triangle: (x, y, r) => `M${x} ${y - r * 1.2}l${r * 1.2} ${r * 2.1}h${-r * 2.4}z`,
};

/** A line through the points that have a value; it breaks at the others. */
export const linePath = (points) => points.map((point, at) => (point ? `${points[at - 1] ? "L" : "M"}${point.x} ${point.y}` : "")).join("");

// ── pictures ────────────────────────────────────────────────────────────────────────────────────

function blobFrom(dataUrl) {
  const [head, body] = dataUrl.split(",");
  return new Blob([Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))], { type: head.slice("data:".length).split(";")[0] });
}

/**
 * The red, green and blue of a picture, 0 to 255, in a copy with no side longer than `longest`; transparency over white.
 * The promise is rejected where the browser cannot read the file.
 *
 * @param {Blob | string} source  a file, or a data URL
 */
export async function readPicture(source, longest) {
  const blob = typeof source === "string" ? blobFrom(source) : source;
  const url = URL.createObjectURL(blob);
  const probe = new Image();
  // The size is known before the pixels are decoded; so a photograph of 50 megapixels is never held at full size here.
  await new Promise((resolve, reject) => Object.assign(probe, { onload: resolve, onerror: reject, src: url })).finally(() => URL.revokeObjectURL(url));
  const [fullWidth, fullHeight] = [probe.naturalWidth, probe.naturalHeight];
  const scale = Math.min(1, longest / Math.max(fullWidth, fullHeight));
  const [width, height] = [fullWidth, fullHeight].map((side) => Math.max(1, Math.round(side * scale)));
  const bitmap = await createImageBitmap(blob, scale < 1 ? { resizeWidth: width, resizeHeight: height, resizeQuality: "high" } : {});
  const context = h("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const planes = [0, 1, 2].map((channel) => Float64Array.from({ length: width * height }, (_, at) => data[4 * at + channel]));
  return { planes, width, height, fullWidth, fullHeight };
}

/** Grey from red, green and blue: whole numbers, as Pillow's convert("L") rounds them. */
export const greyOf = ([red, green, blue]) => red.map((_, at) => (red[at] * 19595 + green[at] * 38470 + blue[at] * 7471 + 32768) >> 16);

/** Show numbers as pixels: `color(value, data, at)` writes red, green, blue and opacity, 0 to 255, from `data[at]` on. */
export function paintPixels(canvas, { values, width, height }, color) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  for (let at = 0; at < values.length; at++) color(values[at], pixels.data, 4 * at);
  context.putImageData(pixels, 0, 0);
}

/** Red, green and blue, 0 to 255, of a colour as a style sheet has it: `#0072b2`. */
export const channelsOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.trim().slice(at, at + 2), 16));

/** The colours of a signed map: the output colour above 0, the negative colour below, full at `reach`. Zero is clear, so it shows the paper.
 * Opacity rises faster than the value at first, because the eye is slow to tell a faint tint from paper; a legend is painted by the same function. */
export function signedColors(element, reach) {
  const style = getComputedStyle(element);
  const [above, below] = ["--cnn-output", "--cnn-negative"].map((name) => channelsOf(style.getPropertyValue(name)));
  return (value, data, at) => {
    const color = value < 0 ? below : above;
    for (let i = 0; i < 3; i++) data[at + i] = color[i];
    data[at + 3] = reach > 0 ? Math.round(255 * (Math.abs(value) / reach) ** 0.65) : 0;
  };
}

/** The greys from `black` to `white`; what lies beyond is clipped. */
export const greys = (black, white) => (value, data, at) => {
  const grey = white > black ? Math.round((255 * (value - black)) / (white - black)) : 0;
  data[at] = data[at + 1] = data[at + 2] = clamp(grey, 0, 255);
  data[at + 3] = 255;
};

/** Kernels side by side as a small picture of their weights: cells of equal weight are one path. */
export function kernelIcon(kernels, side) {
  const cell = side / kernels[0].length;
  const top = Math.max(...kernels.map(largest));
  const paths = new Map();
  kernels.forEach((kernel, at) =>
    kernel.forEach((row, i) =>
      row.forEach((weight, j) => paths.set(weight, `${paths.get(weight) ?? ""}M${at * (side + 2) + j * cell} ${i * cell}h${cell}v${cell}h${-cell}z`)),
    ),
  );
  paths.delete(0);
  const papers = kernels.map((_, at) => svg("rect", { class: "paper", x: at * (side + 2), width: side, height: side }));
  const cells = [...paths].map(([weight, d]) => svg("path", { d, fill: `var(--cnn-${weight < 0 ? "negative" : "kernel"})`, "fill-opacity": Math.abs(weight) / top }));
  return svg("svg", { class: "icon", width: kernels.length * (side + 2) - 2, height: side, "aria-hidden": "true" }, ...papers, ...cells);
}
