import {
  PIXEL, arrowStep, assign, centerOf, clamp, figure, followPointer, formatCount, formatShort, h, hasModifier, isHover, kernelSpan,
  outputSize, pixelRange, receptiveField, setText, statusLine, svg,
} from "./kit.js";

const TRAITS = ["preset", "layers", "input_size", "layer", "row", "col", "image"];
const PHONE = 640; // as in the style sheet
const LAYER_TRAITS = ["kernel_size", "stride", "padding", "dilation"];
const NEW_LAYERS = {
  conv: { kind: "conv", kernel_size: 3, stride: 1, padding: 1, dilation: 1 },
  pool: { kind: "pool", kernel_size: 2, stride: 2, padding: 0, dilation: 1 },
};

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────

/** The size of the input and of each layer's output, up to the first layer that has none. */
export function stackSizes(layers, inputSize) {
  const sizes = [inputSize];
  for (const { kernel_size, stride, padding, dilation } of layers) {
    const size = outputSize(sizes.at(-1), kernel_size, stride, padding, dilation);
    if (size < 1) break;
    sizes.push(size);
  }
  return sizes;
}

/** The unit, of `count`, whose middle is nearest to a pixel. */
export const nearestUnit = ({ jump, start }, pixel, count) => clamp(Math.round((pixel - start) / jump), 0, count - 1);

/** What a unit reads along one axis, row by row from the input (0) to its own layer: `units` that exist, and `padding` beside them.
 * Exact: a dilated kernel leaves gaps, and padding reads nothing in its turn. */
export function unitsRead(layers, sizes, layer, unit) {
  const rows = [{ units: [unit], padding: [] }];
  for (let at = layer; at > 0; at--) {
    const { kernel_size, stride, padding, dilation } = layers[at - 1];
    const taps = new Set();
    for (const out of rows[0].units) for (let tap = 0; tap < kernel_size; tap++) taps.add(out * stride - padding + tap * dilation);
    const exists = (index) => index >= 0 && index < sizes[at - 1];
    const sorted = [...taps].sort((a, b) => a - b);
    rows.unshift({ units: sorted.filter(exists), padding: sorted.filter((index) => !exists(index)) });
  }
  return rows;
}

/** Units of each row from the input to `layer` that a unit's receptive field spans, padding counted as if it saw pixels in its turn. */
export function spans(layers, layer, unit) {
  const rows = [[unit, unit]];
  for (let at = layer; at > 0; at--) {
    const { kernel_size, stride, padding, dilation } = layers[at - 1];
    const [first, last] = rows[0];
    rows.unshift([first * stride - padding, last * stride - padding + dilation * (kernel_size - 1)]);
  }
  return rows;
}

/** How far beyond the input the picture goes: as far as the units at its border see, but at most half the input. */
export function overhang(fields, sizes) {
  const beyond = sizes.flatMap((size, layer) => [-pixelRange(fields[layer], 0)[0], pixelRange(fields[layer], size - 1)[1] - (sizes[0] - 1)]);
  return clamp(Math.max(...beyond), 1, Math.ceil(sizes[0] / 2));
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const layerName = ({ kind, kernel_size, dilation }) => `${kind} ${kernel_size} × ${kernel_size}${dilation > 1 ? `, dilation ${dilation}` : ""}`;
const brief = (value, most = 1e6) => (Math.abs(value) < most ? formatCount(value) : `${value < 0 ? "-" : ""}${formatShort(Math.abs(value))}`);
const rangeText = ([first, last]) => (first === last ? brief(first) : `${brief(first)} to ${brief(last)}`);
const rangeWords = (word, range) => `${word}${range[0] === range[1] ? "" : "s"} ${rangeText(range)}`;

/** Which layer leaves no output, and why, as a sentence; null where every layer has one. */
export function stackProblem(layers, inputSize) {
  const sizes = stackSizes(layers, inputSize);
  if (sizes.length > layers.length) return null;
  const layer = layers[sizes.length - 1];
  const input = sizes.at(-1);
  const padded = layer.padding ? `, ${input + 2 * layer.padding} with padding` : "";
  return `Layer ${sizes.length} (${layerName(layer)}) needs ${kernelSpan(layer.kernel_size, layer.dilation)} pixels; its input is ${input} wide${padded}. ` +
    "So there is no output: give it a smaller kernel or more padding, or take a layer out.";
}

const inside = ([first, last], size) => Math.max(0, Math.min(last, size - 1) - Math.max(first, 0) + 1);

/** What the shown unit sees, in words. */
export function unitWords({ layer, row, col, rows, cols, read, inputSize, size }) {
  if (layer === 0) return `Input, pixel (${row}, ${col}): it sees itself, row ${row}, column ${col}.`;
  const parts = [`Layer ${layer}, unit (${row}, ${col}): sees ${brief(size)} × ${brief(size)} pixels, ${rangeWords("row", rows)}, ${rangeWords("column", cols)}`];
  const [high, wide] = [inside(rows, inputSize), inside(cols, inputSize)];
  const [readHigh, readWide] = read;
  const whole = high * wide === inputSize ** 2;
  if (readHigh * readWide === 0) parts.push("it reads padding alone");
  else {
    if (whole || high * wide < size ** 2) parts.push(`${whole ? "the whole input" : `${high} × ${wide} in the input`}${high * wide < size ** 2 ? ", the rest padding" : ""}`);
    if (readHigh * readWide < high * wide) parts.push(`with gaps it reads only ${readHigh} × ${readWide}`);
  }
  return `${parts.join("; ")}.`;
}

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

const set = (node, attributes) => Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));

function build(frame) {
  const status = statusLine();
  const limits = frame.get("limits");
  const presets = frame.get("presets");
  let pointed = null; // where the mouse is in the pyramid: { layer, place }
  let now = null; // the present stack; see compute
  let shown = null; // the unit that is looked at
  let view = null; // the columns that the pyramid shows

  // ── the stack and the unit ──

  function compute() {
    const [preset, inputSize] = [frame.get("preset"), frame.get("input_size")];
    const layers = preset === "custom" ? frame.get("layers") : presets[preset].layers;
    const sizes = stackSizes(layers, inputSize);
    const fields = [PIXEL, ...receptiveField(layers)];
    const skip = Boolean(presets[preset]?.skip);
    return { layers, inputSize, sizes, fields, skip, margin: overhang(fields, sizes), problem: stackProblem(layers, inputSize) };
  }

  /** The unit of a layer that stands nearest to a pixel. */
  const unitAt = ({ fields, sizes }, layer, [row, col]) => {
    const [up, across] = [row, col].map((pixel) => nearestUnit(fields[layer], pixel, sizes[layer]));
    return { layer, row: up, col: across };
  };
  const placeOf = ({ fields }, { layer, row, col }) => [row, col].map((unit) => centerOf(fields[layer], unit));

  function chosenUnit() {
    const layer = Math.min(frame.get("layer"), now.sizes.length - 1);
    const middle = (now.inputSize - 1) / 2;
    const nearMiddle = unitAt(now, layer, [middle, middle]);
    const [row, col] = ["row", "col"].map((axis) => Math.min(frame.get(axis) ?? nearMiddle[axis], now.sizes[layer] - 1));
    return { layer, row, col };
  }

  const choose = (unit) => {
    pointed = null;
    frame.set(unit);
    frame.redraw();
  };
  const step = (rows, cols, layers = 0) => {
    const unit = chosenUnit();
    const layer = clamp(unit.layer + layers, 0, now.sizes.length - 1);
    const last = now.sizes[layer] - 1;
    if (layer !== unit.layer) choose(unitAt(now, layer, placeOf(now, unit)));
    else choose({ row: clamp(unit.row + rows, 0, last), col: clamp(unit.col + cols, 0, last) });
  };

  /** The reader's own stack. The chosen unit stays near its place. */
  const edit = (layers) => {
    const after = { sizes: stackSizes(layers, now.inputSize), fields: [PIXEL, ...receptiveField(layers)] };
    const layer = Math.min(frame.get("layer"), after.sizes.length - 1);
    const { row, col } = unitAt(after, layer, placeOf(now, chosenUnit()));
    frame.set({ preset: "custom", layers, ...(frame.get("row") === null ? {} : { row }), ...(frame.get("col") === null ? {} : { col }) });
  };
  const edited = (at, change) => now.layers.map((layer, index) => (index === at ? change(layer) : layer));

  const choosePreset = (preset) => {
    if (preset === "custom") return frame.set({ preset, layers: frame.get("layers").length ? frame.get("layers") : now.layers });
    frame.set({ preset, input_size: presets[preset].input_size, layer: limits.layer.max, row: null, col: null });
  };

  // ── the pyramid ──

  const drawing = svg("svg", { "aria-hidden": "true" });
  const pyramid = h("div", { class: "pyramid", tabindex: "0", role: "application", "aria-label": "pyramid: left and right arrow keys move the unit, up and down change the layer" }, drawing);
  const levels = []; // each row's units, and the kernels' taps from the row above
  const span = svg("path", { class: "span" });
  const bracket = svg("path", { class: "bracket" });
  const skip = svg("path", { class: "skip" });
  const bracketText = svg("text", { class: "range" });
  const current = svg("rect", { class: "current" });
  const ticks = [svg("text", { class: "tick" }), svg("text", { class: "tick" })];
  const [tapGroup, levelGroup] = [svg("g"), svg("g")];
  drawing.append(span, tapGroup, levelGroup, skip, bracket, bracketText, ...ticks, current);

  function levelAt(layer) {
    while (levels.length <= layer) {
      const parts = Object.fromEntries(["units", "hatch", "padding", "lit", "read"].map((name) => [name, svg("path", { class: name })]));
      const text = svg("text", { class: "level" });
      const element = svg("g", { "data-layer": levels.length, class: levels.length ? "" : "input" }, ...Object.values(parts), text);
      const taps = svg("path", { class: "taps" });
      levels.push({ ...parts, text, element, taps });
      levelGroup.append(element);
      tapGroup.append(taps);
    }
    return levels[layer];
  }

  const placeUnder = (event) => {
    const box = drawing.getBoundingClientRect();
    const { floor, pitch, left, scale, first } = view;
    const layer = clamp(Math.round((floor - (event.clientY - box.top)) / pitch), 0, now.sizes.length - 1);
    const pixel = first + (event.clientX - box.left - left) / scale - 0.5;
    return { layer, place: [placeOf(now, chosenUnit())[0], pixel] };
  };
  followPointer(pyramid, (event) => {
    pointed = placeUnder(event);
    if (isHover(event)) frame.redraw();
    else choose(unitAt(now, pointed.layer, pointed.place));
  });
  pyramid.addEventListener("pointerleave", () => {
    pointed = null;
    frame.redraw();
  });
  pyramid.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    const by = arrowStep(event);
    if (by) step(0, by[1] * (event.shiftKey ? 10 : 1), -by[0]);
    else if (event.key === "Home") step(0, -Infinity);
    else if (event.key === "End") step(0, Infinity);
    else return;
    event.preventDefault();
  });

  // ── the photograph ──

  const canvas = h("canvas", { role: "img" });
  const patch = h("div", { class: "patch" });
  const light = h("div", { class: "light" });
  const middle = h("div", { class: "middle" });
  const photo = h("div", { class: "scene photo", tabindex: "0", role: "application", "aria-label": "photograph: arrow keys move the unit" },
    patch, canvas, h("div", { class: "shade" }, light), h("div", { class: "frame" }), middle);
  const [shade, outline] = [photo.querySelector(".shade"), photo.querySelector(".frame")];
  const caption = h("p", { class: "note" });
  const picture = new Image();
  let source = null; // of the picture
  let painted = null; // what the canvas holds
  picture.onload = frame.redraw;

  followPointer(photo, (event) => {
    if (isHover(event)) return;
    const box = photo.getBoundingClientRect();
    const zoom = box.width / (now.inputSize + 2 * now.margin);
    const pixel = (at) => at / zoom - now.margin - 0.5;
    const { row, col } = unitAt(now, chosenUnit().layer, [pixel(event.clientY - box.top), pixel(event.clientX - box.left)]);
    choose({ row, col });
  });
  photo.addEventListener("keydown", (event) => {
    const by = arrowStep(event, 10);
    if (!by) return;
    event.preventDefault();
    step(...by);
  });

  // ── the list of layers ──

  const NUMBERS = { output: "output size", field: "receptive field", jump: "jump", start: "start" };
  const COLUMNS = ["layer", "kind", "kernel", "stride", "padding", "dilation", ...Object.values(NUMBERS), "change"];
  const body = h("div", { class: "stack", role: "rowgroup" });
  const table = h("div", { class: "layers", role: "group", "aria-label": "layers", tabindex: "0" },
    h("div", { role: "table", "aria-label": "layers" },
      h("div", { class: "head", role: "rowgroup" }, h("div", { role: "row" }, ...COLUMNS.map((name) => h("div", { role: "columnheader" }, h("span", {}, name))))), body));
  const rows = [];

  const cell = (name, ...children) => h("div", { role: "cell", class: name, "data-name": name }, ...children);

  /** Which button of a row the reader would press next, now that the rows have changed. */
  function focusAfter(at, name) {
    queueMicrotask(() => {
      const row = rows[clamp(at, 0, now.layers.length - 1)];
      const button = !now.layers.length ? adders.conv : row.buttons[name].disabled ? row.buttons[name === "up" ? "down" : "up"] : row.buttons[name];
      button.focus();
    });
  }

  function layerRow(at) {
    const name = `layer ${at + 1}`;
    const menu = (trait, values, words = trait.replaceAll("_", " ")) => {
      const select = h("select", { "aria-label": `${name} ${words}`, onchange: () => edit(edited(at, (layer) => legal({ ...layer, [trait]: values[select.selectedIndex] }))) },
        ...values.map((value) => h("option", {}, String(value))));
      return select;
    };
    const range = (trait) => Array.from({ length: limits[trait].max - limits[trait].min + 1 }, (_, index) => limits[trait].min + index);
    const menus = Object.fromEntries([["kind", menu("kind", limits.kind.values)], ...LAYER_TRAITS.map((trait) => [trait, menu(trait, range(trait))])]);
    const button = (words, text, onclick) => h("button", { type: "button", "aria-label": `${name} ${words}`, title: words, onclick }, text);
    const swap = (by) => {
      const layers = [...now.layers];
      layers.splice(at + by, 0, ...layers.splice(at, 1));
      edit(layers);
      focusAfter(at + by, by < 0 ? "up" : "down");
    };
    const buttons = {
      up: button("move up", "↑", () => swap(-1)),
      down: button("move down", "↓", () => swap(1)),
      remove: button("remove", "×", () => {
        edit(now.layers.filter((_, index) => index !== at));
        focusAfter(at, "remove");
      }),
    };
    const show = h("button", { type: "button", "aria-label": `${name} show`, title: "show", onclick: () => choose(unitAt(now, at + 1, placeOf(now, chosenUnit()))) }, String(at + 1));
    const numbers = Object.fromEntries(Object.keys(NUMBERS).map((column) => [column, h("span")]));
    const element = h("div", { role: "row", "data-layer": at + 1 },
      cell("layer", show),
      ...[["kind", "kind"], ["kernel", "kernel_size"], ...LAYER_TRAITS.slice(1).map((trait) => [trait, trait])].map(([column, trait]) => cell(column, menus[trait])),
      ...Object.entries(numbers).map(([column, value]) => cell(column, value)),
      cell("change", ...Object.values(buttons)));
    return { element, menus, buttons, show, numbers };
  }

  /** A pool whose kernel became too small for its padding loses what is too much: PyTorch refuses it. */
  const legal = (layer) => (layer.kind === "pool" ? { ...layer, padding: Math.min(layer.padding, Math.floor(layer.kernel_size / 2)) } : layer);

  const adders = Object.fromEntries(Object.entries(NEW_LAYERS).map(([kind, layer]) => [kind, h("button", {
    type: "button",
    onclick: () => {
      edit([...now.layers, layer]);
      queueMicrotask(() => (table.scrollTop = table.scrollHeight));
    },
  }, `Add a ${kind}`)]));
  const count = h("span", { class: "note" });

  frame.root.append(
    h("div", { class: "controls" }, frame.select("preset", { onChange: choosePreset }), frame.slider("input_size"), frame.resetButton()),
    status.element,
    h("div", { class: "pair" }, pyramid, h("div", { class: "half" }, photo, caption)),
    table,
    h("div", { class: "buttons foot" }, adders.conv, adders.pool, count),
    h("p", { class: "note" }, "Point at any unit of the pyramid, click it or walk with the arrow keys; drag the patch over the photograph. Pixels and units count from 0; hatched pixels are padding."),
  );

  // ── drawing ──

  /** Which columns the pyramid shows, and where: all, or as many as leave what the last layer sees large enough, about the chosen unit. */
  function lookAt(unit) {
    const { inputSize, margin, fields, sizes, layers } = now;
    const wide = frame.width >= PHONE;
    const [width, height, left] = [wide ? frame.width - 286 : frame.width, wide ? 350 : 310, wide ? 76 : 66];
    const all = inputSize + 2 * margin;
    const span = Math.min(all, Math.max(5 * fields[sizes.length - 1].size, Math.floor((width - left) / 5.5)));
    const [first, last] = pixelRange(fields[unit.layer], unit.col);
    const key = [inputSize, margin, span].join();
    const kept = view?.key === key && first >= view.first && last < view.first + span;
    const room = height - 64; // between the middles of the first row and the last
    const pitch = Math.min(room / Math.max(1, layers.length), 120);
    view = {
      key, width, height, left, span, pitch,
      floor: 12 + (room + pitch * layers.length) / 2,
      first: kept ? view.first : clamp(Math.round((first + last + 1 - span) / 2), -margin, inputSize + margin - span),
      scale: (width - left) / span,
    };
  }

  const across = (pixel) => view.left + (pixel - view.first + 0.5) * view.scale;
  const levelY = (layer) => view.floor - layer * view.pitch;

  /** How wide a row's units are drawn: as far apart as they stand, apart where there is room for a gap. */
  function unitBox(layer) {
    const pitch = now.fields[layer].jump * view.scale;
    const gap = pitch >= 4 ? Math.min(2, pitch / 5) : 0;
    return { gap, width: Math.min(pitch - gap, 20), height: clamp(view.pitch * 0.45, 6, 18) };
  }

  /** Rectangles of some units of a row, cut off at the edges; neighbours without a gap are one. */
  function unitRects(layer, indices) {
    const { gap, width, height } = unitBox(layer);
    const y = levelY(layer) - height / 2;
    const rects = [];
    let previous = null;
    for (const index of indices) {
      const middle = across(centerOf(now.fields[layer], index));
      const [x, right] = [Math.max(view.left, middle - width / 2), Math.min(view.width, middle + width / 2)];
      if (right > x) {
        if (gap === 0 && previous === index - 1 && rects.length) rects.at(-1).width = right - rects.at(-1).x;
        else rects.push({ x, y, width: right - x, height });
      }
      previous = index;
    }
    return rects;
  }
  const outlineOf = (rects) => rects.map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}z`).join("");
  const hatchOf = (rects) => rects.map(({ x, y, width, height }) => {
    let lines = "";
    for (let at = 4; at < width + height; at += 4) {
      const [from, to] = [Math.max(0, at - height), Math.min(width, at)];
      lines += `M${x + from} ${y + at - from}L${x + to} ${y + at - to}`;
    }
    return lines;
  }).join("");

  const upTo = (first, last) => Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  /** Those of the units first to last that stand in the view. */
  function inView(layer, first, last) {
    const { jump, start } = now.fields[layer];
    const from = Math.floor((view.first - 0.5 - start) / jump);
    const to = Math.ceil((view.first + view.span - start) / jump);
    return upTo(Math.max(first, from), Math.min(last, to));
  }

  function drawLevel(layer, read, seen) {
    const { layers, sizes } = now;
    const level = levelAt(layer);
    const size = sizes[layer];
    const { kind, kernel_size } = layers[layer - 1] ?? {};
    const name = layer ? `${layer} ${kind} ${kernel_size}` : "input";
    setText(level.text, size ? name : `${name}: no output`);
    set(level.text, { x: 0, y: levelY(layer), class: `level ${layer === shown.layer ? "here" : ""} ${size ? "" : "none"}` });
    const missing = size === undefined;
    const pad = layers[layer]?.padding ?? 0;
    const beyond = layer === 0 ? seen : [0, -1]; // what the receptive field counts outside of the photograph
    const outside = missing ? [] : [...inView(layer, Math.min(-pad, beyond[0]), -1), ...inView(layer, size, Math.max(size - 1 + pad, beyond[1]))];
    const pads = unitRects(layer, outside);
    set(level.units, { d: missing ? "" : outlineOf(unitRects(layer, inView(layer, 0, size - 1))) });
    set(level.padding, { d: outlineOf(pads) });
    set(level.hatch, { d: hatchOf(pads) });
    set(level.lit, { d: read ? outlineOf(unitRects(layer, read.units)) : "" });
    set(level.read, { d: read ? outlineOf(unitRects(layer, read.padding)) : "" });
  }

  /** The kernels' taps from the row above, one by one where there is room for them. */
  function drawTaps(layer, read) {
    const { layers, fields } = now;
    const { kernel_size, stride, padding, dilation } = layers[layer] ?? {};
    const outputs = read[layer + 1]?.units ?? [];
    const roomy = outputs.length * kernel_size <= 140 && view.scale * fields[layer].jump >= 4;
    const lines = (roomy ? outputs : []).flatMap((unit) => Array.from({ length: kernel_size }, (_, tap) => {
      const [from, to] = [across(centerOf(fields[layer + 1], unit)), across(centerOf(fields[layer], unit * stride - padding + tap * dilation))];
      if ([from, to].some((x) => x < view.left || x > view.width)) return "";
      return `M${from} ${levelY(layer + 1) + unitBox(layer + 1).height / 2}L${to} ${levelY(layer) - unitBox(layer).height / 2}`;
    }));
    set(levels[layer].taps, { d: lines.join("") });
  }

  /** All that the unit sees, row by row, as one area. */
  function drawSpan(rows) {
    const side = (at, index, sign) => {
      const x = clamp(across(centerOf(now.fields[at], index)) + (sign * unitBox(at).width) / 2, view.left, view.width);
      const half = unitBox(at).height / 2;
      return [`${x} ${levelY(at) + half}`, `${x} ${levelY(at) - half}`];
    };
    const left = rows.flatMap(([first], at) => side(at, first, -1));
    const right = rows.flatMap(([, last], at) => side(at, last, 1));
    set(span, { d: `M${[...left, ...right.reverse()].join("L")}z` });
  }

  function drawPyramid() {
    const { layers, fields, sizes } = now;
    const { layer, col } = shown;
    const read = unitsRead(layers, sizes, layer, col);
    const rows = spans(layers, layer, col);
    set(drawing, { width: view.width, height: view.height, "data-first": view.first, "data-scale": view.scale, "data-left": view.left });
    for (let at = 0; at <= layers.length; at++) drawLevel(at, read[at], rows[at]);
    levels.forEach(({ element, taps }, at) => {
      for (const part of [element, taps]) part.style.display = at <= layers.length ? "" : "none";
      if (at <= layers.length) drawTaps(at, read);
    });
    drawSpan(rows);

    const box = unitBox(layer);
    const middle = across(centerOf(fields[layer], col));
    const side = Math.max(box.width, 5);
    set(current, { x: middle - side / 2, y: levelY(layer) - box.height / 2, width: side, height: box.height });
    current.style.display = middle >= view.left && middle <= view.width ? "" : "none";

    const floor = levelY(0) + unitBox(0).height / 2;
    const [first, last] = rows[0];
    const [from, to] = [first - 0.5, last + 0.5].map((pixel) => clamp(across(pixel), view.left, view.width));
    set(bracket, { d: `M${from} ${floor + 3}v4H${to}v-4` });
    setText(bracketText, first === last ? `column ${brief(first)}` : `columns ${rangeText(rows[0])}: ${brief(fields[layer].size)} pixels`);
    const room = 4 + bracketText.textContent.length * 3.4; // half of what the words take
    set(bracketText, { x: clamp((from + to) / 2, room, view.width - room), y: floor + 34 });
    [Math.max(0, view.first), Math.min(now.inputSize, view.first + view.span) - 1].forEach((pixel, at) => {
      setText(ticks[at], String(pixel));
      set(ticks[at], { x: Math.min(across(pixel), view.width - 11), y: floor + 19 });
    });
    set(skip, { d: now.skip && layer === layers.length ? `M${middle} ${levelY(layer) + box.height / 2}V${levelY(0) - box.height / 2}` : "" });
  }

  function paintPhoto() {
    const { inputSize } = now;
    if (source !== frame.get("image")) {
      picture.src = source = frame.get("image");
      painted = null;
    }
    if (painted === inputSize || !picture.complete) return;
    painted = inputSize;
    assign(canvas, { width: inputSize, height: inputSize });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    const side = Math.min(picture.naturalWidth, picture.naturalHeight);
    context.drawImage(picture, (picture.naturalWidth - side) / 2, (picture.naturalHeight - side) / 2, side, side, 0, 0, inputSize, inputSize);
    set(canvas, { "aria-label": `Photograph, ${inputSize} by ${inputSize} pixels`, "data-painted": inputSize });
  }

  function drawPhoto(rowRange, colRange) {
    const { inputSize, margin } = now;
    const side = frame.width >= PHONE ? 270 : Math.min(frame.width, 300);
    const zoom = side / (inputSize + 2 * margin);
    const lay = (node, top, left, height, width) =>
      Object.assign(node.style, { top: `${top * zoom}px`, left: `${left * zoom}px`, height: `${height * zoom}px`, width: `${width * zoom}px` });
    photo.style.width = photo.style.height = `${side}px`;
    for (const node of [canvas, shade]) lay(node, margin, margin, inputSize, inputSize);
    const size = colRange[1] - colRange[0] + 1;
    // A patch far larger than the picture would be too large for a browser to draw; cut off, it looks the same.
    const [[top, bottom], [left, right]] = [rowRange, colRange].map(([first, last]) => [Math.max(first, -2 * inputSize), Math.min(last, 3 * inputSize)]);
    for (const node of [patch, outline]) lay(node, top + margin, left + margin, bottom - top + 1, right - left + 1);
    lay(light, top, left, bottom - top + 1, right - left + 1);
    outline.classList.toggle("small", size * zoom < 14);
    const [row, col] = placeOf(now, shown);
    lay(middle, row + margin + 0.5, col + margin + 0.5, 0, 0);
    canvas.classList.toggle("blocks", zoom >= 2);
    setText(caption, presets[frame.get("preset")]?.note ?? "Your own stack of layers.");
  }

  function drawTable() {
    const { layers, fields, sizes } = now;
    while (rows.length < layers.length) rows.push(layerRow(rows.length));
    rows.forEach((row, at) => {
      if (at >= layers.length) return row.element.remove();
      if (!row.element.isConnected || row.element.parentNode !== body) body.append(row.element);
      const layer = layers[at];
      assign(row.menus.kind, { selectedIndex: limits.kind.values.indexOf(layer.kind) });
      for (const trait of LAYER_TRAITS) assign(row.menus[trait], { selectedIndex: layer[trait] - limits[trait].min });
      const most = layer.kind === "pool" ? Math.floor(layer.kernel_size / 2) : Infinity;
      [...row.menus.padding.options].forEach((option, padding) => assign(option, { disabled: padding > most }));
      const { size, jump, start } = fields[at + 1];
      const has = sizes[at + 1] !== undefined;
      const values = { output: sizes[at + 1], field: size, jump, start };
      for (const [name, value] of Object.entries(values)) setText(row.numbers[name], has ? brief(value, 1e4) : "none");
      row.element.classList.toggle("none", !has);
      row.element.classList.toggle("here", at + 1 === shown.layer);
      assign(row.show, { ariaPressed: String(at + 1 === shown.layer), disabled: !has });
      assign(row.buttons.up, { disabled: at === 0 });
      assign(row.buttons.down, { disabled: at === layers.length - 1 });
    });
    const most = limits.layers.max;
    for (const button of Object.values(adders)) assign(button, { disabled: layers.length >= most });
    setText(count, `${layers.length} of ${most} layers`);
  }

  return function draw() {
    if (!(frame.width > 0)) return;
    now = compute();
    lookAt(chosenUnit());
    shown = pointed ? unitAt(now, Math.min(pointed.layer, now.sizes.length - 1), pointed.place) : chosenUnit();
    const [rowRange, colRange] = [shown.row, shown.col].map((unit) => pixelRange(now.fields[shown.layer], unit));
    drawPyramid();
    paintPhoto();
    drawPhoto(rowRange, colRange);
    drawTable();
    const read = [shown.row, shown.col].map((unit) => unitsRead(now.layers, now.sizes, shown.layer, unit)[0].units.length);
    const words = unitWords({ ...shown, rows: rowRange, cols: colRange, read, inputSize: now.inputSize, size: now.fields[shown.layer].size });
    status.say(now.problem ?? words, { problem: Boolean(now.problem) });
  };
}

const render = (context) => figure(context, { name: "ReceptiveFieldExplorer", label: "Receptive field explorer", traits: TRAITS }, build);
export default { render };
