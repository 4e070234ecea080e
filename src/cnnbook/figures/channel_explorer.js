import {
  arrowStep, clamp, extent, figure, filterPlanes, followPointer, formatCount, greyOf, greys, h, kernelIcon, kernelPreset,
  paintPixels, plural, readPicture, setText, shortNumber, signedColors, statusLine, svg,
} from "./kit.js";

const TRAITS = [
  "in_channels", "out_channels", "kernel_size", "groups", "depthwise_separable", "bias", "output_channel", "row", "column", "image",
];
const LONGEST_SIDE = 128;
const PHONE = 540;

// ── the layer ───────────────────────────────────────────────────────────────────────────────────

const INPUTS = ["red", "green", "blue", "grey", "grey, blurred", "vertical edges", "horizontal edges", "corners"];
/** What each output looks for: a kernel, and whether it sees all channels alike or one against the others. */
const OUTPUTS = [
  ["vertical edges", "all"], ["horizontal edges", "all"], ["blur", "second"], ["corners", "all"],
  ["sharpen", "all"], ["blur", "first"], ["vertical edges", "second"], ["horizontal edges", "first"],
];
const DEPTHWISE = ["vertical edges", "horizontal edges", "blur", "corners", "sharpen"];

/** The numbers that are in both counts without a remainder. */
export const commonDivisors = (one, other) =>
  Array.from({ length: Math.min(one, other) }, (_, at) => at + 1).filter((divisor) => one % divisor === 0 && other % divisor === 0);

/** The input maps: red, green, blue, then maps that an earlier layer might hand on, within -255 to 255. */
export function inputPlanes({ planes, width, height }, count) {
  const grey = greyOf(planes);
  const edges = (name, by) => {
    const kernel = kernelPreset(name, 3).map((row) => row.map((weight) => weight / by));
    return filterPlanes([grey], [kernel], { width, height, padding: 1 }).values;
  };
  const made = [
    () => grey,
    () => filterPlanes([grey], [kernelPreset("blur", 5)], { width, height, padding: 2 }).values,
    () => edges("vertical edges", 3),
    () => edges("horizontal edges", 3),
    () => edges("corners", 2),
  ];
  return [...planes, ...made.slice(0, Math.max(0, count - 3)).map((make) => make())].slice(0, count);
}

/** One weight for each channel: channel `one` against the mean of the others. */
const against = (one, count) => Array.from({ length: count }, (_, at) => (at === one ? 1 : -1 / (count - 1)));

const times = (kernel, factor) => kernel.map((row) => row.map((weight) => weight * factor));

/** The kernels of an output over the `names` of its inputs, and a name for what it finds. */
function detector(output, kernelSize, names) {
  const count = names.length;
  if (kernelSize === 1) {
    const one = (output + count - 1) % count;
    const alone = Math.floor((output + count - 1) / count) % 2 === 0;
    if (count === 1) return { name: names[0], kernels: [[[1]]] };
    if (output === 0) return { name: "mean of its inputs", kernels: names.map(() => [[1 / count]]) };
    if (alone) return { name: `${names[one]} alone`, kernels: names.map((_, at) => [[at === one ? 1 : 0]]) };
    return { name: `${names[one]} against rest`, kernels: against(one, count).map((weight) => [[weight]]) };
  }
  const [pattern, sees] = OUTPUTS[output];
  const kernel = kernelPreset(pattern, kernelSize);
  if (count === 1) return { name: `${pattern} of ${names[0]}`, kernels: [kernel] };
  if (sees === "all") return { name: pattern, kernels: names.map(() => kernel) };
  const one = sees === "first" ? 0 : 1;
  const what = `${names[one]} against rest`;
  return { name: pattern === "blur" ? what : `${pattern}, ${what}`, kernels: against(one, count).map((weight) => times(kernel, weight)) };
}

/** One convolution: for each output its name, the inputs that it sees (`sources`), a kernel for each, and its bias. */
function layer(inputs, outputs, kernelSize, groups, bias, find = detector) {
  const [perGroup, outputsPerGroup] = [inputs.length / groups, outputs / groups];
  return Array.from({ length: outputs }, (_, output) => {
    const first = Math.floor(output / outputsPerGroup) * perGroup;
    const sources = Array.from({ length: perGroup }, (_, at) => first + at);
    return { ...find(output, kernelSize, sources.map((at) => inputs[at])), sources, bias: bias ? output + 1 : 0 };
  });
}

/** The layers of the figure: one, or the two of a depthwise separable convolution. */
export function layersFor({ inChannels, outChannels, kernelSize, groups, depthwiseSeparable, bias }) {
  const inputs = INPUTS.slice(0, inChannels);
  if (!depthwiseSeparable) return [layer(inputs, outChannels, kernelSize, groups, bias)];
  const ofChannel = (channel, size, [name]) => {
    const pattern = size === 1 ? "identity" : DEPTHWISE[channel % DEPTHWISE.length];
    return { name: size === 1 ? name : `${pattern} of ${name}`, kernels: [kernelPreset(pattern, size)] };
  };
  const depthwise = layer(inputs, inChannels, kernelSize, inChannels, bias, ofChannel);
  return [depthwise, layer(depthwise.map((_, at) => `map ${at + 1}`), outChannels, 1, 1, bias)];
}

/** The output maps of a layer; the padding keeps their size. */
export function runLayer(planes, outputs, { width, height }) {
  return outputs.map(({ sources, kernels, bias }) => {
    const { values } = filterPlanes(sources.map((at) => planes[at]), kernels, { width, height, padding: (kernels[0].length - 1) / 2 });
    return values.map((value) => value + bias);
  });
}

/** What a layer costs, as formulas with their numbers in them. A multiply-accumulate is one product added to a sum; biases are not counted. */
export function costOf({ inChannels, outChannels, kernelSize, groups, depthwiseSeparable, bias }, { width, height }) {
  const [side, area] = [`${kernelSize} · ${kernelSize}`, kernelSize ** 2];
  const [inputs, seen] = groups === 1 ? [`${inChannels}`, inChannels] : [`${inChannels} / ${groups}`, inChannels / groups];
  const weights = depthwiseSeparable ? inChannels * area + inChannels * outChannels : seen * outChannels * area;
  const biases = !bias ? 0 : depthwiseSeparable ? inChannels + outChannels : outChannels;
  const weightWords = depthwiseSeparable ? [`${inChannels} · ${side}`, `${inChannels} · ${outChannels}`] : [`${inputs} · ${outChannels} · ${side}`];
  const biasWords = depthwiseSeparable ? [inChannels, outChannels] : [outChannels];
  const sum = weightWords.map((words, at) => (bias ? `${words} + ${biasWords[at]}` : words)).join(" + ");
  const positions = `${height} · ${width}`;
  return {
    parameters: weights + biases,
    parameterFormula: sum,
    macs: weights * width * height,
    macFormula: depthwiseSeparable ? `(${weightWords.join(" + ")}) · ${positions}` : `${weightWords[0]} · ${positions}`,
  };
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const exact = (value) => String(+value.toFixed(3));
const listed = (numbers) => (numbers.length === 1 ? numbers[0] : `${numbers.slice(0, -1).join(", ")} or ${numbers.at(-1)}`);

function groupsProblem({ inChannels, outChannels, groups, depthwiseSeparable }) {
  if (depthwiseSeparable || (inChannels % groups === 0 && outChannels % groups === 0)) return null;
  const parts = [[inChannels, "input"], [outChannels, "output"]].filter(([count]) => count % groups !== 0);
  return `${plural(groups, "group")} cannot share ${parts.map(([count, kind]) => plural(count, `${kind} channel`)).join(" and ")} evenly. ` +
    `Choose ${listed(commonDivisors(inChannels, outChannels))} for groups, or other numbers of channels.`;
}

const colorsFor = (element, values) => {
  const [least, greatest] = extent(values);
  return least < 0 ? signedColors(element, Math.max(-least, greatest)) : greys(0, greatest);
};

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const status = statusLine();
  let picture = null;
  let fromPython = null; // the value of the trait `image` that was read last
  let unread = false;
  let now = null; // the present layers and their maps; see compute
  let laid = null; // what the drawing was last laid out for

  async function open(source) {
    const read = await readPicture(source, LONGEST_SIDE).catch(() => null);
    if (source !== fromPython) return;
    unread = !read;
    picture = read ?? picture;
    frame.redraw();
  }

  const settingsNow = () => ({
    inChannels: frame.get("in_channels"), outChannels: frame.get("out_channels"), kernelSize: frame.get("kernel_size"),
    groups: frame.get("groups"), depthwiseSeparable: frame.get("depthwise_separable"), bias: frame.get("bias"),
  });

  function compute() {
    const settings = settingsNow();
    const key = JSON.stringify(settings);
    if (now?.key === key && now.picture === picture) return now;
    const problem = groupsProblem(settings);
    const layers = problem ? [] : layersFor(settings);
    const maps = [inputPlanes(picture, settings.inChannels)];
    for (const outputs of layers) maps.push(runLayer(maps.at(-1), outputs, picture));
    return { key, picture, settings, problem, layers, maps };
  }

  const chosen = () => clamp(frame.get("output_channel"), 0, now.settings.outChannels - 1);
  const pixel = () => ({ row: clamp(frame.get("row"), 0, picture.height - 1), col: clamp(frame.get("column"), 0, picture.width - 1) });

  // ── maps ──

  const toPixel = (event, canvas) => {
    if (canvas.hidden) return;
    const { x, y, width, height } = canvas.getBoundingClientRect();
    const along = (offset, length, size) => clamp(Math.floor((offset / length) * size), 0, size - 1);
    frame.set({ row: along(event.clientY - y, height, picture.height), column: along(event.clientX - x, width, picture.width) });
  };
  const walk = (event) => {
    const step = arrowStep(event, 10);
    if (!step) return;
    event.preventDefault();
    const { row, col } = pixel();
    frame.set({ row: clamp(row + step[0], 0, picture.height - 1), column: clamp(col + step[1], 0, picture.width - 1) });
  };

  /** A column of at most eight maps, made once; `onChoose` makes them buttons. */
  function mapColumn(kind, onChoose) {
    return Array.from({ length: 8 }, (_, at) => {
      const canvas = h("canvas", { "aria-hidden": "true" });
      const cross = h("span", { class: "cross" });
      const name = h("span", { class: "name" });
      const element = h(onChoose ? "button" : "div", {
        class: `map ${kind}`, ...(onChoose ? { type: "button", onclick: () => onChoose(at), onfocus: () => onChoose(at), onkeydown: walk } : { role: "img" }),
      }, canvas, cross, name);
      followPointer(element, (event) => toPixel(event, canvas));
      return { element, canvas, cross, name };
    });
  }
  const inputs = mapColumn("input");
  const middles = mapColumn("middle");
  const outputs = mapColumn("output", (at) => frame.set({ output_channel: at }));
  const wires = svg("svg", { class: "wires", "aria-hidden": "true" });
  const stage = h("div", { class: "stage" }, wires, ...[inputs, middles, outputs].flat().map(({ element }) => element));
  const heads = [h("p", { class: "grid-title" }), h("p", { class: "grid-title" }), h("p", { class: "grid-title" })];

  // ── one pixel, and the counts ──

  const addends = h("div", { class: "addends", tabindex: "0", role: "group", "aria-label": "one output pixel as a sum" });
  const pixelTitle = h("p", { class: "grid-title" });
  const row = (name) => {
    const cells = { parameters: h("td"), macs: h("td") };
    const bar = h("div", { class: "bar" });
    return { name, cells, bar, element: h("tr", {}, h("th", { scope: "row" }, name, h("div", { class: "track", "aria-hidden": "true" }, bar)), cells.parameters, cells.macs) };
  };
  const [here, dense] = [row("this layer"), row("ordinary layer")];
  const ratios = { parameters: h("td"), macs: h("td") };
  const table = h("table", {},
    h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col" }, "parameters"), h("th", { scope: "col" }, "multiply-accumulates (MACs)"))),
    h("tbody", {}, here.element, dense.element, h("tr", {}, h("th", { scope: "row" }, "ratio"), ratios.parameters, ratios.macs)),
  );

  const groups = frame.slider("groups", { text: (value) => (frame.get("depthwise_separable") ? `${frame.get("in_channels")}, then 1` : String(value)) });
  const groupsRange = groups.querySelector("input");

  frame.root.append(
    h("div", { class: "controls" },
      frame.slider("in_channels"), frame.slider("out_channels"),
      frame.select("kernel_size", { text: (size) => `${size} × ${size}` }), groups,
      h("div", { class: "buttons" }, frame.checkbox("depthwise_separable"), frame.checkbox("bias"), frame.resetButton()),
    ),
    status.element,
    h("div", { class: "heads" }, ...heads),
    stage,
    pixelTitle,
    addends,
    table,
    h("p", { class: "note" }, "Click an output to take it apart, or reach it with Tab. Point at any map to choose the pixel, or walk with the arrow keys."),
  );

  // ── drawing ──

  /** Where everything lies, in pixels of the stage. */
  function layout() {
    const { inChannels, outChannels } = now.settings;
    const split = now.settings.depthwiseSeparable;
    const wide = frame.width >= PHONE;
    const [width, height] = [frame.width, wide ? 400 : 380];
    const label = wide ? 94 : 0;
    const pitch = height / Math.max(inChannels, outChannels);
    const most = wide ? width * (split ? 0.12 : 0.17) : width * (split ? 0.15 : 0.21);
    const scale = Math.min(most / picture.width, Math.min(wide ? 90 : 60, pitch - 10) / picture.height);
    const [mapWidth, mapHeight] = [Math.max(24, picture.width * scale), Math.max(24, picture.height * scale)];
    const middle = (at, count) => (height * (at + 0.5)) / count;
    const depthwise = label + mapWidth + (wide ? 24 : 6);
    const depthwiseSlot = Math.min(wide ? 40 : 16, height / inChannels - 6);
    const middleLeft = depthwise + depthwiseSlot + (wide ? 12 : 4);
    const outputLeft = width - label - mapWidth;
    const wiresFrom = (split ? middleLeft : label) + mapWidth;
    const room = Math.min(outputLeft - 8 - wiresFrom - (wide ? 44 : 20), width * 0.32); // for the last layer's kernels, beside their wires
    const slot = Math.min(wide ? 40 : 30, room / inChannels, height / outChannels - 6);
    const strip = outputLeft - 8 - slot * inChannels;
    return {
      wide, width, height, label, mapWidth, mapHeight, slot, strip, outputLeft, inputLeft: label, depthwise, depthwiseSlot,
      middleLeft, wiresFrom, inputY: (at) => middle(at, inChannels), outputY: (at) => middle(at, outChannels),
    };
  }

  function placeMaps(column, left, y, { mapWidth, mapHeight }, values, label) {
    column.forEach(({ element, canvas, name }, at) => {
      element.hidden = at >= values.length;
      if (element.hidden) return;
      Object.assign(element.style, { left: `${left}px`, top: `${y(at) - mapHeight / 2}px`, width: `${mapWidth}px`, height: `${mapHeight}px` });
      setText(name, label(at));
      element.setAttribute("aria-label", label(at, true));
      canvas.hidden = values[at] === null;
      if (values[at]) paintPixels(canvas, { values: values[at], width: picture.width, height: picture.height }, colorsFor(frame.root, values[at]));
    });
  }

  const curve = (fromX, fromY, toX, toY) => `M${fromX} ${fromY}C${(fromX + toX) / 2} ${fromY} ${(fromX + toX) / 2} ${toY} ${toX} ${toY}`;
  const at = (x, y, side, kernel) => svg("g", { transform: `translate(${x} ${y - side / 2})` }, kernelIcon([kernel], side));

  /** The wires and the kernels of the last layer: a row of kernels for each output, a column for each input; groups are blocks of it. */
  function drawWires(place) {
    const { inputY, outputY, mapWidth, slot, strip, inputLeft, depthwise, depthwiseSlot, middleLeft, wiresFrom } = place;
    const last = now.layers.at(-1) ?? [];
    const parts = [];
    last.forEach(({ sources, kernels }, output) => {
      for (const source of sources)
        parts.push(svg("path", { d: curve(wiresFrom, inputY(source), strip - 4, outputY(output)), "data-output": output, "data-input": source }));
      const side = slot - 4;
      parts.push(svg("g", { class: "kernels", "data-output": output },
        svg("rect", { class: "block", x: strip + sources[0] * slot - 2, y: outputY(output) - slot / 2 - 1, width: slot * sources.length + 2, height: slot + 2, rx: 3 }),
        ...sources.map((source, channel) => at(strip + source * slot + 1, outputY(output), side, kernels[channel]))));
      for (let source = 0; source < now.settings.inChannels; source++)
        if (!sources.includes(source)) parts.push(svg("circle", { cx: strip + (source + 0.5) * slot, cy: outputY(output), r: 1.5 }));
    });
    if (now.settings.depthwiseSeparable)
      now.layers[0].forEach(({ kernels }, channel) =>
        parts.push(
          svg("path", { d: `M${inputLeft + mapWidth} ${inputY(channel)}H${middleLeft}`, "data-input": channel }),
          svg("g", { class: "kernels" }, at(depthwise, inputY(channel), depthwiseSlot, kernels[0])),
        ),
      );
    wires.setAttribute("width", place.width);
    wires.setAttribute("height", place.height);
    wires.replaceChildren(...parts);
  }

  function drawStage() {
    const place = layout();
    const { settings, layers, maps, problem } = now;
    const split = settings.depthwiseSeparable;
    stage.style.height = `${place.height}px`;
    stage.classList.toggle("wide", place.wide);
    const inputName = (channel, full) => (full ? `input ${channel + 1}: ${INPUTS[channel]}` : INPUTS[channel]);
    placeMaps(inputs, place.inputLeft, place.inputY, place, maps[0], inputName);
    placeMaps(middles, place.middleLeft, place.inputY, place, split ? maps[1] : [], (channel) => `map ${channel + 1}: ${layers[0][channel].name}`);
    const empty = Array.from({ length: settings.outChannels }, () => null);
    placeMaps(outputs, place.outputLeft, place.outputY, place, problem ? empty : maps.at(-1), (output, full) => {
      const name = problem ? "" : layers.at(-1)[output].name;
      return full ? `output ${output + 1}: ${name || "none"}` : name;
    });
    drawWires(place);
    const { inChannels, outChannels, kernelSize } = settings;
    setText(heads[0], plural(inChannels, "input"));
    const square = `${kernelSize} × ${kernelSize}`;
    setText(heads[1], problem ? "" : split ? (place.wide ? `${plural(inChannels, "kernel")} of ${square}, then ${outChannels} × ${inChannels} of 1 × 1` : `${square}, then 1 × 1`)
      : `${outChannels} × ${inChannels / settings.groups} kernels of ${square}`);
    setText(heads[2], problem ? "no output" : plural(outChannels, "output"));
  }

  function drawChoice() {
    const output = chosen();
    const sources = now.problem ? [] : now.layers.at(-1)[output].sources;
    for (const part of wires.querySelectorAll("[data-output], [data-input]")) {
      const { output: to, input: from } = part.dataset;
      part.classList.toggle("lit", to === undefined ? sources.includes(Number(from)) : Number(to) === output);
    }
    outputs.forEach(({ element }, index) => element.setAttribute("aria-pressed", index === output));
    const { row, col } = pixel();
    for (const { cross } of [inputs, middles, outputs].flat())
      Object.assign(cross.style, { left: `${(100 * (col + 0.5)) / picture.width}%`, top: `${(100 * (row + 0.5)) / picture.height}%` });
  }

  const addend = (icon, name, text, data = {}) => h("div", { class: "addend", ...data }, icon, h("span", { class: "of" }, name), h("span", { class: "value" }, text));

  /** The chosen pixel's share from each input, and its sum. */
  function drawSum() {
    if (now.problem) {
      setText(pixelTitle, "");
      return addends.replaceChildren();
    }
    const output = chosen();
    const { row, col } = pixel();
    const { sources, kernels, bias } = now.layers.at(-1)[output];
    const planes = now.maps.at(-2);
    const window = { width: picture.width, height: picture.height, padding: (kernels[0].length - 1) / 2 };
    const at = row * picture.width + col;
    const parts = sources.map((source, channel) => {
      const value = pixelOf(planes[source], kernels[channel], window, row, col);
      const [weight] = kernels[channel][0];
      const [icon, words] = kernels[0].length > 1 ? [kernelIcon([kernels[channel]], 30), INPUTS[source]]
        : ["", `${source + 1}: ${shortNumber(planes[source][at])} · ${weight < 0 ? `(${shortNumber(weight)})` : shortNumber(weight)}`];
      return addend(icon, words, exact(value), { "data-grid": "product", "data-col": source, "data-value": value });
    });
    if (now.settings.bias) parts.push(addend("", "bias", exact(bias)));
    const value = now.maps.at(-1)[output][at];
    setText(pixelTitle, `output ${output + 1}, ${now.layers.at(-1)[output].name}, at row ${row + 1}, column ${col + 1}:`);
    addends.replaceChildren(
      ...parts.map((part, index) => h("div", { class: "term" }, index ? "+" : "", part)),
      h("div", { class: "term" }, "=", addend("", "output", exact(value), { "data-grid": "output", "data-row": row, "data-col": col, "data-value": value })),
    );
  }

  function drawCounts() {
    const { settings, problem } = now;
    const full = costOf({ ...settings, groups: 1, depthwiseSeparable: false }, picture);
    const cost = problem ? null : costOf(settings, picture);
    const most = Math.max(full.parameters, cost?.parameters ?? 0);
    for (const [{ cells, bar }, counts] of [[here, cost], [dense, full]]) {
      setText(cells.parameters, counts ? `${counts.parameterFormula} = ${formatCount(counts.parameters)}` : "none");
      setText(cells.macs, counts ? `${counts.macFormula} = ${formatCount(counts.macs)}` : "none");
      bar.style.width = `${(100 * (counts?.parameters ?? 0)) / most}%`;
    }
    for (const [name, cell] of Object.entries(ratios)) setText(cell, cost ? String(+(cost[name] / full[name]).toPrecision(3)) : "none");
  }

  function sentence() {
    const { settings, maps } = now;
    const { inChannels, outChannels, kernelSize, groups, depthwiseSeparable, bias } = settings;
    const words = (from, to, size, parts) => `Conv2d(${from}, ${to}, ${size}${size > 1 ? `, padding=${(size - 1) / 2}` : ""}${parts > 1 ? `, groups=${parts}` : ""}${bias ? "" : ", bias=False"})`;
    const code = depthwiseSeparable ? `${words(inChannels, inChannels, kernelSize, inChannels)}, then ${words(inChannels, outChannels, 1, 1)}` : words(inChannels, outChannels, kernelSize, groups);
    const { parameters, macs } = costOf(settings, picture);
    const [output, { row, col }] = [chosen(), pixel()];
    const value = maps.at(-1)[output][row * picture.width + col];
    return `${code}: ${plural(parameters, "parameter")}, ${plural(macs, "MAC")}. Output ${output + 1} here: ${exact(value)}.`;
  }

  return function draw() {
    if (fromPython !== frame.get("image")) {
      fromPython = frame.get("image");
      open(fromPython);
    }
    groupsRange.disabled = frame.get("depthwise_separable");
    frame.root.classList.toggle("reading", !picture && !unread);
    if (!picture) return status.say(unread ? "This browser cannot read the image. Set “image” to the data URL of a PNG, JPEG or WebP picture." : "Reading the picture.", { problem: unread });
    if (!(frame.width > 0)) return; // not in the page yet, or hidden: there is no size to draw for
    now = compute();
    if (laid?.now !== now || laid.width !== frame.width) {
      drawStage();
      drawCounts();
      laid = { now, width: frame.width };
    }
    drawChoice();
    drawSum();
    status.say(now.problem ?? sentence(), { problem: Boolean(now.problem) });
  };
}

/** One output of a one-channel convolution, without the rest of its map. */
function pixelOf(plane, kernel, { width, height, padding }, row, col) {
  let sum = 0;
  kernel.forEach((weights, i) =>
    weights.forEach((weight, j) => {
      const [y, x] = [row - padding + i, col - padding + j];
      if (y >= 0 && y < height && x >= 0 && x < width) sum += weight * plane[y * width + x];
    }),
  );
  return sum;
}

const render = (context) => figure(context, { name: "ChannelExplorer", label: "Channel explorer", traits: TRAITS }, build);
export default { render };
