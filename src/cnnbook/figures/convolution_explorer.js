import {
  assign, clamp, conv2d, convProblem, customSquare, figure, h, inputPattern, kernelPreset, kernelSpan, largest, numberGrid,
  outputSize, padIndex, plural, setText, shadeClass, shortNumber, statusLine, unusedSize, withEdit,
} from "./kit.js";

const TRAITS = [
  "input_size", "kernel_size", "stride", "padding", "dilation", "padding_mode",
  "input_pattern", "kernel_preset", "input", "weight", "position",
];
const PLAY_SECONDS = 12;

/** All that the figure shows, from its traits alone. */
function compute(get) {
  const [inputSize, kernelSize, stride, padding, dilation] =
    ["input_size", "kernel_size", "stride", "padding", "dilation"].map(get);
  const paddingMode = get("padding_mode");
  const input = get("input_pattern") === "custom" ? customSquare(get("input"), inputSize) : inputPattern(get("input_pattern"), inputSize);
  const weight = get("kernel_preset") === "custom" ? customSquare(get("weight"), kernelSize) : kernelPreset(get("kernel_preset"), kernelSize);
  const problem = convProblem({ inputSize, kernelSize, padding, dilation, paddingMode });
  const size = problem ? 0 : outputSize(inputSize, kernelSize, stride, padding, dilation);
  const output = problem ? [] : conv2d(input, weight, { stride, padding, dilation, paddingMode });
  const unused = problem ? 0 : unusedSize(inputSize, kernelSize, stride, padding, dilation);
  return { inputSize, kernelSize, stride, padding, dilation, paddingMode, input, weight, problem, size, output, unused };
}

/** The taps of the window behind an output cell along one axis: output index to padded input indices. */
const taps = (out, { kernelSize, stride, dilation }) => Array.from({ length: kernelSize }, (_, tap) => out * stride + tap * dilation);

/** Whether padded input index `at` lies under the window of output index `out`. */
function feeds(at, out, { kernelSize, stride, dilation }) {
  const offset = at - out * stride;
  return offset >= 0 && offset % dilation === 0 && offset / dilation < kernelSize;
}

/**
 * Pixels per cell such that all three grids fit the stage. It depends on the padded input alone, unless the kernel is wider: kernel
 * and output together are never wider than that by more than a cell. So the picture holds still while the other sliders move.
 */
function cellSize(width, height, wide, inputs, kernels) {
  const [gap, title, titleWidth] = [26, 24, 48];
  const padded = Math.max(inputs, kernels);
  const row = width - 2 * gap - 6;
  const pitch = wide
    ? Math.min(row / (2 * padded + 1), (row - titleWidth) / (2 * padded), (height - title - 4) / padded)
    : Math.min((width - gap - 5) / (padded + 1), (width - gap - titleWidth - 20) / kernels, (height - 2 * title - 14) / (2 * padded));
  return clamp(Math.floor(pitch) + 1, 8, 36);
}

function build(frame) {
  const mostPadding = frame.get("limits").padding.max;
  const status = statusLine();
  let now = compute(frame.get);
  let pointed = null;
  let typing = null;
  let timer = null;

  const point = (cell) => {
    pointed = cell;
    if (cell?.grid === "output" && !timer && document.activeElement?.dataset.grid === "output") frame.set({ position: cell.row * now.size + cell.col });
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
    output: numberGrid({ label: "output", onPoint: point }),
  };
  const titles = { input: h("p", { class: "grid-title" }), kernel: h("p", { class: "grid-title" }), output: h("p", { class: "grid-title" }) };
  const part = (name) => h("div", { class: `part ${name}` }, titles[name], grids[name].element);
  const stage = h("div", { class: "stage" }, part("input"), part("kernel"), part("output"));
  const sum = h("div", { class: "sum", tabindex: "0", role: "group", "aria-label": "sum of the window" });
  const formula = h("p", { class: "formula" });

  const stop = () => {
    clearInterval(timer);
    timer = null;
    frame.redraw();
  };
  const move = (step) => {
    const last = now.size ** 2 - 1;
    frame.set({ position: clamp(shownPosition() + step, 0, Math.max(0, last)) });
  };
  const shownPosition = () => clamp(frame.get("position"), -1, now.size ** 2 - 1);
  const play = () => {
    if (timer) return stop();
    pointed = null;
    frame.set({ position: shownPosition() >= now.size ** 2 - 1 ? 0 : Math.max(0, shownPosition()) });
    timer = setInterval(() => (shownPosition() < now.size ** 2 - 1 ? move(1) : stop()), clamp((1000 * PLAY_SECONDS) / now.size ** 2, 60, 400));
    frame.redraw();
  };
  frame.onCleanup(() => clearInterval(timer));

  const playButton = h("button", { type: "button", class: "play", onclick: play }, "Play");
  const stepButton = (words, step) => h("button", { type: "button", onclick: () => { stop(); move(step); } }, words);
  const [back, forward] = [stepButton("Step back", -1), stepButton("Step", 1)];
  const scrub = frame.slider("position", {
    min: 0, max: 0,
    text: (value) => (now.size && value >= 0 ? `${clamp(value, 0, now.size ** 2 - 1) + 1} of ${now.size ** 2}` : "none"),
    onChange: (value) => { stop(); frame.set({ position: value }); },
  });
  const scrubRange = scrub.querySelector("input");

  frame.root.append(
    h("div", { class: "controls" }, ...["input_size", "kernel_size", "stride", "padding", "dilation"].map((trait) => frame.slider(trait))),
    h("div", { class: "controls menus" }, ...["padding_mode", "input_pattern", "kernel_preset"].map((trait) => frame.select(trait))),
    h("div", { class: "controls transport" }, scrub, h("div", { class: "buttons" }, playButton, back, forward, frame.resetButton())),
    status.element,
    stage,
    sum,
    formula,
    h("p", { class: "note" }, "Point at any cell, or walk with the arrow keys. Click a cell of the input or the kernel a second time, or press Enter, to type a number."),
  );

  function drawInput(window, size) {
    const { inputSize, padding, paddingMode, input, unused } = now;
    const padded = inputSize + 2 * padding;
    const top = largest(input);
    const [rows, cols] = window ? [taps(window.row, now), taps(window.col, now)] : [[], []];
    const [litRows, litCols] = [new Set(rows), new Set(cols)];
    const tapped = pointed?.grid === "kernel" && window && rows.length > pointed.row && cols.length > pointed.col ? [rows[pointed.row], cols[pointed.col]] : null;
    grids.input.draw({
      rows: padded, cols: padded, size, first: mostPadding - padding, // so that each input cell stays the same element
      cell(at, along) {
        const [row, col] = [at - padding, along - padding];
        const inside = row >= 0 && row < inputSize && col >= 0 && col < inputSize;
        const [fromRow, fromCol] = [padIndex(row, inputSize, paddingMode), padIndex(col, inputSize, paddingMode)];
        const value = fromRow < 0 || fromCol < 0 || input[fromRow]?.[fromCol] === undefined ? 0 : input[fromRow][fromCol];
        const classes = [
          inside ? `editable ${shadeClass(value, top)}` : "padding",
          at >= padded - unused || along >= padded - unused ? "dropped" : "",
          litRows.has(at) && litCols.has(along) ? "lit" : "",
          (tapped && tapped[0] === at && tapped[1] === along) || (isInput(pointed) && pointed.row === row && pointed.col === col) ? "current" : "",
        ].join(" ");
        return { value, row, col, grid: inside ? "input" : "padding", classes, editable: inside };
      },
    });
  }

  const isInput = (cell) => cell?.grid === "input" || cell?.grid === "padding";

  function drawKernel(window, size) {
    const top = largest(now.weight);
    const over = isInput(pointed) && window ? [pointed.row + now.padding, pointed.col + now.padding] : null;
    const tapOf = (at, out) => (feeds(at, out, now) ? (at - out * now.stride) / now.dilation : -1);
    grids.kernel.draw({
      rows: now.kernelSize, cols: now.kernelSize, size,
      cell(row, col) {
        const value = now.weight[row][col];
        const current = (over && tapOf(over[0], window.row) === row && tapOf(over[1], window.col) === col) || (pointed?.grid === "kernel" && pointed.row === row && pointed.col === col);
        return { value, row, col, grid: "kernel", classes: `editable ${shadeClass(value, top)} ${current ? "current" : ""}`, editable: true };
      },
    });
  }

  function drawOutput(window, size) {
    const top = largest(now.output);
    const fed = isInput(pointed) ? [pointed.row + now.padding, pointed.col + now.padding] : null;
    const reached = timer ? shownPosition() : Infinity;
    grids.output.draw({
      rows: now.size, cols: now.size, size,
      cell(row, col) {
        const value = now.output[row][col];
        const classes = [
          window && window.row === row && window.col === col ? "current" : "",
          fed && feeds(fed[0], row, now) && feeds(fed[1], col, now) ? "lit" : "",
          row * now.size + col > reached ? "todo" : shadeClass(value, top),
        ].join(" ");
        return { value, row, col, grid: "output", classes };
      },
    });
  }

  // The sum's terms are kept and only their numbers changed: building them anew is the dearest part of a step.
  const terms = [];
  const term = (at) => {
    const [value, weight] = [h("span", { class: "of-input" }), h("span", { class: "of-kernel" })];
    return { value, weight, nodes: [at ? " + " : " = ", value, "·", weight] };
  };
  const [place, total] = [h("strong"), h("strong", { class: "of-output" })];
  let written = -1;

  function drawSum(window) {
    const count = window ? now.kernelSize ** 2 : 0;
    while (terms.length < count) terms.push(term(terms.length));
    if (written !== count) sum.replaceChildren(...(window ? [place, ...terms.slice(0, count).flatMap(({ nodes }) => nodes), " = ", total] : []));
    written = count;
    if (!window) return;
    setText(place, `output row ${window.row + 1}, column ${window.col + 1}`);
    const sources = [window.row, window.col].map((out) => taps(out, now).map((at) => padIndex(at - now.padding, now.inputSize, now.paddingMode)));
    for (let i = 0; i < now.kernelSize; i++)
      for (let j = 0; j < now.kernelSize; j++) {
        const [row, col, weight] = [sources[0][i], sources[1][j], now.weight[i][j]];
        const { value, weight: shown } = terms[i * now.kernelSize + j];
        setText(value, shortNumber(row < 0 || col < 0 ? 0 : now.input[row][col]));
        setText(shown, weight < 0 ? `(${shortNumber(weight)})` : shortNumber(weight));
      }
    setText(total, shortNumber(now.output[window.row][window.col]));
  }

  function sentence() {
    const { size, unused, inputSize, padding } = now;
    const parts = [`output ${size} × ${size}`];
    if (padding) parts.push(`from a padded input ${inputSize + 2 * padding} × ${inputSize + 2 * padding}`);
    if (unused) parts.push(`the last ${unused === 1 ? "row and column are" : `${unused} rows and columns are`} in no window (hatched)`);
    if (isInput(pointed)) {
      const count = (at) => Array.from({ length: size }, (_, out) => feeds(at + padding, out, now)).filter(Boolean).length;
      parts.push(`this input cell feeds ${plural(count(pointed.row) * count(pointed.col), "output")}`);
    }
    return `${parts.join("; ")}.`;
  }

  function drawFormula() {
    const { inputSize, kernelSize, stride, padding, dilation, problem, size } = now;
    const span = kernelSpan(kernelSize, dilation);
    setText(
      formula,
      `span = dilation · (kernel − 1) + 1 = ${dilation} · (${kernelSize} − 1) + 1 = ${span}. ` +
        `Output = ⌊(input + 2 · padding − span) / stride⌋ + 1 = ⌊(${inputSize} + 2 · ${padding} − ${span}) / ${stride}⌋ + 1` +
        (problem ? ": none." : ` = ${size}.`),
    );
  }

  return function draw() {
    now = compute(frame.get);
    if (timer && now.problem) stop();
    const position = shownPosition();
    const cell = pointed?.grid === "output" && pointed.row < now.size && pointed.col < now.size ? pointed : null;
    const window = cell ?? (position < 0 ? null : { row: Math.floor(position / now.size), col: position % now.size });
    const wide = frame.width >= 540;
    const padded = now.inputSize + 2 * now.padding;
    const size = cellSize(frame.width, wide ? 360 : 470, wide, padded, now.kernelSize);
    const ready = now.size > 0;

    stage.classList.toggle("wide", wide);
    setText(titles.input, padded > now.inputSize ? `input ${now.inputSize} × ${now.inputSize}, padded` : `input ${now.inputSize} × ${now.inputSize}`);
    setText(titles.kernel, "kernel");
    setText(titles.output, ready ? `output ${now.size} × ${now.size}` : "no output");
    drawInput(window, size);
    drawKernel(window, size);
    drawOutput(window, size);
    drawSum(window);
    drawFormula();
    assign(scrubRange, { max: String(Math.max(0, now.size ** 2 - 1)) });
    for (const control of [scrubRange, playButton, back, forward]) assign(control, { disabled: !ready });
    setText(playButton, timer ? "Pause" : "Play");
    const problem = typing ?? now.problem;
    status.say(problem ?? sentence(), { problem: Boolean(problem) });
  };
}

const render = (context) => figure(context, { name: "ConvolutionExplorer", label: "Convolution explorer", traits: TRAITS }, build);
export default { render };
