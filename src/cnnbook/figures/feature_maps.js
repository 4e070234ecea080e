import {
  arrowStep, assign, capital, clamp, extent, figure, followPointer, greys, h, hasModifier, isHover, largest, numberGrid,
  paintPixels, plural, setText, shadeClass, signedColors, statusLine, svg, table,
} from "./kit.js";
import { forward, readImages, readNetwork, softmax, windowOf } from "./net.js";

const TRAITS = ["image", "dx", "dy", "drawing", "tool", "layer", "channel", "row", "column", "input_channel"];
const WIDE = 640; // as in the style sheet
const BRUSH = 1.5; // pixels from the middle of a stroke to its edge
const INK = { pen: 255, eraser: 0 };
const CHART = 62; // height of the chart

// ── the picture ─────────────────────────────────────────────────────────────────────────────────

/** The bytes of a garment (or of none) and of what is drawn over it, both moved by dx and dy. */
export function composed(garment, drawing, { height, width, dx, dy }) {
  const picture = new Uint8Array(height * width);
  const put = (row, col, value) => {
    if (row >= 0 && row < height && col >= 0 && col < width) picture[row * width + col] = value;
  };
  garment?.forEach((value, at) => put(Math.floor(at / width) + dy, (at % width) + dx, value));
  for (const [row, col, value] of drawing) put(row + dy, col + dx, value);
  return picture;
}

/** The drawing after a stroke between two points of the picture, [row, col], where the middle of pixel 0 is 0. */
export function withStroke(drawing, from, to, value, { height, width, dx, dy }) {
  const drawn = new Map(drawing.map((pixel) => [`${pixel[0]},${pixel[1]}`, pixel]));
  const [down, across] = [to[0] - from[0], to[1] - from[1]];
  const length = down ** 2 + across ** 2;
  for (let row = 0; row < height; row++)
    for (let col = 0; col < width; col++) {
      const along = length ? clamp(((row - from[0]) * down + (col - from[1]) * across) / length, 0, 1) : 0;
      const distance = Math.hypot(row - from[0] - along * down, col - from[1] - along * across);
      if (distance <= BRUSH) drawn.set(`${row - dy},${col - dx}`, [row - dy, col - dx, value]);
    }
  return [...drawn.values()];
}

// ── maps and units ──────────────────────────────────────────────────────────────────────────────
// maps[0] is the picture, maps[at] what layers[at] reads, maps[at + 1] what it makes.

const SUMS = new Set(["conv2d", "linear"]);
const OF_WINDOW = { max_pool2d: "max", global_avg_pool2d: "mean", relu: "cell" };

/** The window that a unit reads: of which map, how large, and where its first cell stands, which may be padding. */
export function windowRead(layers, maps, at, row, col) {
  const { kind, kernel_size, stride, padding = 0 } = layers[at];
  if (kind === "conv2d" || kind === "max_pool2d")
    return { source: at, height: kernel_size, width: kernel_size, top: row * stride - padding, left: col * stride - padding };
  if (kind === "relu") return { source: at, height: 1, width: 1, top: row, left: col };
  const source = layers[at - 1]?.kind === "flatten" ? at - 1 : at; // a linear layer over flattened maps has a weight for each of their cells
  return { source, height: maps[source].height, width: maps[source].width, top: 0, left: 0 };
}

/** How a unit comes by its number: the windows that it reads, in a sum with their weights, products and partial sums.
 * A ReLU behind a sum is that sum and what is left of it. */
export function unitSum(layers, maps, at, channel, row, col) {
  const made = maps[at + 1];
  const value = made.values[(channel * made.height + row) * made.width + col];
  const { kind, weight, bias } = layers[at];
  if (kind === "relu" && SUMS.has(layers[at - 1]?.kind)) return { ...unitSum(layers, maps, at - 1, channel, row, col), relu: true, value };
  const { source, height, width, top, left } = windowRead(layers, maps, at, row, col);
  const from = maps[source];
  const isInside = (i, j) => top + i >= 0 && top + i < from.height && left + j >= 0 && left + j < from.width;
  const windowIn = (plane) => table(height, width, (i, j) => (isInside(i, j) ? from.values[(plane * from.height + top + i) * from.width + left + j] : 0));
  const common = { source, isInside, relu: kind === "relu", value };
  if (!SUMS.has(kind)) return { ...common, kind: OF_WINDOW[kind], parts: [{ channel, window: windowIn(channel) }] };
  const parts = Array.from({ length: from.channels }, (_, plane) => {
    const window = windowIn(plane);
    const weights = table(height, width, (i, j) => weight[((channel * from.channels + plane) * height + i) * width + j]);
    const products = window.map((line, i) => line.map((cell, j) => cell * weights[i][j]));
    return { channel: plane, window, weights, products, sum: total(products.flat()) };
  });
  return { ...common, kind: "sum", parts, bias: bias[channel], total: total(parts.map(({ sum }) => sum)) + bias[channel] };
}

const total = (numbers) => numbers.reduce((sum, value) => sum + value, 0);

/** The largest magnitude in a map, by index: a typed array's iterator is far slower. */
function reachOf({ values }) {
  let reach = 0;
  for (let at = 0; at < values.length; at++) reach = Math.max(reach, Math.abs(values[at]));
  return reach;
}

/** All channels of a map side by side as one picture, `perLine` to a line, in parts of the map's largest magnitude. */
export function tiled(map, perLine) {
  const { values, channels, height, width } = map;
  const reach = reachOf(map) || 1;
  const lines = Math.ceil(channels / perLine);
  const sheet = { values: new Float32Array(lines * height * perLine * width), height: lines * height, width: perLine * width };
  for (let channel = 0; channel < channels; channel++) {
    const corner = Math.floor(channel / perLine) * height * sheet.width + (channel % perLine) * width;
    for (let row = 0; row < height; row++) {
      const from = (channel * height + row) * width;
      for (let col = 0; col < width; col++) sheet.values[corner + row * sheet.width + col] = values[from + col] / reach;
    }
  }
  return sheet;
}

/** The unit, one of `count` along an axis, whose middle is nearest to a pixel. */
const nearestTo = (pixel, middleOf, count) => clamp(Math.round((pixel - middleOf(0)) / (middleOf(1) - middleOf(0))), 0, count - 1);

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const exact = (value) => String(+value.toFixed(4));
const bracketed = (value) => (value < 0 ? `(${exact(value)})` : exact(value));
const percent = (share) => `${share >= 0.9995 ? 100 : (100 * share).toFixed(1)}\u00a0%`;
const by = (...sizes) => sizes.join("\u00a0×\u00a0");
/** A number in at most four characters, as a small cell holds them. */
function cellText(value) {
  const size = Math.abs(value);
  return size >= 9.95 ? String(Math.round(value)) : size >= 0.995 ? value.toFixed(1) : String(+value.toFixed(2)).replace("0.", ".");
}

const layerName = ({ kind, kernel_size: size }) =>
  ({ conv2d: `conv ${size}×${size}`, relu: "ReLU", max_pool2d: `max pool ${size}×${size}`, global_avg_pool2d: "global average", linear: "linear" })[kind];

const rangeWords = (word, [first, last]) => (first === last ? `${word} ${first}` : `${word}s ${first} to ${last}`);

/** What a unit sees, in words. */
export function seenWords({ rows, cols }, height, width) {
  const [top, left, bottom, right] = [Math.max(rows[0], 0), Math.max(cols[0], 0), Math.min(rows[1], height - 1), Math.min(cols[1], width - 1)];
  if (top === 0 && left === 0 && bottom === height - 1 && right === width - 1) return "the whole image";
  const size = by(rows[1] - rows[0] + 1, cols[1] - cols[0] + 1);
  const over = top !== rows[0] || left !== cols[0] || bottom !== rows[1] || right !== cols[1];
  return `${size} pixels, ${rangeWords("row", rows)}, ${rangeWords("column", cols)}${over ? ", partly padding" : ""}`;
}

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

const place = (node, top, left, height, width) => Object.assign(node.style, { top: `${top}px`, left: `${left}px`, height: `${height}px`, width: `${width}px` });

function build(frame) {
  const status = statusLine();
  const layers = readNetwork(frame.get("network"));
  const { height, width, images } = readImages(frame.get("images"));
  const [labels, classes] = ["labels", "classes"].map(frame.get);
  const shown = layers.flatMap(({ kind }, at) => (kind === "flatten" ? [] : [at])); // the layer of each number, from 1
  const names = shown.map((at, index) => `${index + 1} ${layerName(layers[at])}`);
  const cursor = { row: Math.floor(height / 2), col: Math.floor(width / 2), walking: false };
  let now = null; // the picture and all that the network makes of it; see compute
  let sizes = null; // see lay
  let unit = null; // the chosen one

  function compute() {
    const [image, dx, dy, drawing] = ["image", "dx", "dy", "drawing"].map(frame.get);
    if (now && now.image === image && now.dx === dx && now.dy === dy && now.drawing === drawing) return now;
    const picture = composed(images[image], drawing, { height, width, dx, dy });
    const input = { values: Float32Array.from(picture, (value) => value / 255), channels: 1, height, width };
    const maps = [input, ...forward(layers, input)];
    return { image, dx, dy, drawing, picture, maps, probabilities: softmax(maps.at(-1).values) };
  }

  function chosenUnit() {
    const number = Math.min(frame.get("layer"), shown.length);
    const at = shown[number - 1];
    const map = now.maps[at + 1];
    const within = (trait, count) => Math.min(frame.get(trait), count - 1);
    return { number, at, map, channel: within("channel", map.channels), row: within("row", map.height), col: within("column", map.width) };
  }

  const windowAt = (at, row, col) => windowOf(layers, at + 1, row, col);
  const middle = ([first, last]) => (Number.isFinite(first) ? (first + last) / 2 : null);

  /** Go to another layer, to the unit over the same place of the image. */
  function chooseLayer(number) {
    const at = shown[number - 1];
    const map = now.maps[at + 1];
    const seen = windowAt(unit.at, unit.row, unit.col);
    const [row, col] = [["rows", height, map.height], ["cols", width, map.width]].map(([axis, pixels, count]) => {
      if (middle(windowAt(at, 0, 0)[axis]) === null) return 0;
      return nearestTo(middle(seen[axis]) ?? (pixels - 1) / 2, (index) => middle(windowAt(at, index, index)[axis]), count);
    });
    frame.set({ layer: number, channel: Math.min(unit.channel, map.channels - 1), row, column: col });
  }

  // ── controls ──

  const tools = Object.fromEntries(["move", "pen", "eraser"].map((tool) => [tool, h("button", { type: "button", onclick: () => frame.set({ tool }) }, capital(tool))]));
  const clear = h("button", { type: "button", "aria-label": "Clear the drawing", onclick: () => frame.set({ drawing: [] }) }, "Clear");
  const garmentName = (image) => (image === null ? "empty canvas" : `${image}: ${classes[labels[image]]}`);
  const unitSlider = (trait) => {
    const control = frame.slider(trait, { min: 0, max: 0, text: () => String(trait === "input_channel" ? part() : unit[trait === "column" ? "col" : trait]) });
    return { control, range: control.querySelector("input") };
  };
  const sliders = Object.fromEntries(["channel", "row", "column", "input_channel"].map((trait) => [trait, unitSlider(trait)]));

  // ── the image ──

  const canvas = h("canvas", { role: "img", class: "blocks" });
  const [light, outline, pixel] = ["fm-light", "fm-frame", "fm-cursor"].map((name) => h("div", { class: name }));
  const shade = h("div", { class: "fm-shade" }, light);
  const image = h("div", { class: "scene fm-box", tabindex: "0", role: "application" }, canvas, shade, outline, pixel);
  const imageTitle = h("p", { class: "grid-title" });

  const settings = () => ({ height, width, dx: frame.get("dx"), dy: frame.get("dy") });
  const ink = (from, to) => frame.set({ drawing: withStroke(frame.get("drawing"), from, to, INK[frame.get("tool")], settings()) });
  const move = (dx, dy) => {
    const limits = frame.get("limits");
    frame.set({ dx: clamp(dx, limits.dx.min, limits.dx.max), dy: clamp(dy, limits.dy.min, limits.dy.max) });
  };
  const isWalked = () => cursor.walking && frame.get("tool") !== "move"; // the keys draw
  const walk = (walking) => {
    cursor.walking = walking;
    frame.redraw();
  };
  const pixelUnder = (event) => {
    const box = image.getBoundingClientRect();
    return [(event.clientY - box.top) / sizes.zoom - 0.5, (event.clientX - box.left) / sizes.zoom - 0.5];
  };
  let grip = null; // where the pointer took hold, and how things stood then
  image.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    image.setPointerCapture(event.pointerId);
    grip = { event, at: pixelUnder(event), free: event.pointerType !== "touch", ...settings() };
    walk(false);
    if (frame.get("tool") !== "move") ink(grip.at, grip.at);
  });
  image.addEventListener("pointermove", (event) => {
    if (!grip) return;
    if (frame.get("tool") !== "move") {
      const at = pixelUnder(event);
      ink(grip.at, at);
      grip.at = at;
      return;
    }
    const [right, down] = [event.clientX - grip.event.clientX, event.clientY - grip.event.clientY];
    grip.free ||= Math.abs(right) > Math.abs(down); // a finger that goes up or down first scrolls the page
    if (grip.free) move(grip.dx + Math.round(right / sizes.zoom), grip.dy + Math.round(down / sizes.zoom));
  });
  for (const end of ["pointerup", "pointercancel"]) image.addEventListener(end, () => (grip = null));
  image.addEventListener("focus", () => walk(image.matches(":focus-visible")));
  image.addEventListener("blur", () => walk(false));
  image.addEventListener("keydown", (event) => {
    const isDrawing = frame.get("tool") !== "move";
    const isInk = isDrawing && (event.key === " " || event.key === "Enter") && !hasModifier(event);
    const step = arrowStep(event);
    if (!step && !isInk) return;
    event.preventDefault();
    if (!isDrawing) return move(frame.get("dx") + step[1], frame.get("dy") + step[0]);
    if (step) {
      cursor.row = clamp(cursor.row + step[0], 0, height - 1);
      cursor.col = clamp(cursor.col + step[1], 0, width - 1);
    }
    walk(true);
    if (isInk || event.shiftKey) ink([cursor.row, cursor.col], [cursor.row, cursor.col]);
  });

  // ── the chosen map ──

  const mapCanvas = h("canvas", { role: "img", class: "blocks" });
  const spot = h("div", { class: "fm-spot" });
  const map = h("div", { class: "scene fm-box", tabindex: "0", role: "application", "aria-label": "chosen map: arrow keys move from unit to unit" }, mapCanvas, spot);
  const mapTitle = h("p", { class: "grid-title" });
  followPointer(map, (event) => {
    if (isHover(event)) return;
    const box = map.getBoundingClientRect();
    const index = (offset, length, count) => clamp(Math.floor((offset / length) * count), 0, count - 1);
    frame.set({
      row: index(event.clientY - box.top, sizes.zoom * height, unit.map.height),
      column: index(event.clientX - box.left, sizes.zoom * width, unit.map.width),
    });
  });
  map.addEventListener("keydown", (event) => {
    const step = arrowStep(event, 5);
    if (!step) return;
    event.preventDefault();
    frame.set({ row: clamp(unit.row + step[0], 0, unit.map.height - 1), column: clamp(unit.col + step[1], 0, unit.map.width - 1) });
  });

  // ── the classes ──

  const bars = classes.map((name, index) => {
    const [share, bar] = [h("span", { class: "fm-share" }), h("span", { class: "fm-bar" })];
    const element = h("button", { type: "button", class: "fm-class", onclick: () => frame.set({ layer: shown.length, channel: index, row: 0, column: 0 }) }, bar, h("span", { class: "fm-name" }, name), share);
    return { element, share, bar };
  });

  // ── all layers ──

  const strips = shown.slice(0, -1).map((at, index) => {
    const sheet = h("canvas", { role: "img" });
    const [here, from] = [h("div", { class: "fm-here" }), h("div", { class: "fm-from" })];
    const box = h("div", { class: "scene fm-sheet" }, sheet, h("div", { class: "fm-rules" }), from, here);
    const shape = h("span", { class: "fm-shape" });
    const element = h("div", { class: "fm-strip", "data-layer": index + 1 }, h("div", { class: "fm-label" }, h("span", {}, names[index]), shape), box);
    followPointer(box, (event) => {
      if (isHover(event)) return;
      const { channels, height: rows, width: cols } = now.maps[at + 1];
      const { perLine, thumb } = sizes.strips[index];
      const { top, left } = box.getBoundingClientRect();
      const [down, across] = [(event.clientY - top) / thumb.height, (event.clientX - left) / thumb.width];
      const channel = clamp(Math.floor(down) * perLine + clamp(Math.floor(across), 0, perLine - 1), 0, channels - 1);
      const within = (offset, count) => clamp(Math.floor((offset - Math.floor(offset)) * count), 0, count - 1);
      frame.set({ layer: index + 1, channel, row: within(down, rows), column: within(across, cols) });
    });
    return { at, sheet, here, from, box, shape, element };
  });
  const overview = h("div", { class: "fm-overview", tabindex: "0", role: "application", "aria-label": "maps of all layers: left and right arrow keys change the channel, up and down the layer" },
    ...strips.map(({ element }) => element));
  overview.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    if (step[0]) chooseLayer(clamp(unit.number + Math.sign(step[0]), 1, shown.length));
    else frame.set({ channel: clamp(unit.channel + step[1], 0, unit.map.channels - 1) });
  });

  // ── one unit ──

  const grids = Object.fromEntries(["window", "kernel", "products"].map((name) => [name, numberGrid({ label: name })]));
  const titles = Object.fromEntries(Object.keys(grids).map((name) => [name, h("p", { class: "grid-title" }, h("span", {}))]));
  const lensPart = (name) => h("div", { class: `part fm-${name}` }, titles[name], grids[name].element);
  const sign = (text) => h("div", { class: "fm-sign", "aria-hidden": "true" }, text);
  const addends = ["chosen", "others", "bias", "total", "output"].map((key) => {
    const [name, value] = [h("span"), h("span", { class: "fm-value" })];
    return { key, name, value, element: h("p", { class: `fm-addend fm-${key}` }, name, value) };
  });
  const weighted = [sign("·"), lensPart("kernel"), sign("="), lensPart("products")];

  const chart = svg("svg", { class: "fm-chart", role: "img", height: CHART });
  const chartBox = h("div", { class: "scene fm-parts" }, chart);
  let parts = []; // of the chosen unit's sum
  const part = () => Math.min(frame.get("input_channel"), parts.length - 1);
  followPointer(chartBox, (event) => {
    if (isHover(event) || parts.length < 2) return;
    const slot = frame.width / (parts.length + 1);
    frame.set({ input_channel: clamp(Math.floor((event.clientX - chartBox.getBoundingClientRect().left) / slot), 0, parts.length - 1) });
  });
  const equation = h("div", { class: "sum", tabindex: "0", role: "group", "aria-label": "the unit's sum" });

  frame.root.append(
    h("div", { class: "controls" },
      frame.select("image", { values: [...images.keys(), null], text: garmentName }), frame.slider("dx"), frame.slider("dy"),
      h("div", { class: "buttons fm-tools" },
        h("div", { class: "buttons", role: "group", "aria-label": "tool" }, ...Object.values(tools)), clear, frame.resetButton()),
    ),
    h("div", { class: "fm-stage" },
      h("div", {}, imageTitle, image),
      h("div", {}, mapTitle, map),
      h("div", { class: "fm-classes" }, h("p", { class: "grid-title" }, "classes"), h("div", { class: "fm-bars", role: "group", "aria-label": "classes" }, ...bars.map(({ element }) => element))),
    ),
    status.element,
    overview,
    h("div", { class: "controls fm-unit" },
      frame.select("layer", { values: shown.map((_, index) => index + 1), text: (number) => names[number - 1], onChange: chooseLayer }),
      ...Object.values(sliders).map(({ control }) => control)),
    h("div", { class: "fm-lens" }, lensPart("window"), ...weighted, h("div", { class: "fm-addends" }, ...addends.map(({ element }) => element))),
    chartBox,
    equation,
    h("p", { class: "note" }, "Drag the garment, or take pen or eraser and draw on it; arrow keys do the same, with Space to draw. Click a map, then a unit of it. ",
      "Maps are green above 0 and pink below, strongest at their layer’s largest number. The network sees pixels from 0 to 1."),
  );

  // ── drawing ──

  /** How large everything is drawn at the present width. */
  function lay() {
    const wide = frame.width >= WIDE;
    const side = wide ? Math.min(252, Math.floor((frame.width - 250) / 2)) : Math.floor((frame.width - 8) / 2);
    const room = frame.width - (wide ? 174 : 0);
    const lay = { width: frame.width, wide, side, zoom: side / Math.max(height, width) };
    lay.strips = strips.map(({ at }) => {
      const { channels, height: rows, width: cols } = now.maps[at + 1];
      const perLine = Math.min(channels, wide ? 32 : 16);
      const size = Math.min(32, Math.floor(room / perLine));
      return { perLine, lines: Math.ceil(channels / perLine), thumb: { width: size, height: Math.max(1, Math.round((size * rows) / cols)) } };
    });
    strips.forEach(({ box, sheet, shape, at }, index) => {
      const { perLine, lines, thumb } = lay.strips[index];
      const { channels, height: rows, width: cols } = now.maps[at + 1];
      Object.assign(box.style, { width: `${perLine * thumb.width}px`, height: `${lines * thumb.height}px` });
      box.style.setProperty("--thumb-width", `${thumb.width}px`);
      box.style.setProperty("--thumb-height", `${thumb.height}px`);
      place(sheet, 0, 0, lines * thumb.height, perLine * thumb.width);
      sheet.classList.toggle("blocks", thumb.width >= 2 * cols);
      setText(shape, `${channels}×${rows}×${cols}`);
    });
    for (const box of [image, map]) place(box, 0, 0, side, side);
    for (const node of [canvas, shade, mapCanvas]) place(node, 0, 0, lay.zoom * height, lay.zoom * width);
    return lay;
  }

  function paint(colors) {
    paintPixels(canvas, { values: now.picture, height, width }, greys(0, 255));
    const drawn = now.drawing.length ? `, ${plural(now.drawing.length, "pixel")} drawn` : "";
    canvas.setAttribute("aria-label", `${capital(garmentName(now.image))}, ${height} by ${width} pixels${drawn}`);
    strips.forEach(({ at, sheet }, index) => {
      const made = now.maps[at + 1];
      paintPixels(sheet, tiled(made, sizes.strips[index].perLine), colors);
      sheet.setAttribute("aria-label", `${names[index]}: ${plural(made.channels, "map")} of ${made.height} by ${made.width}`);
    });
    bars.forEach(({ element, share, bar }, index) => {
      const probability = now.probabilities[index];
      setText(share, sizes.wide ? percent(probability) : `${Math.round(100 * probability)}\u00a0%`);
      bar.style.transform = `scaleX(${probability})`;
      Object.assign(element.dataset, { class: index, value: probability });
      element.classList.toggle("fm-true", now.image !== null && labels[now.image] === index);
    });
  }

  function drawImage(seen) {
    const { zoom } = sizes;
    const tool = frame.get("tool");
    const [[top, bottom], [left, right]] = [[seen.rows, height], [seen.cols, width]].map(([[first, last], size]) => [Math.max(first, -size), Math.min(last, 2 * size)]);
    for (const node of [light, outline]) place(node, top * zoom, left * zoom, (bottom - top + 1) * zoom, (right - left + 1) * zoom);
    place(pixel, (cursor.row - 1) * zoom, (cursor.col - 1) * zoom, 3 * zoom, 3 * zoom);
    image.classList.toggle("fm-drawn", tool !== "move");
    image.classList.toggle("fm-walked", isWalked());
    image.setAttribute("aria-label", tool === "move" ? "image: arrow keys move it" : `image: arrow keys move the ${tool}, Space draws, Shift with an arrow draws along`);
    for (const [name, button] of Object.entries(tools)) assign(button, { ariaPressed: String(name === tool) });
    assign(clear, { disabled: now.drawing.length === 0 });
    setText(imageTitle, `image ${by(height, width)}`);
  }

  function drawMap(colors) {
    const { at, channel, row, col, map: { channels, height: rows, width: cols } } = unit;
    const values = unit.map.values.subarray(channel * rows * cols, (channel + 1) * rows * cols);
    const reach = reachOf(unit.map) || 1;
    paintPixels(mapCanvas, { values: values.map((value) => value / reach), height: rows, width: cols }, colors);
    const [least, greatest] = extent(values);
    const isClass = at === shown.at(-1);
    mapCanvas.setAttribute("aria-label", `${names[unit.number - 1]}, channel ${channel}: ${rows} by ${cols} units from ${exact(least)} to ${exact(greatest)}`);
    setText(mapTitle, isClass ? `class ${channel}` : `map ${channel}, ${by(rows, cols)}`);
    const [unitHeight, unitWidth] = [(sizes.zoom * height) / rows, (sizes.zoom * width) / cols];
    place(spot, row * unitHeight, col * unitWidth, unitHeight, unitWidth);
    spot.classList.toggle("fm-small", Math.min(unitHeight, unitWidth) < 12);
    const spans = { channel: channels, row: rows, column: cols, input_channel: parts.length };
    for (const [trait, { range }] of Object.entries(sliders)) assign(range, { max: String(spans[trait] - 1), disabled: spans[trait] < 2 });
    bars.forEach(({ element }, index) => assign(element, { ariaPressed: String(isClass && channel === index) }));
  }

  function drawOverview(source) {
    strips.forEach(({ at, here, from }, index) => {
      const { perLine, thumb } = sizes.strips[index];
      const mark = (node, isShown, channel) => {
        node.style.display = isShown ? "" : "none";
        place(node, Math.floor(channel / perLine) * thumb.height, (channel % perLine) * thumb.width, thumb.height, thumb.width);
      };
      mark(here, at === unit.at, unit.channel);
      mark(from, at + 1 === source, parts[part()].channel);
    });
  }

  function drawLens(sum) {
    const { window, weights, products, channel } = parts[part()];
    const [rows, cols] = [window.length, window[0].length];
    const room = sizes.wide ? 129 : Math.min(90, Math.floor((frame.width - 32) / 3));
    const size = Math.max(rows, cols) > 5 ? Math.min(16, room / Math.max(rows, cols)) : Math.min(44, Math.floor((room - 1) / Math.max(rows, cols)));
    const show = (name, numbers, grid, look = () => "") => {
      const top = largest(numbers);
      grids[name].draw({
        rows, cols, size,
        cell: (row, col) => ({ value: numbers[row][col], text: cellText(numbers[row][col]), row, col, grid, classes: `${shadeClass(numbers[row][col], top)} ${look(row, col)}` }),
      });
    };
    const most = sum.kind === "max" ? largest(window) : null;
    show("window", window, "input", (row, col) => (!sum.isInside(row, col) ? "padding" : window[row][col] === most ? "lit" : ""));
    if (weights) {
      show("kernel", weights, "kernel");
      show("products", products, "product");
    }
    for (const node of weighted) node.style.visibility = weights ? "" : "hidden";
    titles.window.parentElement.classList.toggle("fm-image", sum.source === 0);
    setText(titles.window.firstChild, sum.source ? `map ${channel}` : "image");
    setText(titles.kernel.firstChild, sum.kind === "sum" && rows === 1 && cols === 1 ? "weight" : "weights");
    setText(titles.products.firstChild, rows === 1 && cols === 1 ? "product" : "products");
    drawAddends(sum);
  }

  function drawAddends(sum) {
    const { channel, sum: chosen } = parts[part()];
    const isSum = sum.kind === "sum";
    const last = { sum: "after ReLU", max: "largest", mean: "mean", cell: "after ReLU" }[sum.kind];
    const rows = {
      chosen: isSum && [`input channel ${channel}`, chosen],
      others: isSum && parts.length > 1 && [`the other ${parts.length - 1}`, sum.total - sum.bias - chosen],
      bias: isSum && ["bias", sum.bias],
      total: isSum && ["sum", sum.total],
      output: (!isSum || sum.relu) && [last, sum.value],
    };
    for (const { key, name, value, element } of addends) {
      element.style.visibility = rows[key] ? "" : "hidden";
      if (!rows[key]) continue;
      setText(name, rows[key][0]);
      setText(value, exact(rows[key][1]));
      value.dataset.value = rows[key][1];
    }
  }

  /** What each input channel adds to the sum, and the bias: bars up and down from 0. */
  function drawChart(sum) {
    const isSum = sum.kind === "sum";
    chartBox.style.visibility = isSum ? "" : "hidden";
    if (!isSum) return;
    const values = [...parts.map((one) => one.sum), sum.bias];
    const [least, greatest] = extent([0, ...values]);
    const slot = frame.width / values.length;
    const y = (value) => 2 + ((greatest - value) * (CHART - 20)) / (greatest - least || 1);
    const gap = Math.min(6, slot / 4);
    const bar = (value, at) => svg("rect", {
      class: `${value < 0 ? "fm-minus" : "fm-plus"} ${at === part() ? "fm-chosen" : ""}`, "data-channel": at < parts.length ? at : "bias", "data-value": value,
      x: at * slot + gap / 2, width: slot - gap, y: y(Math.max(0, value)), height: Math.max(0.5, Math.abs(y(value) - y(0))),
    });
    const every = Math.ceil(22 / slot); // as many numbers as have room
    const ticks = values.map((_, at) => (at === parts.length ? ["bias", values.length * slot, "end"] : [String(at), (at + 0.5) * slot, "middle"]))
      .filter((_, at) => at === parts.length || (at % every === 0 && at * slot < frame.width - 58));
    chart.setAttribute("width", frame.width);
    chart.setAttribute("aria-label", `What each of ${plural(parts.length, "input channel")} adds, from ${exact(Math.min(...values))} to ${exact(Math.max(...values))}; bias ${exact(sum.bias)}`);
    chart.replaceChildren(
      svg("rect", { class: "fm-slot", x: part() * slot, width: slot, y: 0, height: CHART - 16 }),
      ...values.map(bar),
      svg("path", { class: "fm-zero", d: `M0 ${y(0)}H${frame.width}` }),
      ...ticks.map(([text, x, anchor]) => svg("text", { x, y: CHART - 3, "text-anchor": anchor }, text)),
    );
  }

  function drawEquation(sum) {
    const { channel, row, col } = unit;
    const { window, weights, sum: chosen, channel: plane } = parts[part()];
    const listed = (numbers, between) => numbers.flatMap((number, at) => [at ? between : "", h("span", { class: "of-input" }, exact(number))]);
    const output = h("strong", { class: "of-output" }, exact(sum.value));
    const start = [h("strong", {}, `${names[unit.number - 1]}, channel ${channel}, row ${row}, column ${col}`), " = "];
    if (sum.kind === "max") return equation.replaceChildren(...start, "max(", ...listed(window.flat(), ", "), ") = ", output);
    if (sum.kind === "mean") return equation.replaceChildren(...start, "(", ...listed(window.flat(), " + "), `) / ${window.flat().length} = `, output);
    if (sum.kind === "cell") return equation.replaceChildren(...start, "max(0, ", ...listed(window.flat()), ") = ", output);
    const terms = window.flatMap((line, i) => line.flatMap((value, j) => [
      i || j ? " + " : "", h("span", { class: "of-input" }, exact(value)), "·", h("span", { class: "of-kernel" }, bracketed(weights[i][j])),
    ]));
    const addends = parts.flatMap((one, at) => [at ? " + " : "", at === part() ? h("strong", {}, bracketed(one.sum)) : bracketed(one.sum)]);
    equation.replaceChildren(
      ...start, ...addends, ` + bias ${bracketed(sum.bias)} = `, h("strong", { class: sum.relu ? "" : "of-output" }, exact(sum.total)),
      ...(sum.relu ? [`, after ReLU max(0, ${exact(sum.total)}) = `, output] : []),
      `. Input channel ${plane}: `, ...terms, " = ", h("strong", {}, exact(chosen)), ".",
    );
  }

  function sentence(sum, seen) {
    const best = now.probabilities.indexOf(Math.max(...now.probabilities));
    const truth = now.image === null ? null : labels[now.image];
    const verdict = truth === null ? "." : best === truth ? ": right." : `; it is: ${classes[truth]}.`;
    const says = `The network says ${classes[best]}, ${percent(now.probabilities[best])}${verdict}`;
    if (isWalked()) return `${says} ${capital(frame.get("tool"))} at row ${cursor.row}, column ${cursor.col}; ${plural(now.drawing.length, "pixel")} drawn.`;
    return `${says} ${names[unit.number - 1]}, channel ${unit.channel}, unit (${unit.row}, ${unit.col}) is ${exact(sum.value)}; it sees ${seenWords(seen, height, width)}.`;
  }

  return function draw() {
    if (!(frame.width > 0)) return; // not in the page yet, or hidden: there is no size to draw for
    const [before, old] = [now, sizes];
    now = compute();
    if (sizes?.width !== frame.width) sizes = lay();
    const colors = signedColors(frame.root, 1); // once: reading a style between changes makes the browser lay out in between
    if (now !== before || sizes !== old) paint(colors);
    unit = chosenUnit();
    const sum = unitSum(layers, now.maps, unit.at, unit.channel, unit.row, unit.col);
    parts = sum.parts;
    const seen = windowAt(unit.at, unit.row, unit.col);
    drawImage(seen);
    drawMap(colors);
    drawOverview(sum.source);
    drawLens(sum);
    drawChart(sum);
    drawEquation(sum);
    status.say(sentence(sum, seen));
  };
}

const render = (context) => figure(context, { name: "FeatureMaps", label: "Feature maps", traits: TRAITS }, build);
export default { render };
