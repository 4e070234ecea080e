import {
  assign, clamp, customSquare, extent, figure, h, inputPattern, largest, numberGrid, plural, setText, shadeClass, shortNumber,
  square, statusLine, withEdit,
} from "./kit.js";

const TRAITS = [
  "kind", "input_size", "kernel_size", "stride", "padding", "output_padding", "align_corners",
  "input_pattern", "kernel_preset", "input", "weight", "row", "column", "show_overlap",
];
const WIDE = 540;

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────

/** Weights along one axis that interpolate between neighbours, as Long et al. (2015) fill a transposed convolution: size 4 has 1/4, 3/4, 3/4, 1/4. */
export function bilinearTaps(size) {
  const reach = Math.ceil(size / 2);
  return Array.from({ length: size }, (_, tap) => 1 - Math.abs(tap - (size - 1) / 2) / reach);
}

/** @param {"ones"|"bilinear weights"} name @param {number} size */
export function stampKernel(name, size) {
  const taps = bilinearTaps(size);
  return square(size, (row, col) => (name === "ones" ? 1 : taps[row] * taps[col]));
}

/** The input that a pattern's name stands for; "flat" is ones. */
export const upsamplingInput = (name, size) => (name === "flat" ? square(size, () => 1) : inputPattern(name, size));

/** Where max-pooling found each input cell in its window of the output: indices into the output row by row, as torch's return_indices. */
export function maximumIndices(inputSize, stride) {
  return square(inputSize, (row, col) => {
    const place = (((row * 5 + col * 11 + row * col * 3 + 2) * 2654435761) >>> 9) % stride ** 2;
    return (row * stride + Math.floor(place / stride)) * inputSize * stride + col * stride + (place % stride);
  });
}

/** Height and width of the output; may be zero or negative: see upsamplingProblem. */
export function upsampledSize({ kind, inputSize, kernelSize, stride, padding, outputPadding }) {
  if (kind === "transposed convolution") return (inputSize - 1) * stride - 2 * padding + kernelSize + outputPadding;
  if (kind === "resize, then convolve") return inputSize * stride + 2 * padding - kernelSize + 1;
  return inputSize * stride;
}

/** Why PyTorch refuses this setting, as a sentence; null where it computes. */
export function upsamplingProblem(setting) {
  const { kind, inputSize, kernelSize, stride, padding, outputPadding } = setting;
  const size = upsampledSize(setting);
  if (kind === "transposed convolution" && outputPadding >= stride)
    return `Output padding is ${outputPadding}, but PyTorch takes only less than the stride, which is ${stride}. Use less output padding or a larger stride.`;
  if (kind === "transposed convolution" && size < 1)
    return `Padding ${padding} cuts the whole output away: its size would be ${size}. Use less padding, or a larger input, stride or kernel.`;
  if (kind === "resize, then convolve" && size < 1)
    return `The kernel spans ${kernelSize} pixels, the resized and padded map only ${inputSize * stride + 2 * padding}: no output. Use a smaller kernel, or more scale, input or padding.`;
  return null;
}

/**
 * What output place `out` takes from the input along one axis: `terms` of { at, share, tap }, the place in the input, its share, and the
 * place in the kernel that it meets; and `all`, how many terms there would be if the input had no border.
 */
const AXIS_TERMS = {
  nearest: (out, { stride }) => ({ terms: [{ at: Math.floor(out / stride), share: 1, tap: 0 }], all: 1 }),

  bilinear(out, { inputSize, stride, alignCorners }) {
    const last = inputSize - 1;
    const place = alignCorners ? (out * last) / (inputSize * stride - 1) : clamp((out + 0.5) / stride - 0.5, 0, last);
    const at = Math.floor(place);
    const terms = [{ at, share: 1 - (place - at), tap: 0 }, { at: at + 1, share: place - at, tap: 0 }].filter(({ share }) => share > 0);
    return { terms, all: terms.length };
  },

  "transposed convolution"(out, { inputSize, kernelSize, stride, padding }) {
    const taps = Array.from({ length: kernelSize }, (_, back) => kernelSize - 1 - back); // so that input places come in order
    const landing = taps.filter((tap) => (out + padding - tap) % stride === 0);
    const terms = landing.map((tap) => ({ at: (out + padding - tap) / stride, share: 1, tap }));
    return { terms: terms.filter(({ at }) => at >= 0 && at < inputSize), all: terms.length };
  },

  "resize, then convolve"(out, { inputSize, kernelSize, stride, padding }) {
    const terms = Array.from({ length: kernelSize }, (_, tap) => ({ at: Math.floor((out - padding + tap) / stride), share: 1, tap }));
    return { terms: terms.filter(({ at }) => at >= 0 && at < inputSize), all: terms.length };
  },
};

/**
 * What one output pixel is made of. `terms`: { row, col, weight, taps } for each input cell that adds into it, where `taps` are the kernel
 * places that it meets; `count`: the contributions; `whole`: whether none is missing because of the border.
 */
export function pixelTerms(row, col, setting) {
  const { kind, inputSize, stride, weight } = setting;
  if (kind === "unpooling") {
    const [fromRow, fromCol] = [Math.floor(row / stride), Math.floor(col / stride)];
    const isHere = maximumIndices(inputSize, stride)[fromRow][fromCol] === row * inputSize * stride + col;
    return { terms: isHere ? [{ row: fromRow, col: fromCol, weight: 1, taps: [] }] : [], count: isHere ? 1 : 0, whole: true };
  }
  const [down, across] = [row, col].map((out) => AXIS_TERMS[kind](out, setting));
  const cells = new Map();
  for (const one of down.terms)
    for (const other of across.terms) {
      const place = one.at * inputSize + other.at;
      if (!cells.has(place)) cells.set(place, { row: one.at, col: other.at, weight: 0, taps: [] });
      const term = cells.get(place);
      term.weight += USES_KERNEL.has(kind) ? weight[one.tap][other.tap] : one.share * other.share;
      term.taps.push([one.tap, other.tap]);
    }
  const count = down.terms.length * across.terms.length;
  return { terms: [...cells.values()], count, whole: count === down.all * across.all };
}

const USES_KERNEL = new Set(["transposed convolution", "resize, then convolve"]);

/** How contributions spread over the output: the least and the most of them; `inside`, the counts that occur away from the border; and
 * `even`, whether the weights of each pixel there have the same sum, so that a flat input comes out flat. */
export function overlapOf(pixels) {
  const all = pixels.flat();
  const inside = all.filter(({ whole }) => whole);
  const [least, most] = extent(all.map(({ count }) => count));
  const [low, high] = extent(inside.map(({ terms }) => terms.reduce((sum, { weight }) => sum + weight, 0)));
  return { least, most, inside: [...new Set(inside.map(({ count }) => count))].sort((a, b) => a - b), even: !(high - low > 1e-9) };
}

/** All that the figure shows, from its traits alone. */
function computeUpsampling(get) {
  const [kind, inputSize, kernelSize, stride, padding, outputPadding, alignCorners] =
    ["kind", "input_size", "kernel_size", "stride", "padding", "output_padding", "align_corners"].map(get);
  const input = get("input_pattern") === "custom" ? customSquare(get("input"), inputSize) : upsamplingInput(get("input_pattern"), inputSize);
  const weight = get("kernel_preset") === "custom" ? customSquare(get("weight"), kernelSize) : stampKernel(get("kernel_preset"), kernelSize);
  const setting = { kind, inputSize, kernelSize, stride, padding, outputPadding, alignCorners, weight };
  const problem = upsamplingProblem(setting);
  const size = problem ? 0 : upsampledSize(setting);
  const pixels = square(size, (row, col) => pixelTerms(row, col, setting));
  const output = pixels.map((line) => line.map(({ terms }) => terms.reduce((sum, { row, col, weight }) => sum + input[row][col] * weight, 0)));
  return { ...setting, input, problem, size, pixels, output };
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const by = (size) => `${size}\u00a0×\u00a0${size}`;
const either = (numbers) => [numbers.slice(0, -1).join(", "), numbers.at(-1)].filter((part) => part !== "").join(" or ");
/** "1 to 4 contributions". */
function range(least, most, one) {
  if (least === most) return plural(least, one);
  return `${least} ${most - least === 1 ? "or" : "to"} ${plural(most, one, `${one}s`)}`;
}
/** A number in at most four characters and a sign: .33, 5.33, 10.5, 1250, 12k. */
function cellText(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Math.round(value / 1e6)}M`;
  if (size >= 1e4) return `${Math.round(value / 1e3)}k`;
  return String(+value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)).replace(/^(-?)0\./, "$1.");
}
const factor = (value) => (value < 0 ? `(${shortNumber(value)})` : shortNumber(value));

/** The sentence about a transposed convolution's overlap. */
function checkerboardSentence({ kernelSize, stride, pixels }) {
  const { least, most, inside, even } = overlapOf(pixels);
  const divides = kernelSize % stride === 0;
  const reason = `for stride ${stride} ${divides ? "divides" : "does not divide"} kernel ${kernelSize}`;
  const start = `Each pixel gets ${range(least, most, "contribution")}`;
  if (!divides && inside.length > 1)
    return `${start}, away from the border ${either(inside)}: a checkerboard${inside[0] === 0 ? " with gaps" : ""}, ${reason}.` +
      (even ? " But these weights even it out for a flat input." : "");
  if (!divides) return `${start}. The output is too small for a pattern, but a larger one has a checkerboard, ${reason}.`;
  const where = least === most ? "" : inside.length ? `, away from the border always ${inside[0]}` : ", and all lie at the border";
  return `${start}${where}: no checkerboard, ${reason}.` + (even ? "" : " But these weights are uneven: a flat input gets a pattern.");
}

const SENTENCES = {
  nearest: ({ stride }) => `Each pixel copies one input cell, 1 contribution: no checkerboard${stride > 1 ? `, but blocks of ${by(stride)}` : ""}.`,
  bilinear({ pixels }) {
    const { least, most } = overlapOf(pixels);
    return `Each pixel mixes ${range(least, most, "input cell")} by weights that add up to 1: no checkerboard.`;
  },
  "transposed convolution": checkerboardSentence,
  unpooling({ inputSize, size }) {
    const empty = size ** 2 - inputSize ** 2;
    return `Each input cell goes where max-pooling found it, 1 contribution; ` +
      (empty ? `the other ${empty} output pixels get 0: gaps, no checkerboard.` : "no output pixel is left over: no gaps, no checkerboard.");
  },
  "resize, then convolve"({ pixels }) {
    const { least, most, inside } = overlapOf(pixels);
      const where = least === most ? "" : inside.length ? `, away from the border always ${inside[0]}` : ", and all lie at the border";
    return `Each pixel gets ${range(least, most, "contribution")}${where}: no checkerboard, for the kernel moves over the resized map by 1.`;
  },
};

/** How the size comes about, with the present numbers in it. */
function sizeFormula({ kind, inputSize, kernelSize, stride, padding, outputPadding, alignCorners, problem, size }) {
  const result = problem ? "none" : size;
  const scaled = `Output = input · scale = ${inputSize} · ${stride} = ${result}.`;
  return {
    nearest: `${scaled} Output pixel y copies input cell ⌊y / ${stride}⌋, counted from 0.`,
    bilinear: `${scaled} Output pixel y lies over input place ` +
      (alignCorners ? `y · (input − 1) / (output − 1) = y · ${inputSize - 1} / ${size - 1}` : `(y + ½) / scale − ½ = (y + ½) / ${stride} − ½`) + ", counted from 0.",
    "transposed convolution": `Output = (input − 1) · stride − 2 · padding + kernel + output padding = ` +
      `(${inputSize} − 1) · ${stride} − 2 · ${padding} + ${kernelSize} + ${outputPadding} = ${result}.`,
    unpooling: `${scaled} Each window of ${by(stride)} pixels holds one input cell.`,
    "resize, then convolve": `Output = input · scale + 2 · padding − kernel + 1 = ${inputSize} · ${stride} + 2 · ${padding} − ${kernelSize} + 1 = ${result}.`,
  }[kind];
}

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

// Controls that not every kind asks; one that it does not ask is switched off.
const OPTIONAL = ["kernel_size", "kernel_preset", "padding", "output_padding", "align_corners"];
const ASKS = {
  nearest: [],
  bilinear: ["align_corners"],
  "transposed convolution": ["kernel_size", "kernel_preset", "padding", "output_padding"],
  unpooling: [],
  "resize, then convolve": ["kernel_size", "kernel_preset", "padding"],
};

/** Pixels per cell, borders included, such that `count` cells fit `room` pixels. */
const cellSize = (room, count) => clamp(Math.floor((room - 1) / count) + 1, 8, 36);

function build(frame) {
  const status = statusLine();
  let now = computeUpsampling(frame.get);
  let pointed = null; // a cell of the input or the kernel under the pointer or the focus
  let typing = null;

  const point = (cell) => {
    pointed = cell;
    frame.redraw();
  };
  const choose = (cell) => {
    if (!cell) return;
    pointed = null; // even where the focus is on an input cell whose stamp was shown
    frame.set({ row: cell.row, column: cell.col });
    frame.redraw();
  };
  const onProblem = (sentence) => {
    typing = sentence;
    frame.redraw();
  };
  const grids = {
    input: numberGrid({
      label: "input", onPoint: point, onProblem,
      onEdit: ({ row, col }, value) => frame.set({ input: withEdit(frame.get("input"), now.input, row, col, value), input_pattern: "custom" }),
    }),
    kernel: numberGrid({
      label: "kernel", onPoint: point, onProblem,
      onEdit: ({ row, col }, value) => frame.set({ weight: withEdit(frame.get("weight"), now.weight, row, col, value), kernel_preset: "custom" }),
    }),
    weights: numberGrid({ label: "weights used" }),
    places: numberGrid({ label: "indices of the maxima" }),
    output: numberGrid({ label: "output", onPoint: choose }),
  };
  const titles = Object.fromEntries(["input", "kernel", "output"].map((name) => [name, h("p", { class: "grid-title" })]));
  const outputPart = h("div", { class: "part output" }, titles.output, grids.output.element);
  const stage = h("div", { class: "stage" },
    h("div", { class: "part input" }, titles.input, grids.input.element),
    h("div", { class: "part kernel" }, titles.kernel, grids.kernel.element, grids.weights.element, grids.places.element),
    outputPart,
  );
  const sum = h("div", { class: "sum", tabindex: "0", role: "group", "aria-label": "the chosen cell" });
  const formula = h("p", { class: "formula" });

  const placeText = (value) => (now.size ? `${clamp(value, 0, now.size - 1) + 1} of ${now.size}` : "none");
  const places = ["row", "column"].map((trait) => frame.slider(trait, { text: placeText }));
  const optional = {
    kernel_size: frame.slider("kernel_size"),
    padding: frame.slider("padding"),
    output_padding: frame.slider("output_padding"),
    kernel_preset: frame.select("kernel_preset"),
    align_corners: frame.checkbox("align_corners"),
  };
  const nativeOf = (control) => control.querySelector("input, select");

  frame.root.append(
    h("div", { class: "controls menus" }, frame.select("kind"), frame.select("input_pattern"), optional.kernel_preset),
    h("div", { class: "controls sizes" },
      frame.slider("input_size"), frame.slider("stride", { label: "stride or scale" }), optional.kernel_size, optional.padding, optional.output_padding,
      optional.align_corners, ...places, frame.checkbox("show_overlap"), frame.resetButton()),
    status.element,
    stage,
    sum,
    formula,
    h("p", { class: "note" },
      "Point at an output pixel for what it is made of, at an input cell for its stamp, at a kernel cell for where it lands; or tap, or walk with the arrow keys. " +
      "Click a cell of the input or the kernel a second time, or press Enter, to type a number. All stamps, added, make the output. Hatched: no contribution."),
  );

  const chosen = () => ({ row: clamp(frame.get("row"), 0, now.size - 1), col: clamp(frame.get("column"), 0, now.size - 1) });
  const isAt = (cell, row, col) => cell?.row === row && cell.col === col;
  /** The input cell whose stamp is shown in the place of the output. */
  const stamped = () => (now.size && pointed?.grid === "input" && pointed.row < now.inputSize && pointed.col < now.inputSize ? pointed : null);

  /** Whether a pixel's term goes through the kernel cell that is pointed at. */
  const meets = ({ taps }) => pointed?.grid === "kernel" && taps.some(([row, col]) => isAt(pointed, row, col));

  function drawInput(terms, room) {
    const top = largest(now.input);
    const met = terms.find(meets);
    grids.input.draw({
      rows: now.inputSize, cols: now.inputSize, size: cellSize(room, now.inputSize),
      cell(row, col) {
        const value = now.input[row][col];
        const lit = !stamped() && terms.some((term) => isAt(term, row, col));
        const current = isAt(stamped(), row, col) || isAt(met, row, col);
        return { value, text: cellText(value), row, col, grid: "input", classes: `editable ${shadeClass(value, top)} ${lit ? "lit" : ""} ${current ? "current" : ""}`, editable: true };
      },
    });
  }

  /** What stands between input and output: the kernel, or without one the weights of the input cells, or the places of the maxima. */
  function drawMiddle(terms, room) {
    const shown = USES_KERNEL.has(now.kind) ? "kernel" : now.kind === "unpooling" ? "places" : "weights";
    for (const name of ["kernel", "weights", "places"]) assign(grids[name].element, { hidden: name !== shown });
    const numbers = {
      kernel: () => now.weight,
      weights: () => square(now.inputSize, (row, col) => terms.find((term) => isAt(term, row, col))?.weight ?? 0),
      places: () => maximumIndices(now.inputSize, now.stride),
    }[shown]();
    const lit = shown === "kernel" ? terms.flatMap(({ taps }) => taps.map(([row, col]) => ({ row, col }))) : terms;
    const top = shown === "places" ? 0 : largest(numbers);
    grids[shown].draw({
      rows: numbers.length, cols: numbers.length, size: cellSize(room, numbers.length),
      cell(row, col) {
        const value = numbers[row][col];
        const marks = stamped() ? "" : `${lit.some((one) => isAt(one, row, col)) ? "lit" : ""} ${pointed?.grid === "kernel" && isAt(pointed, row, col) ? "current" : ""}`;
        return { value, text: cellText(value), row, col, grid: shown, classes: `${shown === "kernel" ? "editable" : ""} ${shadeClass(value, top)} ${marks}`, editable: shown === "kernel" };
      },
    });
    setText(titles.kernel, { kernel: `kernel ${by(now.kernelSize)}`, weights: "weights used", places: "indices of maxima" }[shown]);
  }

  function drawOutput(room) {
    const stamp = stamped();
    const overlap = frame.get("show_overlap");
    const here = chosen();
    const stampTerm = (row, col) => now.pixels[row][col].terms.find((term) => isAt(term, stamp.row, stamp.col));
    const numbers = square(now.size, (row, col) => {
      if (!stamp) return overlap ? now.pixels[row][col].count : now.output[row][col];
      const term = stampTerm(row, col);
      if (!term) return 0;
      return overlap ? Math.max(1, term.taps.length) : now.input[stamp.row][stamp.col] * term.weight;
    });
    const top = largest(numbers);
    const size = cellSize(room, now.size);
    const stampMark = size < 17 ? "" : "lit"; // in cells too small for a number the shade says how much
    grids.output.draw({
      rows: now.size, cols: now.size, size, home: now.size ? [here.row, here.col] : null,
      cell(row, col) {
        const value = numbers[row][col];
        const marks = stamp
          ? stampTerm(row, col) ? stampMark : "todo"
          : `${now.pixels[row][col].count ? "" : "gap"} ${isAt(here, row, col) ? "current" : ""} ${now.pixels[row][col].terms.some(meets) ? "lit" : ""}`;
        return { value, text: cellText(value), row, col, grid: "output", classes: `${shadeClass(value, top)} ${marks}` };
      },
    });
    outputPart.classList.toggle("overlap", overlap);
    const what = stamp ? `stamp of input row ${stamp.row + 1}, column ${stamp.col + 1}` : overlap ? "overlap: contributions, counted" : `output ${by(now.size)}`;
    setText(titles.output, now.size ? what : "no output");
  }

  function drawSum() {
    const stamp = stamped();
    if (!now.size) return sum.replaceChildren();
    if (stamp) {
      const reached = now.pixels.flat().filter(({ terms }) => terms.some((term) => isAt(term, stamp.row, stamp.col))).length;
      const value = shortNumber(now.input[stamp.row][stamp.col]);
      const shown = frame.get("show_overlap") ? "how often in each" : `${factor(now.input[stamp.row][stamp.col])} times its weight in each`;
      return sum.replaceChildren(
        h("strong", {}, `input row ${stamp.row + 1}, column ${stamp.col + 1}`), " = ", h("strong", { class: "of-input" }, value),
        ` adds into ${reached} of ${now.size ** 2} output pixels. Its stamp, ${shown}, is shown alone.`,
      );
    }
    const { row, col } = chosen();
    const { terms, count } = now.pixels[row][col];
    const products = terms.flatMap((term, at) => [
      at ? " + " : " = ",
      h("span", { class: "of-input" }, shortNumber(now.input[term.row][term.col])), "·", h("span", { class: "of-kernel" }, factor(term.weight)),
    ]);
    sum.replaceChildren(
      h("strong", {}, `output row ${row + 1}, column ${col + 1}`), ...products, " = ", h("strong", { class: "of-output" }, shortNumber(now.output[row][col])),
      !count ? ": no input cell adds into it." : `: ${plural(count, "contribution")}${count > terms.length ? ` from ${plural(terms.length, "input cell")}` : ""}.`,
    );
  }

  return function draw() {
    now = computeUpsampling(frame.get);
    const wide = frame.width >= WIDE;
    const rooms = wide ? { small: 176, large: Math.min(frame.width - 206, 386) } : { small: Math.min(150, Math.floor((frame.width - 22) / 2)), large: Math.min(frame.width, 300) };
    const { row, col } = chosen();
    const terms = now.size ? now.pixels[row][col].terms : [];
    stage.classList.toggle("wide", wide);
    setText(titles.input, `input ${by(now.inputSize)}`);
    drawInput(terms, rooms.small);
    drawMiddle(terms, rooms.small);
    drawOutput(rooms.large);
    drawSum();
    setText(formula, sizeFormula(now).replaceAll(" · ", "\u00a0·\u00a0"));
    for (const trait of OPTIONAL) assign(nativeOf(optional[trait]), { disabled: !ASKS[now.kind].includes(trait) });
    for (const place of places) assign(nativeOf(place), { max: String(Math.max(0, now.size - 1)), disabled: !now.size });
    const problem = typing ?? now.problem;
    status.say(problem ?? `Output ${by(now.size)}. ${SENTENCES[now.kind](now)}`, { problem: Boolean(problem) });
  };
}

const render = (context) => figure(context, { name: "UpsamplingExplorer", label: "Upsampling explorer", traits: TRAITS }, build);
export default { render };
