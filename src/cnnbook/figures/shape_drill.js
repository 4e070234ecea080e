import {
  capital, convMacs, convParameters, figure, formatCount, h, kernelSpan, mulberry32, outputSize, plural, setText, statusLine, svg,
  unusedSize,
} from "./kit.js";

const TRAITS = ["seed", "topic", "question", "answer", "shown", "right", "answered", "streak"];
const SHAPE = "output shape";
const PARAMETERS = "parameters";
const MACS = "multiply-accumulates";
const FIELDS = { [SHAPE]: ["channels", "height", "width"], [PARAMETERS]: ["parameters"], [MACS]: ["multiply-accumulates"] };
const PROMPTS = { [SHAPE]: "What shape comes out?", [PARAMETERS]: "How many parameters?", [MACS]: "How many MACs?" };

// ── questions ───────────────────────────────────────────────────────────────────────────────────

/** Numbers from 0 up to 1, the same for the same seeds. */
export const randomNumbers = (...seeds) =>
  mulberry32(seeds.reduce((hash, seed) => Math.imul(hash ^ seed, 0x9e3779b1) ^ (hash >>> 15), 0x85ebca6b));

const ASKED_IN_TURN = [PARAMETERS, SHAPE, PARAMETERS, MACS];
const askOf = (topic, number) => (topic !== "everything" ? topic : number < 6 ? SHAPE : ASKED_IN_TURN[number % 4]);
const levelOf = (topic, number) => Math.min(3, topic === "everything" ? Math.floor(number / 2) : number);

/**
 * Question `number` of a topic. Level 0 has plain convolutions of square images, 1 adds strides and oblong images, 2 pooling and
 * dilation, 3 groups and layers without bias.
 * @returns {{ask: string, layer: object, height: number, width: number}}
 */
export function makeQuestion(seed, topic, number) {
  const random = randomNumbers(seed, number);
  const choose = (...values) => values[Math.floor(random() * values.length)];
  const upTo = (most) => Math.floor(random() * (most + 1));
  const chance = (share) => random() < share;
  const ask = askOf(topic, number);
  const level = levelOf(topic, number);
  const side = () => (ask === MACS ? choose(15, 16, 18, 20, 21, 24, 28, 32) : choose(15, 16, 20, 21, 24, 28, 30, 32, 33, 40, 45, 48, 56, 63, 64));

  const height = level === 0 ? choose(8, 10, 12, 14, 16, 20, 24, 28, 32) : side();
  const width = level === 0 ? height : side();
  if (level >= 2 && ask !== MACS && chance(ask === SHAPE ? 0.35 : 0.1)) {
    const [channels, kernelSize] = [choose(3, 8, 16, 32), choose(2, 3)];
    const stride = chance(0.5) ? kernelSize : choose(1, 2, 3);
    const layer = { kind: "MaxPool2d", inChannels: channels, outChannels: channels, kernelSize, stride, padding: upTo(1), dilation: 1, groups: 1, bias: false };
    return { ask, layer, height, width };
  }
  const grouped = level >= 3 && chance(0.6);
  const dilation = level >= 2 && !grouped && chance(0.5) ? choose(2, 3) : 1;
  const kernelSize = dilation > 1 ? choose(2, 3, 3, 5) : level === 0 ? choose(3, 3, 5, 7) : choose(1, 2, 3, 3, 3, 5, 5, 7);
  const stride = level >= 1 ? choose(1, 2, 2, 3) : 1;
  const padding = upTo(Math.floor(kernelSpan(kernelSize, dilation) / 2));
  const inChannels = grouped ? choose(4, 6, 8, 12, 16) : choose(1, 3, 3, 4, 8, 16);
  const groups = grouped ? choose(2, inChannels) : 1;
  const outChannels = grouped ? inChannels * choose(1, 2) : choose(4, 6, 8, 12, 16, 20, 32);
  const bias = !(level >= 3 && chance(0.3));
  return { ask, layer: { kind: "Conv2d", inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias }, height, width };
}

/** The layer as PyTorch writes it; arguments that have their default are left out. */
export function layerCode({ kind, inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias }) {
  const pool = kind === "MaxPool2d";
  const options = [
    stride !== (pool ? kernelSize : 1) && `stride=${stride}`,
    padding && `padding=${padding}`,
    dilation > 1 && `dilation=${dilation}`,
    groups > 1 && `groups=${groups}`,
    !pool && !bias && "bias=False",
  ];
  const channels = pool ? [] : [inChannels, outChannels];
  return `nn.${kind}(${[...channels, `kernel_size=${kernelSize}`, ...options.filter(Boolean)].join(", ")})`;
}

const sizeAlong = (size, { kernelSize, stride, padding, dilation }) => outputSize(size, kernelSize, stride, padding, dilation);
const filterWeights = ({ inChannels, kernelSize, groups }) => (inChannels / groups) * kernelSize ** 2;

/** Channels, height and width that come out. */
export const outputShape = ({ layer, height, width }) => [layer.outChannels, sizeAlong(height, layer), sizeAlong(width, layer)];

/** The numbers to answer with, one for each field. */
export function trueAnswer({ ask, layer, height, width }) {
  const { kind, inChannels, outChannels, kernelSize, groups, bias } = layer;
  const [channels, rows, cols] = outputShape({ layer, height, width });
  if (ask === SHAPE) return [channels, rows, cols];
  if (ask === PARAMETERS) return [kind === "MaxPool2d" ? 0 : convParameters(inChannels, outChannels, kernelSize, groups, bias)];
  return [convMacs(inChannels, outChannels, kernelSize, rows * cols, groups)];
}

// ── slips: what comes out when one thing is forgotten ────────────────────────────────────────────

function sizeSlips(size, otherSize, layer) {
  const { kind, kernelSize, stride, padding, dilation } = layer;
  const span = kernelSpan(kernelSize, dilation);
  const unused = unusedSize(size, kernelSize, stride, padding, dilation);
  const ofPool = kind === "MaxPool2d" && stride === kernelSize ? "pooling moves by its kernel size where no stride is given" : `it is ${stride}`;
  return [
    ["no padding", sizeAlong(size, { ...layer, padding: 0 }), `there were no padding; padding=${padding} adds ${padding} at both ends`],
    ["padding once", sizeAlong(size + padding, { ...layer, padding: 0 }), "the padding stood at one end; it stands at both"],
    ["no plus one", sizeAlong(size, layer) - 1, "the + 1 were missing; the first window counts before any step is taken"],
    ["rounded up", sizeAlong(size, layer) + (unused > 0 ? 1 : 0), "the division were rounded up; PyTorch rounds down"],
    ["no dilation", sizeAlong(size, { ...layer, dilation: 1 }), `the kernel were not dilated; its ${kernelSize} cells span ${span}`],
    ["dilation times kernel", sizeAlong(size, { ...layer, kernelSize: dilation * kernelSize, dilation: 1 }), `the kernel spanned ${dilation} · ${kernelSize} cells; it spans ${dilation} · (${kernelSize} − 1) + 1 = ${span}`],
    ["no stride", sizeAlong(size, { ...layer, stride: 1 }), `the stride were 1; ${ofPool}`],
    ["only stride", outputSize(size, stride, stride, 0, 1), "only the stride counted; kernel and padding count too"],
    ["size kept", size, "the layer kept the size"],
    ["swapped", sizeAlong(otherSize, layer), "height and width were swapped; height comes first"],
  ];
}

function channelSlips({ kind, inChannels, outChannels, groups }) {
  if (kind === "MaxPool2d") return [["channels merged", 1, "pooling merged the channels; it pools each by itself"]];
  return [
    ["in for out", inChannels, `the channels stayed; each of the ${outChannels} filters makes one`],
    ["one group", outChannels / groups, "out_channels counted one group; it counts all"],
    ["channels times", inChannels * outChannels, "a filter made a map for each input channel; it sums them into one"],
  ];
}

function parameterSlips({ layer, height, width }) {
  const { kind, inChannels, outChannels, kernelSize, groups, bias } = layer;
  if (kind === "MaxPool2d")
    return [
      ["window counted", kernelSize ** 2, "the window had weights; a maximum has none"],
      ["window times channels", kernelSize ** 2 * inChannels, "the window had weights for each channel; a maximum has none"],
    ];
  const weights = outChannels * filterWeights(layer);
  const biases = bias ? outChannels : 0;
  const [, rows, cols] = outputShape({ layer, height, width });
  return [
    bias
      ? ["no bias", weights, "there were no biases; each output channel has one"]
      : ["bias added", weights + outChannels, "there were biases; bias=False leaves them out"],
    ["groups ignored", convParameters(inChannels, outChannels, kernelSize, 1, bias), `every filter saw all ${inChannels} channels; in ${groups} groups it sees ${inChannels / groups}`],
    ["one bias", weights + (bias ? 1 : 0), "the layer had one bias; each output channel has its own"],
    ["bias per input", weights + (bias ? inChannels : 0), "biases belonged to input channels; they belong to output channels"],
    ["in channels forgotten", outChannels * kernelSize ** 2 + biases, `a filter were one slice; it has a slice for each of ${plural(inChannels / groups, "channel")}`],
    ["one filter", filterWeights(layer) + (bias ? 1 : 0), `there were one filter; there are ${outChannels}`],
    ["kernel not squared", (weights / kernelSize) + biases, `the kernel had ${kernelSize} cells; it has ${kernelSize} · ${kernelSize}`],
    ["counted at every place", weights * rows * cols + biases, "every place had weights of its own; all places share them"],
  ];
}

function macSlips({ layer, height, width }) {
  const { inChannels, outChannels, kernelSize, groups, bias } = layer;
  const [, rows, cols] = outputShape({ layer, height, width });
  const macs = (places, ...how) => convMacs(inChannels, outChannels, kernelSize, places, ...how);
  const places = rows * cols;
  return [
    ["parameters counted", convParameters(inChannels, outChannels, kernelSize, groups, bias), `each weight were used once; it is used at all ${rows} · ${cols} places`],
    ["weights counted", macs(1, groups), `each weight were used once; it is used at all ${rows} · ${cols} places`],
    ["groups ignored", macs(places), `every filter saw all ${inChannels} channels; in ${groups} groups it sees ${inChannels / groups}`],
    ["input places", macs(height * width, groups), `the kernel stopped at every input pixel; there are ${rows} · ${cols} outputs a channel`],
    ["biases counted", macs(places, groups) + places * outChannels, "biases were multiplied; they are only added"],
    ["in channels forgotten", places * outChannels * kernelSize ** 2, `a filter were one slice; it has a slice for each of ${plural(inChannels / groups, "channel")}`],
    ["one filter", places * filterWeights(layer), `there were one filter; there are ${outChannels}`],
    ["doubled", 2 * macs(places, groups), "multiplying and adding counted as two; together they are one multiply-accumulate"],
  ];
}

/** For each field the wrong answers that a plausible slip gives: { name, value, text }, the likeliest first. */
export function slipsOf(question) {
  const { ask, layer, height, width } = question;
  const lists = {
    [SHAPE]: () => [channelSlips(layer), sizeSlips(height, width, layer), sizeSlips(width, height, layer)],
    [PARAMETERS]: () => [parameterSlips(question)],
    [MACS]: () => [macSlips(question)],
  }[ask]();
  const truth = trueAnswer(question);
  return lists.map((list, field) => list.filter(([, value]) => value >= 0 && value !== truth[field]).map(([name, value, text]) => ({ name, value, text })));
}


/** What is right or wrong about an answer, in a sentence or two. */
export function verdict(question, answer) {
  const truth = trueAnswer(question);
  const names = FIELDS[question.ask];
  const wrong = names.map((_, field) => field).filter((field) => answer[field] !== truth[field]);
  if (!wrong.length) return `Right: ${shownAnswer(question)}.`;
  const slips = slipsOf(question).map((candidates, field) => candidates.find(({ value }) => value === answer[field]));
  const first = wrong.find((field) => slips[field]);
  const list = (fields) => fields.map((field) => names[field]).join(", ");
  if (first === undefined) return `Not so${names.length > 1 ? `. Wrong: ${list(wrong)}` : ""}. The steps below lead there.`;
  const same = wrong.filter((field) => slips[field]?.name === slips[first].name);
  const others = wrong.filter((field) => !same.includes(field));
  const given = same.map((field) => `${names.length > 1 ? `${names[field]} ` : ""}${formatCount(answer[field])}`).join(", ");
  const rest = others.length ? ` Also wrong: ${list(others)}.` : "";
  return `Not so. ${capital(given)}: as if ${slips[first].text}.${rest}`;
}

const shapeText = (shape) => `(${shape.join(", ")})`;

/** The right answer as it is written: (16, 16, 24), or 1,216 parameters. */
export function shownAnswer(question) {
  const truth = trueAnswer(question);
  return question.ask === SHAPE ? shapeText(truth) : `${formatCount(truth[0])} ${question.ask}`;
}

/** The whole number that was typed, with or without separators of thousands; null where it is none. */
export function parseWhole(text) {
  const typed = text.trim();
  return /^(\d{1,15}|\d{1,3}([,\s_]\d{3}){1,4})$/.test(typed) ? Number(typed.replace(/\D/g, "")) : null;
}

// ── the working ─────────────────────────────────────────────────────────────────────────────────

function sizeStep(name, line, size, layer) {
  const { kernelSize, stride, padding, dilation } = layer;
  const span = kernelSpan(kernelSize, dilation);
  const [travel, result] = [size + 2 * padding - span, sizeAlong(size, layer)];
  const unused = unusedSize(size, kernelSize, stride, padding, dilation);
  const exact = unused ? `⌊${+(travel / stride).toFixed(2)}⌋ + 1 = ` : "";
  const lines = `${padding ? "padded " : ""}${line}`;
  const dropped = unused ? `: the last ${unused === 1 ? `${lines} is` : `${unused} ${lines}s are`} in no window` : "";
  return [name, `⌊(${size} + 2 · ${padding} − ${span}) / ${stride}⌋ + 1 = ⌊${travel} / ${stride}⌋ + 1 = ${exact}${result - 1} + 1 = ${result}${dropped}.`];
}

/** How the answer comes about, step by step: pairs of a title and the computation with this layer's numbers. */
export function working(question) {
  const { ask, layer, height, width } = question;
  const { kind, inChannels, outChannels, kernelSize, dilation, groups, bias } = layer;
  const [answer] = trueAnswer(question);
  const [, rows, cols] = outputShape(question);
  const weights = outChannels * filterWeights(layer);
  const filter = `in_channels${groups > 1 ? " / groups" : ""} · kernel_size² = ${inChannels}${groups > 1 ? ` / ${groups}` : ""} · ${kernelSize}² = ${filterWeights(layer)}`;
  const sizes = [
    ["kernel span", `dilation · (kernel_size − 1) + 1 = ${dilation} · (${kernelSize} − 1) + 1 = ${kernelSpan(kernelSize, dilation)}.`],
    sizeStep("height", "row", height, layer),
    sizeStep("width", "column", width, layer),
  ];
  if (ask === SHAPE)
    return [
      ["channels", kind === "MaxPool2d" ? `pooling takes each channel by itself: ${inChannels}.` : `out_channels = ${outChannels}: a filter makes a channel.`],
      ...sizes,
    ];
  if (ask === MACS)
    return [
      ...sizes,
      ["outputs", `out_channels · height · width = ${outChannels} · ${rows} · ${cols} = ${formatCount(outChannels * rows * cols)}.`],
      ["for each output", `${filter} products.`],
      ["altogether", `${formatCount(outChannels * rows * cols)} · ${filterWeights(layer)} = ${formatCount(answer)}. Biases are added, not multiplied.`],
    ];
  if (kind === "MaxPool2d") return [["one window", "its maximum: nothing to learn."], ["altogether", "0."]];
  return [
    ["one filter", `${filter} weights.`],
    ["all filters", `out_channels · ${filterWeights(layer)} = ${outChannels} · ${filterWeights(layer)} = ${formatCount(weights)} weights.`],
    ["biases", bias ? `one for each output channel: ${outChannels}.` : "none: bias=False."],
    ["altogether", `${formatCount(weights)} + ${bias ? outChannels : 0} = ${formatCount(answer)}.`],
  ];
}

// ── the picture ─────────────────────────────────────────────────────────────────────────────────

const titled = (title, ...nodes) => h("div", { class: "strip" }, h("p", { class: "grid-title" }, title), ...nodes);
const box = (x, y, width, height, name) => svg("rect", { x, y, width, height, class: name });
const picture = (width, height, ...nodes) => svg("svg", { width, height, "aria-hidden": "true" }, ...nodes);

/** One axis of the input, cell by cell; with its first window; once revealed with the second and the last, and the outputs below. */
function axisStrip(name, line, size, layer, pitch, revealed) {
  const { kernelSize, stride, padding, dilation } = layer;
  const [padded, count, span] = [size + 2 * padding, sizeAlong(size, layer), kernelSpan(kernelSize, dilation)];
  const unused = unusedSize(size, kernelSize, stride, padding, dilation);
  const side = pitch - 1;
  const nodes = [];
  for (let at = 0; at < padded; at++) {
    const isPadding = at < padding || at >= padding + size;
    nodes.push(box(at * pitch, 0, side, 12, isPadding ? "padding" : "input"));
    if (isPadding) nodes.push(svg("path", { d: `M${at * pitch} 12l${side} -12`, class: "hatch" }));
    if (revealed && at >= padded - unused) nodes.push(svg("path", { d: `M${at * pitch} 0l${side} 12M${at * pitch} 12l${side} -12`, class: "dropped" }));
  }
  for (const [row, window] of (revealed ? [...new Set([0, 1, count - 1])].filter((at) => at < count) : [0]).entries()) {
    const [left, right, y] = [window * stride * pitch, (window * stride + span) * pitch, 16 + 10 * row];
    nodes.push(box(left, y + 2.5, right - left - 1, 2, "kernel"));
    for (let tap = 0; tap < kernelSize; tap++) nodes.push(box(left + tap * dilation * pitch, y, side, 7, "kernel"));
    const labelRight = right + 30 < padded * pitch;
    nodes.push(svg("text", { x: labelRight ? right + 3 : left - 4, y: y + 7.5, "text-anchor": labelRight ? "start" : "end" }, String(window + 1)));
  }
  if (revealed) for (let at = 0; at < count; at++) nodes.push(box((at * stride + (span - 1) / 2) * pitch, 47, side, 10, "output"));
  const result = revealed ? ` → ${count}${unused ? `, ${plural(unused, line)} in no window` : ""}` : padding ? `, padding ${padding} + ${padding}` : "";
  return titled(`${name} ${size}${result}`, picture(padded * pitch - 1, 58, ...nodes));
}

/** Squares for channels; those from `lit` on are faint. */
const channelRow = (count, width, name, lit) => {
  const pitch = Math.min(15, width / count);
  return picture(width, 14, ...Array.from({ length: count }, (_, at) => box(at * pitch, 0, pitch - 1, 14, at < lit ? name : `${name} faint`)));
};

/** The input's channels, the first filter slice by slice, and the outputs that have such filters. */
function filterStrips(layer, width, revealed) {
  const { kind, inChannels, outChannels, kernelSize, groups } = layer;
  const slices = kind === "MaxPool2d" ? 0 : inChannels / groups;
  const pitch = Math.min(50, width / Math.max(1, slices));
  const cell = Math.min(12, (pitch - 5) / kernelSize, 42 / kernelSize);
  const nodes = [];
  for (let slice = 0; slice < slices; slice++)
    for (let row = 0; row < kernelSize; row++)
      for (let col = 0; col < kernelSize; col++) nodes.push(box(slice * pitch + col * cell, row * cell, cell - 0.7, cell - 0.7, "kernel"));
  const filter = slices ? `first filter: ${plural(slices, "slice")} of ${kernelSize} × ${kernelSize}` : "no filter: a window has no weights";
  return [
    titled(plural(inChannels, "input channel"), channelRow(inChannels, width, "input", revealed && slices ? slices : inChannels)),
    titled(revealed ? filter : "first filter", picture(width, 42, ...(revealed ? nodes : []))),
    titled(plural(outChannels, "output channel"), channelRow(outChannels, width, "output", revealed ? 1 : outChannels)),
  ];
}

function drawQuestion({ ask, layer, height, width }, room, revealed) {
  if (ask === PARAMETERS) return filterStrips(layer, room, revealed);
  const pitch = Math.max(2, Math.min(14, room / (Math.max(height, width) + 2 * layer.padding)));
  return [axisStrip("height", "row", height, layer, pitch, revealed), axisStrip("width", "column", width, layer, pitch, revealed)];
}

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const status = statusLine();
  const code = h("code");
  const shapes = h("p", { class: "shapes" });
  const prompt = h("legend");
  const fields = h("div", { class: "fields" });
  const score = h("p", { class: "score" });
  const stage = h("div", { class: "stage" });
  const steps = h("dl");
  let posed = null;
  let question = null;
  let inputs = [];
  let problem = null;

  const revealed = () => frame.get("shown") || frame.get("answer").length > 0;
  /** The first look at an answer counts; what is tried after it does not. */
  const scored = (isRight) =>
    revealed() ? {} : { answered: frame.get("answered") + 1, right: frame.get("right") + Number(isRight), streak: isRight ? frame.get("streak") + 1 : 0 };

  /** Why what stands in a field is no answer; null where it is one. */
  const refusal = (text, name) => {
    if (text.trim() === "") return `Nothing is typed for ${name} yet.`;
    if (parseWhole(text) !== null) return null;
    const hint = question.ask === SHAPE && /^\d+[.,]\d*$/.test(text.trim()) ? "A size is whole: PyTorch rounds the division down." : "Type digits, such as 32.";
    return `“${text.length > 20 ? `${text.slice(0, 20)}…` : text}” is not a whole number of 0 or more. ${hint}`;
  };
  const check = () => {
    const refusals = inputs.map((input, at) => refusal(input.value, FIELDS[question.ask][at]));
    const refused = refusals.findIndex(Boolean);
    problem = refusals[refused] ?? null;
    inputs.forEach((input, at) => input.setAttribute("aria-invalid", refusals[at] !== null));
    if (problem) {
      inputs[refused].focus();
      return frame.redraw();
    }
    const answer = inputs.map((input) => parseWhole(input.value));
    frame.set({ ...scored(String(answer) === String(trueAnswer(question))), answer, shown: false });
    frame.redraw();
  };
  const show = () => {
    problem = null;
    frame.set({ ...scored(false), shown: true });
    frame.redraw();
  };
  const next = (event) => {
    frame.set({ question: frame.get("question") + 1, answer: [], shown: false });
    pose();
    if (event.pointerType !== "touch") inputs[0].focus(); // a finger would bring up the keyboard over the question
  };
  const reset = frame.resetButton();
  reset.addEventListener("click", () => {
    posed = null;
    frame.redraw();
  });

  frame.root.append(
    h("div", { class: "head" }, frame.select("topic"), score),
    h("div", { class: "layer" }, code, shapes),
    h(
      "form",
      { novalidate: true, onsubmit: (event) => { event.preventDefault(); check(); } },
      h("fieldset", {}, prompt, fields),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "submit" }, "Check"),
        h("button", { type: "button", onclick: show }, "Show me"),
        h("button", { type: "button", onclick: next }, "Next"),
        reset,
      ),
    ),
    status.element,
    stage,
    steps,
  );

  /** Pose the question that the traits name, if it is not the one posed. An answer belongs to the question it was given to. */
  function pose() {
    const [seed, topic, number] = ["seed", "topic", "question"].map(frame.get);
    const key = `${seed} ${topic} ${number}`;
    if (key === posed) return;
    if (posed !== null && revealed()) frame.set({ answer: [], shown: false });
    posed = key;
    problem = null;
    question = makeQuestion(seed, topic, number);
    inputs = FIELDS[question.ask].map((_, at) =>
      Object.assign(h("input", { type: "text", inputmode: "numeric", autocomplete: "off" }), { value: frame.get("answer")[at] ?? "" }),
    );
    fields.replaceChildren(...inputs.map((input, at) => h("label", {}, h("span", {}, FIELDS[question.ask][at]), input)));
  }

  return function draw() {
    pose();
    const { ask, layer, height, width } = question;
    const [answer, truth, open] = [frame.get("answer"), trueAnswer(question), !revealed()];
    const output = outputShape(question);
    setText(code, layerCode(layer));
    shapes.replaceChildren(
      h("span", {}, "input ", h("strong", { class: "of-input" }, shapeText([layer.inChannels, height, width]))), " → ",
      h("span", {}, "output ", h("strong", { class: "of-output" }, open && ask !== PARAMETERS ? "(?, ?, ?)" : shapeText(output))),
    );
    setText(prompt, PROMPTS[ask]);
    setText(score, `question ${frame.get("question") + 1} · ${frame.get("right")} of ${frame.get("answered")} right · streak ${frame.get("streak")}`);
    inputs.forEach((input, at) => {
      input.classList.toggle("right", answer.length > 0 && answer[at] === truth[at]);
      input.classList.toggle("wrong", answer.length > 0 && answer[at] !== truth[at]);
    });
    stage.replaceChildren(...drawQuestion(question, frame.width, !open));
    steps.replaceChildren(...working(question).flatMap(([title, text]) => [h("dt", {}, title), h("dd", {}, open ? "…" : text)]));
    const told = open ? "Type your answer, then Check." : frame.get("shown") ? `The answer: ${shownAnswer(question)}.` : verdict(question, answer);
    status.say(problem ?? told, { problem: Boolean(problem) || told.startsWith("Not so") });
  };
}

const render = (context) => figure(context, { name: "ShapeDrill", label: "Shape drill", traits: TRAITS }, build);
export default { render };
