import {
  arrowStep, capital, clamp, extent, figure, filterPlanes, followPointer, greyOf, greys, h, kernelIcon, kernelPreset,
  largest, numberGrid, paintPixels, readPicture, setText, shadeClass, shortNumber, signedColors, square, statusLine,
} from "./kit.js";

const TRAITS = ["kernel_preset", "kernel_size", "weight", "per_channel", "relu", "stride", "row", "column", "image"];
const LONGEST_SIDE = 256;
const SHORTEST_SIDE = 5; // the largest kernel's
const PHONE = 540;
const RAMP = 201; // steps of the legend

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────

/** The kernels of a preset: one for all channels, or three for red, green and blue. */
export function presetKernels(name, size) {
  if (name === "green spots") return [-1, 2, -1].map((weight) => square(size, () => weight));
  return [kernelPreset(name, size)];
}

/** The reader's own kernels at another size, about the same middle: cropped, or surrounded by zeros. */
export function customKernels(weight, size) {
  const kernels = Array.isArray(weight[0]?.[0]) ? weight : [weight];
  return kernels.map((kernel) => {
    const shift = (kernel.length - size) / 2;
    return square(size, (row, col) => kernel[row + shift]?.[col + shift] ?? 0);
  });
}

/** One kernel for each channel of the input: grey, or red, green and blue. */
export function kernelsFor(kernels, perChannel) {
  if (perChannel) return kernels.length === 3 ? kernels : [0, 1, 2].map(() => kernels[0]);
  return [kernels.reduce((sum, kernel) => sum.map((row, i) => row.map((weight, j) => weight + kernel[i][j])))];
}

const total = (kernel) => kernel.flat().reduce((sum, weight) => sum + weight, 0);

/** The map, and how it is to be shown: as a picture where the weights average to 1, in greys from 0 where nothing is negative, else signed. */
export function filterPicture(planes, kernels, { width, height, stride, relu }) {
  const map = filterPlanes(planes, kernels, { width, height, stride });
  if (relu) map.values.forEach((value, at) => (map.values[at] = Math.max(0, value)));
  const [least, greatest] = extent(map.values);
  const isPicture = Math.abs(kernels.reduce((sum, kernel) => sum + total(kernel), 0) / kernels.length - 1) < 1e-9;
  const scale = isPicture ? { kind: "picture", low: 0, high: 255 * kernels.length }
    : least >= 0 ? { kind: "grey", low: 0, high: greatest }
    : { kind: "signed", low: -Math.max(-least, greatest), high: Math.max(-least, greatest) };
  return { ...map, least, greatest, scale };
}

/** Along one axis, the output whose window has `pixel` nearest its middle. */
const outputAt = (pixel, kernelSize, stride, outputs) => clamp(Math.round((pixel - (kernelSize - 1) / 2) / stride), 0, outputs - 1);

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const exact = (value) => String(+value.toFixed(3));
/** At least five figures, and no more than fit beside a word. */
const brief = (value) => String(+value.toFixed(Math.abs(value) >= 1000 ? 1 : Math.abs(value) >= 100 ? 2 : 3));
const cellText = (value) => (Math.abs(value) < 9999.5 ? shortNumber(value) : `${Math.round(value / 1000)}k`);
const bracketed = (weight) => (weight < 0 ? `(${exact(weight)})` : exact(weight));

/** Stands unseen in the place of the first picture while that is being read; so nothing moves when it comes. */
const BLANK = { planes: Array.from({ length: 3 }, () => new Float64Array(96)), grey: new Float64Array(96), width: 12, height: 8, name: null };

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const status = statusLine();
  let picture = BLANK; // what is shown; its `name` is null for Python's own
  let fromPython = null; // the value of the trait `image` that was read last
  let reading = 0; // counts the pictures asked for, so that a slow one does not replace a later one
  let message = null; // { text, problem }: about the picture that was asked for
  let typing = null; // what is wrong with the number being typed
  let channel = 0; // whose patch is magnified
  let pointed = null; // the cell under the pointer in one of the small grids
  let now = null; // the present map; see compute

  // ── picture and map ──

  async function open(source, name) {
    const turn = ++reading;
    message = { text: name ? `Reading “${name}”.` : "Reading the picture." };
    frame.redraw();
    const read = await readPicture(source, LONGEST_SIDE).catch(() => null);
    if (turn !== reading) return;
    const file = name ? `“${name.length > 40 ? `${name.slice(0, 39)}…` : name}”` : "The image";
    if (!read) message = { problem: true, text: `${file} is not a picture that this browser can read. Choose a PNG, JPEG or WebP file; until then the picture stays.` };
    else if (Math.min(read.width, read.height) < SHORTEST_SIDE)
      message = { problem: true, text: `${file} is ${read.fullHeight} × ${read.fullWidth} pixels, here ${read.height} × ${read.width}: too small for a 5 × 5 kernel. Choose a larger one; until then the picture stays.` };
    else {
      picture = { ...read, name, grey: greyOf(read.planes) };
      message = null;
    }
    frame.redraw();
  }

  function compute() {
    const [size, stride, relu, perChannel, preset] = ["kernel_size", "stride", "relu", "per_channel", "kernel_preset"].map(frame.get);
    const kernels = kernelsFor(preset === "custom" ? customKernels(frame.get("weight"), size) : presetKernels(preset, size), perChannel);
    const key = JSON.stringify([preset, kernels, stride, relu, frame.get("weight")]);
    if (now?.key === key && now.picture === picture) return now;
    const planes = perChannel ? picture.planes : [picture.grey];
    const map = filterPicture(planes, kernels, { width: picture.width, height: picture.height, stride, relu });
    return { key, picture, planes, kernels, size, stride, relu, perChannel, map };
  }

  /** The magnified window: its output's row and column, and the patch of the picture from `top` and `left`. */
  function windowNow() {
    const { size, stride, map } = now;
    const row = outputAt(frame.get("row"), size, stride, map.height);
    const col = outputAt(frame.get("column"), size, stride, map.width);
    const [top, left] = [row * stride, col * stride];
    const patches = now.planes.map((plane) => square(size, (i, j) => plane[(top + i) * picture.width + left + j]));
    const products = patches.map((patch, at) => patch.map((line, i) => line.map((value, j) => value * now.kernels[at][i][j])));
    const sums = products.map(total);
    return { row, col, top, left, patches, products, sums, sum: total(sums), output: map.values[row * map.width + col] };
  }

  // ── controls ──

  const choose = (name) => {
    const changes = { kernel_preset: name };
    if (name === "green spots") changes.per_channel = true;
    if (name === "custom" && !frame.get("weight").length) changes.weight = now.kernels.length === 1 ? now.kernels[0] : now.kernels;
    frame.set(changes);
  };
  const presets = new Map();
  for (const name of frame.get("limits").kernel_preset.values) presets.set(name, h("button", { type: "button", class: "preset", onclick: () => choose(name) }, h("span", {}, name)));

  const file = h("input", {
    type: "file", accept: "image/*", "aria-label": "Open a picture",
    onchange: () => {
      const [chosen] = file.files;
      file.value = ""; // so that the same file can be chosen again
      if (chosen) open(chosen, chosen.name);
    },
  });
  const reset = () => {
    fromPython = null;
    channel = 0;
    frame.reset();
    frame.redraw();
  };

  // ── photograph and map, walked by one window ──

  /** Where the picture lies in its box, which keeps its shape whatever the picture's. */
  function place() {
    const wide = frame.width >= PHONE;
    const boxWidth = Math.floor((frame.width - (wide ? 16 : 8)) / 2);
    const boxHeight = Math.round((boxWidth * 2) / 3);
    const zoom = Math.min(boxWidth / picture.width, boxHeight / picture.height);
    return { boxWidth, boxHeight, zoom, left: (boxWidth - picture.width * zoom) / 2, top: (boxHeight - picture.height * zoom) / 2 };
  }

  const walk = (rows, cols) => {
    const { row, col } = windowNow();
    const middle = (at, outputs) => clamp(at, 0, outputs - 1) * now.stride + (now.size - 1) / 2;
    frame.set({ row: middle(row + rows, now.map.height), column: middle(col + cols, now.map.width) });
  };

  function scene(label) {
    const canvas = h("canvas", { role: "img" });
    const marker = h("div", { class: "marker" });
    const box = h("div", { class: "scene box", tabindex: "0", role: "application", "aria-label": label }, canvas, marker);
    const pointTo = (event) => {
      if (!now) return;
      const { left, top, zoom } = place();
      const { x, y } = box.getBoundingClientRect();
      const pixel = (offset, size) => clamp(Math.floor(offset / zoom), 0, size - 1);
      frame.set({ row: pixel(event.clientY - y - top, picture.height), column: pixel(event.clientX - x - left, picture.width) });
    };
    followPointer(box, pointTo);
    box.addEventListener("keydown", (event) => {
      const step = arrowStep(event, 10);
      if (!step || !now) return;
      event.preventDefault();
      walk(...step);
    });
    return { canvas, marker, box };
  }
  const [photo, response] = [scene("photograph: arrow keys move the window"), scene("map: arrow keys move the window")];

  function lay({ canvas, marker, box }, { boxWidth, boxHeight, ...at }, pixel, window) {
    box.style.width = `${boxWidth}px`;
    box.style.height = `${boxHeight}px`;
    for (const [side, value] of Object.entries(at)) canvas.style[side] = `${value}px`;
    canvas.classList.toggle("blocks", pixel >= 2); // so that a pixel of a small map is seen as one
    for (const [side, value] of Object.entries(window)) marker.style[side] = `${value}px`;
  }

  // ── the window, magnified ──

  const point = (cell) => {
    pointed = cell;
    frame.redraw();
  };
  const edit = ({ row, col }, value) => {
    const kernels = structuredClone(now.kernels);
    kernels[Math.min(channel, kernels.length - 1)][row][col] = value;
    frame.set({ kernel_preset: "custom", weight: now.perChannel ? kernels : kernels[0] });
  };
  const onProblem = (sentence) => {
    typing = sentence;
    frame.redraw();
  };
  const grids = {
    patch: numberGrid({ label: "patch", onPoint: point }),
    kernel: numberGrid({ label: "kernel", onPoint: point, onEdit: edit, onProblem }),
    products: numberGrid({ label: "products", onPoint: point }),
  };
  const titles = Object.fromEntries(Object.keys(grids).map((name) => [name, h("p", { class: "grid-title" }, h("span", {}, name))]));
  const part = (name) => h("div", { class: `part ${name}` }, titles[name], grids[name].element);
  const sign = (text, name = "") => h("div", { class: `sign ${name}`, "aria-hidden": "true" }, text);

  const addends = ["red", "green", "blue"].map((color, at) => {
    const value = h("span", { class: "value" });
    const icon = h("span");
    const choice = h("button", { type: "button", class: "addend", onclick: () => { channel = at; frame.redraw(); } }, icon, h("span", {}, color), value);
    return { choice, icon, value };
  });
  const sum = h("span", { class: "value" });
  const output = h("div", { class: "output", "data-grid": "output" });
  const outputName = h("span");
  const column = h("div", { class: "part column" },
    ...addends.map(({ choice }) => choice),
    h("p", { class: "row" }, h("span", {}, "sum"), sum),
    h("div", { class: "row" }, outputName, output),
  );
  const equation = h("div", { class: "sum", tabindex: "0", role: "group", "aria-label": "sum of the window" });

  // ── legend ──

  const ramp = h("canvas", { class: "ramp", role: "img" });
  const ends = [h("span"), h("span"), h("span")];
  const range = h("p", { class: "grid-title" });
  const caption = h("p", { class: "note" });
  const photoTitle = h("p", { class: "grid-title" });
  const mapTitle = h("p", { class: "grid-title" });

  frame.root.append(
    h("div", { class: "presets", role: "group", "aria-label": "kernel preset" }, ...presets.values()),
    h("div", { class: "controls" },
      frame.select("kernel_size", { text: (size) => `${size} × ${size}` }),
      frame.slider("stride"),
      h("div", { class: "buttons" }, frame.checkbox("per_channel"), frame.checkbox("relu", { label: "ReLU" })),
      h("div", { class: "buttons" }, h("label", { class: "file" }, "Open a picture", file), h("button", { type: "button", onclick: reset }, "Reset")),
    ),
    h("div", { class: "pair" },
      h("div", { class: "half" }, photoTitle, photo.box, caption),
      h("div", { class: "half" }, h("div", { class: "titles" }, mapTitle, range), response.box, ramp, h("div", { class: "ends" }, ...ends)),
    ),
    h("div", { class: "lens" }, part("patch"), sign("·"), part("kernel"), sign("=", "equals"), part("products"), sign("→"), column),
    status.element,
    equation,
    h("p", { class: "note" }, "Point at either picture, or walk with the arrow keys. Click a number of the kernel a second time, or press Enter, to type another. A picture that you open stays on this page."),
  );

  // ── drawing ──

  function drawKernels() {
    for (const [name, button] of presets) {
      const kernels = name === "custom" ? customKernels(frame.get("weight"), now.size) : presetKernels(name, now.size);
      button.replaceChildren(kernelIcon(kernels, 15), button.lastChild);
      button.setAttribute("aria-pressed", name === frame.get("kernel_preset"));
    }
    if (now.perChannel) addends.forEach(({ icon }, at) => icon.replaceChildren(kernelIcon([now.kernels[at]], 15)));
  }

  function paintPhoto() {
    const { width, height, grey } = picture;
    const [red, green, blue] = now.perChannel ? picture.planes : [grey, grey, grey];
    paintPixels(photo.canvas, { values: red, width, height }, (value, data, at) => {
      data[at] = value;
      data[at + 1] = green[at / 4];
      data[at + 2] = blue[at / 4];
      data[at + 3] = 255;
    });
    photo.canvas.setAttribute("aria-label", `${picture.name ?? "Photograph"}, ${height} by ${width} pixels, ${now.perChannel ? "in color" : "as grey"}`);
    setText(photoTitle, now.perChannel ? `picture ${height}\u00a0×\u00a0${width}\u00a0×\u00a03` : `picture ${height}\u00a0×\u00a0${width}, grey`);
    const reduced = picture.fullWidth > width ? `, reduced from ${picture.fullHeight} × ${picture.fullWidth}` : "";
    setText(caption, picture.name ? `${picture.name}${reduced}` : reduced.slice(2));
  }

  function paintMap() {
    const { map } = now;
    const { kind, low, high } = map.scale;
    const colors = kind === "signed" ? signedColors(frame.root, high) : greys(low, high);
    paintPixels(response.canvas, map, colors);
    paintPixels(ramp, { values: Array.from({ length: RAMP }, (_, at) => low + ((high - low) * at) / (RAMP - 1)), width: RAMP, height: 1 }, colors);
    response.canvas.setAttribute("aria-label", `Map of ${frame.get("kernel_preset")}, ${map.height} by ${map.width} outputs from ${exact(map.least)} to ${exact(map.greatest)}`);
    ramp.setAttribute("aria-label", `${kind === "signed" ? "Pink below 0, green above" : "Black to white"}: ${exact(low)} to ${exact(high)}`);
    [low, kind === "signed" ? 0 : (low + high) / 2, high].forEach((value, at) => setText(ends[at], exact(value)));
    setText(range, `${exact(map.least)} to ${exact(map.greatest)}`);
    setText(mapTitle, `map ${map.height}\u00a0×\u00a0${map.width}`);
  }

  function drawScenes(window) {
    const { boxWidth, boxHeight, zoom, left, top } = place();
    const { size, stride, map } = now;
    const corner = (length, pixels) => ({ length: Math.max(7, length * zoom), middle: (pixels + length / 2) * zoom });
    const around = (rows, cols, length) => {
      const [vertical, horizontal] = [corner(length, rows), corner(length, cols)];
      return { left: left + horizontal.middle - horizontal.length / 2, top: top + vertical.middle - vertical.length / 2, width: horizontal.length, height: vertical.length };
    };
    // An output stands over the middle of its window; so map and picture lie over one another, pixel for pixel.
    const inset = (size - stride) / 2;
    lay(photo, { boxWidth, boxHeight, left, top, width: picture.width * zoom, height: picture.height * zoom }, zoom, around(window.top, window.left, size));
    lay(response, {
      boxWidth, boxHeight, left: left + inset * zoom, top: top + inset * zoom, width: map.width * stride * zoom, height: map.height * stride * zoom,
    }, zoom * stride, around(window.top + inset, window.left + inset, stride));
  }

  function drawLens(window) {
    const { size, kernels, perChannel, relu } = now;
    const shown = Math.min(channel, kernels.length - 1);
    const [patch, kernel, products] = [window.patches[shown], kernels[shown], window.products[shown]];
    const room = frame.width >= PHONE ? 150 : Math.floor((frame.width - 16) / 2);
    const cellSize = Math.min(50, Math.floor((room - 1) / size));
    const isPointed = (row, col) => (pointed?.row === row && pointed.col === col ? "current" : "");
    const draw = (grid, table, name, look) => grid.draw({
      rows: size, cols: size, size: cellSize,
      cell(row, col) {
        const text = cellText(table[row][col]);
        return { value: table[row][col], text, row, col, grid: name, ...look(table[row][col], `${text.length > 4 ? "long" : ""} ${isPointed(row, col)}`) };
      },
    });
    const [topKernel, topProduct] = [largest(kernel), largest(products)];
    draw(grids.patch, patch, "input", (value, more) => ({ classes: `${value < 118 ? "dark" : "light"} ${more}`, tint: `rgb(${value} ${value} ${value})` }));
    draw(grids.kernel, kernel, "kernel", (value, more) => ({ classes: `editable ${shadeClass(value, topKernel)} ${more}`, editable: true }));
    draw(grids.products, products, "product", (value, more) => ({ classes: `${shadeClass(value, topProduct)} ${more}` }));

    const names = perChannel ? ["red", "green", "blue"] : ["grey"];
    for (const [name, title] of Object.entries(titles)) setText(title.firstChild, perChannel ? `${name}, ${names[shown]}` : name);
    addends.forEach(({ choice, value }, at) => {
      choice.hidden = !perChannel;
      if (!perChannel) return;
      choice.setAttribute("aria-pressed", at === shown);
      setText(value, brief(window.sums[at]));
    });
    setText(sum, brief(window.sum));
    setText(outputName, relu ? "ReLU" : "output");
    setText(output, brief(window.output));
    Object.assign(output.dataset, { row: window.row, col: window.col, value: window.output });

    const terms = patch.flatMap((line, i) => line.flatMap((value, j) => [
      i || j ? " + " : "", h("span", { class: "of-input" }, exact(value)), "·", h("span", { class: "of-kernel" }, bracketed(kernel[i][j])),
    ]));
    const rest = perChannel ? [`; ${names.join(" + ")} = ${window.sums.map((value, at) => (at ? (value < 0 ? ` − ${exact(-value)}` : ` + ${exact(value)}`) : exact(value))).join("")} = `, h("strong", {}, exact(window.sum))] : [];
    equation.replaceChildren(
      h("strong", {}, perChannel ? names[shown] : `output row ${window.row + 1}, column ${window.col + 1}`), " = ", ...terms,
      " = ", h("strong", { class: perChannel ? "" : "of-output" }, exact(window.sums[shown])), ...rest,
      ...(relu ? [`, after ReLU max(0, ${exact(window.sum)}) = `, h("strong", { class: "of-output" }, exact(window.output))] : []),
    );
  }

  function sentence(window) {
    const { kernels, size, stride, map, perChannel, relu } = now;
    const name = frame.get("kernel_preset");
    if (kernels.every((kernel) => largest(kernel) === 0))
      return name === "green spots"
        ? "A grey picture has the same number in all three colors; there the detector’s weights -1, 2 and -1 cancel. Tick “per channel” to see green."
        : "Every weight is 0, so the map is 0 everywhere. Type a number into the kernel.";
    return `${capital(name)}, ${size} × ${size} on ${perChannel ? "red, green and blue" : "grey"}, stride ${stride}: ${map.height} × ${map.width} outputs from ${exact(map.least)} to ${exact(map.greatest)}${relu ? " after ReLU" : ""}. ` +
      `Row ${window.row + 1}, column ${window.col + 1} is ${exact(window.output)}.`;
  }

  return function draw() {
    if (fromPython !== frame.get("image")) {
      fromPython = frame.get("image");
      open(fromPython, null);
    }
    frame.root.classList.toggle("reading", picture === BLANK);
    if (!(frame.width > 0)) return; // not in the page yet, or hidden: there is no size to draw for
    const before = now;
    now = compute();
    if (now !== before) {
      drawKernels();
      if (now.picture !== before?.picture || now.perChannel !== before.perChannel) paintPhoto();
      paintMap();
      if (now.picture === before?.picture) message = null; // the reader has gone on with the picture at hand
    }
    const window = windowNow();
    drawScenes(window);
    drawLens(window);
    status.say(typing ?? message?.text ?? sentence(window), { problem: Boolean(typing ?? message?.problem) });
  };
}

const render = (context) => figure(context, { name: "PhotoFilter", label: "Photo filter", traits: TRAITS }, build);
export default { render };
