import {
  arrowStep, capital, clamp, draggable, figure, greys, h, linePath, markers, moveText, paintPixels, setText, statusLine, svg,
} from "./kit.js";
import { forward, readImages, readNetwork, softmax } from "./net.js";

const TRAITS = ["image", "dx", "dy"];
const WIDE = 660; // as in the style sheet
const LETTER = 9; // pixels of the status line that a letter takes, and of the line's end that stays empty, at most
const SLICE = 8; // milliseconds of work between two chances for the reader to act
const LOOKS = ["square", "disk", "triangle"]; // a marker for each network, and a dash by the same name in the style sheet

// ── the canvas ──────────────────────────────────────────────────────────────────────────────────

/** Where an image stands along one side of the canvas when it is not moved. */
export const marginOf = (canvasSize, size) => Math.floor((canvasSize - size) / 2);

/** The bytes of a square black canvas with an image in the middle, moved by dx and dy; what goes over the edge is cut off. */
export function onCanvas(image, { height, width, canvasSize, dx, dy }) {
  const [top, left] = [marginOf(canvasSize, height) + dy, marginOf(canvasSize, width) + dx];
  const values = new Uint8Array(canvasSize ** 2);
  const [first, end] = [Math.max(0, -left), Math.min(width, canvasSize - left)];
  for (let row = Math.max(0, -top); row < Math.min(height, canvasSize - top); row++)
    values.set(image.subarray(row * width + first, row * width + end), (top + row) * canvasSize + left + first);
  return { values, height: canvasSize, width: canvasSize };
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
const verdict = (isRight) => (isRight ? "right" : "wrong");

/** What the networks say of a garment; `said` has a name, an answer in words and its probability for each. */
export const sentence = (garment, dx, dy, said) => [
  `${capital(garment)}, ${moveText(dx, dy) || "in the middle"}.`,
  ...said.map(({ name, answer, probability, isRight }) => `${capital(name)}: ${answer}, ${percent(probability)}, ${verdict(isRight)}.`),
].join(" ");

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const status = statusLine();
  const limits = frame.get("limits");
  const networks = Object.entries(frame.get("networks")).map(([name, packed], at) => ({ name, layers: readNetwork(packed), look: LOOKS[at] }));
  const { height, width, images } = readImages(frame.get("images"));
  const [labels, classes, canvasSize] = ["labels", "classes", "canvas_size"].map(frame.get);
  const shifts = Array.from({ length: limits.dx.max - limits.dx.min + 1 }, (_, at) => limits.dx.min + at);
  const known = new Map(); // what the networks said of each image at each place
  const name = classes.reduce((one, other) => (other.length > one.length ? other : one));
  const longest = sentence(name, limits.dx.min, limits.dy.min, networks.map((network) => ({ name: network.name, answer: name, probability: 1, isRight: true }))).length;
  let timer = null; // of the curve's next points

  const drawn = (image, dx, dy) => onCanvas(images[image], { height, width, canvasSize, dx, dy });
  const keyOf = (image, dx, dy) => [image, dx, dy].join();

  /** For each network the probability of every class, its answer, and whether that is right. */
  function answers(image, dx, dy) {
    const key = keyOf(image, dx, dy);
    if (!known.has(key)) {
      const { values } = drawn(image, dx, dy);
      const input = { values: Float32Array.from(values, (byte) => byte / 255), channels: 1, height: canvasSize, width: canvasSize };
      known.set(key, networks.map(({ layers }) => {
        const probabilities = softmax(forward(layers, input).at(-1).values);
        const answer = probabilities.indexOf(Math.max(...probabilities));
        return { probabilities, answer, isRight: answer === labels[image] };
      }));
    }
    return known.get(key);
  }

  /** The curve's points that are still to be computed, the nearest to the present place first. */
  function unknown() {
    const [image, dx, dy] = TRAITS.map(frame.get);
    return shifts.filter((shift) => !known.has(keyOf(image, shift, dy))).sort((one, other) => Math.abs(one - dx) - Math.abs(other - dx));
  }

  function computeMore() {
    timer = null;
    const end = performance.now() + SLICE;
    const [image, , dy] = TRAITS.map(frame.get);
    for (const shift of unknown()) {
      answers(image, shift, dy);
      if (performance.now() > end) break;
    }
    frame.redraw();
  }
  frame.onCleanup(() => clearTimeout(timer));

  // ── the canvas ──

  const canvas = h("canvas", { role: "img", class: "blocks" });
  const [start, grip] = ["sp-start", "sp-grip"].map((name) => h("div", { class: name }));
  const scene = h("div", { class: "scene sp-canvas", tabindex: "0", role: "application", "aria-label": "garment: drag it, or move it with the arrow keys" }, canvas, start, grip);
  let zoom = 1; // pixels of the page for one of the canvas

  const move = (dx, dy) => frame.set({ dx: clamp(dx, limits.dx.min, limits.dx.max), dy: clamp(dy, limits.dy.min, limits.dy.max) });
  draggable(
    scene,
    () => [frame.get("dx"), frame.get("dy")],
    ([dx, dy], right, down) => move(dx + Math.round(right / zoom), dy + Math.round(down / zoom)),
  );
  scene.addEventListener("keydown", (event) => {
    const step = arrowStep(event, 3);
    if (!step) return;
    event.preventDefault();
    move(frame.get("dx") + step[1], frame.get("dy") + step[0]);
  });

  // ── the classes ──

  const rows = classes.map((name) => {
    const cells = networks.map((network) => {
      const [bar, share] = [h("span", { class: "sp-bar" }), h("span", { class: "sp-share" })];
      return { bar, share, element: h("td", { "data-network": network.name, "data-class": name }, bar, share) };
    });
    return { cells, element: h("tr", {}, h("th", { scope: "row" }, name), ...cells.map(({ element }) => element)) };
  });
  const says = networks.map(({ name }) => h("td", { class: "sp-says", "data-network": name }));
  const table = h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "class"), ...networks.map(({ name }) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, ...rows.map(({ element }) => element)),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "answer"), ...says)));

  // ── the curve ──

  const chart = svg("svg", { class: "sp-chart", role: "img" });
  const legend = h("p", { class: "note sp-legend" }, ...networks.map(({ name, look }) => h("span", { class: "sp-key" },
    svg("svg", { class: "sp-sample", width: 34, height: 12, "aria-hidden": "true" },
      svg("g", { class: `sp-series sp-${look}` }, svg("path", { class: "sp-line", d: "M0 6H34" }), svg("path", { class: "sp-mark sp-right", d: markers[look](17, 6, 4) }))),
    name)), h("span", { class: "sp-key" }, "filled: its answer is right, hollow: wrong"));
  const chartTitle = h("p", { class: "grid-title" });

  frame.root.append(
    h("div", { class: "controls" },
      frame.select("image", { label: "garment", values: [...images.keys()], text: (at) => `${at}: ${classes[labels[at]]}` }),
      frame.slider("dx"), frame.slider("dy"), frame.resetButton()),
    status.element,
    h("div", { class: "sp-stage" }, scene, table),
    chartTitle, chart, legend,
    h("p", { class: "note" }, `Drag the garment, or move it with the arrow keys (Shift: 3 pixels). The dashed frame is the middle of the canvas of ${canvasSize} × ${canvasSize} pixels. Every number is computed here, by the trained networks.`),
  );

  // ── drawing ──

  function drawCanvas(image, dx, dy) {
    zoom = Math.floor((frame.width >= WIDE ? 280 : Math.min(frame.width, 280)) / canvasSize);
    paintPixels(canvas, drawn(image, dx, dy), greys(0, 255));
    canvas.setAttribute("aria-label", `${capital(classes[labels[image]])} on a canvas of ${canvasSize} by ${canvasSize} pixels`);
    for (const node of [scene, canvas]) node.style.width = node.style.height = `${zoom * canvasSize}px`;
    const place = (node, right, down) => Object.assign(node.style, {
      left: `${zoom * (marginOf(canvasSize, width) + right)}px`, top: `${zoom * (marginOf(canvasSize, height) + down)}px`,
      width: `${zoom * width}px`, height: `${zoom * height}px`,
    });
    place(start, 0, 0);
    place(grip, dx, dy);
  }

  function drawTable(image, said) {
    rows.forEach(({ element, cells }, index) => {
      element.classList.toggle("sp-true", index === labels[image]);
      cells.forEach(({ bar, share, element: cell }, at) => {
        const { probabilities, answer, isRight } = said[at];
        bar.style.transform = `scaleX(${probabilities[index]})`;
        setText(share, percent(probabilities[index]));
        cell.dataset.value = probabilities[index];
        cell.className = index === answer ? `sp-${verdict(isRight)}` : "";
      });
    });
    said.forEach(({ answer, isRight }, at) => {
      setText(says[at], `${classes[answer]}, ${verdict(isRight)}`);
      says[at].classList.toggle("sp-wrong", !isRight);
    });
  }

  function drawChart(image, dx, dy, said) {
    const [chartWidth, chartHeight] = [frame.width, 170];
    const [left, right, top, bottom] = [44, 12, 8, 36];
    const x = (shift) => left + ((shift - shifts[0]) / (shifts.length - 1)) * (chartWidth - left - right);
    const y = (share) => top + (1 - share) * (chartHeight - top - bottom);
    const label = (text, at, anchor) => svg("text", { ...at, "text-anchor": anchor }, text);
    const rules = [0, 0.5, 1].flatMap((share) => [
      svg("path", { class: "sp-rule", d: `M${left} ${y(share)}H${chartWidth - right}` }),
      label(percent(share), { x: left - 6, y: y(share) + 4 }, "end"),
    ]);
    const labelled = shifts.filter((shift) => frame.width >= WIDE || shift % 2 === 0 || shift === dx);
    const ticks = labelled.map((shift) => label(String(shift).replace("-", "−"), { x: x(shift), y: chartHeight - bottom + 17, class: shift === dx ? "sp-here" : "" }, "middle"));
    const series = networks.map(({ name, look }, at) => {
      const points = shifts.map((shift) => {
        const one = known.get(keyOf(image, shift, dy))?.[at];
        return one ? { x: x(shift), y: y(one.probabilities[labels[image]]), value: one.probabilities[labels[image]], isRight: one.isRight, shift } : null;
      });
      const marks = points.filter(Boolean).map((point) => svg("path", {
        class: `sp-mark sp-${verdict(point.isRight)}`, d: markers[look](point.x, point.y, point.shift === dx ? 5.5 : 3.5),
        "data-shift": point.shift, "data-value": point.value,
      }));
      return svg("g", { class: `sp-series sp-${look}`, "data-network": name }, svg("path", { class: "sp-line", d: linePath(points) }), ...marks);
    });
    chart.setAttribute("width", chartWidth);
    chart.setAttribute("height", chartHeight);
    chart.replaceChildren(
      ...rules, ...ticks, svg("path", { class: "sp-cursor", d: `M${x(dx)} ${top}V${chartHeight - bottom}` }),
      label("dx, pixels to the right", { x: (left + chartWidth - right) / 2, y: chartHeight - 4 }, "middle"), ...series,
    );
    const words = networks.map(({ name }, at) => `${name} ${percent(said[at].probabilities[labels[image]])}`);
    chart.setAttribute("aria-label", `Probability of ${classes[labels[image]]} against dx; at dx ${dx}: ${words.join(", ")}`);
    setText(chartTitle, `probability of ${classes[labels[image]]} at each dx, dy ${String(dy).replace("-", "−")}`);
  }

  return function draw() {
    if (!(frame.width > 0)) return;
    const [image, dx, dy] = TRAITS.map(frame.get);
    const said = answers(image, dx, dy);
    drawCanvas(image, dx, dy);
    drawTable(image, said);
    drawChart(image, dx, dy, said);
    status.say(sentence(classes[labels[image]], dx, dy, said.map(({ probabilities, answer, isRight }, at) => (
      { name: networks[at].name, answer: classes[answer], probability: probabilities[answer], isRight }))));
    status.element.style.setProperty("--sp-lines", Math.ceil((LETTER * longest) / frame.width));
    chart.setAttribute("aria-busy", unknown().length > 0);
    if (unknown().length) timer ??= setTimeout(computeMore);
  };
}

const render = (context) => figure(context, { name: "ShiftProbe", label: "Shift probe", traits: TRAITS }, build);
export default { render };
