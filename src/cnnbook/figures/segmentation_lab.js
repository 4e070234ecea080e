import {
  arrowStep, assign, capital, channelsOf, clamp, figure, followPointer, greys, h, paintPixels, setText, statusLine,
} from "./kit.js";
import { forward, readImages, readNetwork, softmax } from "./net.js";
import { share } from "./boxes.js";
import { movableGarments, pasted } from "./garments.js";

const TRAITS = ["ground", "places", "order", "row", "column", "opacity", "shown", "mistakes"];
const WIDE = 640; // from here on the tables stand side by side, or beside the one scene, as in the style sheet
const TWO_SCENES = 500; // from here on two scenes stand side by side
const GAP = 16; // between them, as in the style sheet
const HUES = ["input", "kernel", "output", "error", "negative"]; // of the classes, in the kit's table, as cnnbook.plots.show_masks has them
const FINE = 4; // the hatching of a mistake is so many times as fine as the scene
const WHITE = 2;
const STRIPES = [WHITE, WHITE, 1, 0, 0, 0, 0, 1]; // white with a black rim, and clear in between, so that the class shows

// ── the answer ──────────────────────────────────────────────────────────────────────────────────

/** The class of each pixel: 0 is the ground, 1 + its label what shows a cut-out. */
export const trueClasses = (owner, labels) => Uint8Array.from(owner, (index) => (index < 0 ? 0 : 1 + labels[index]));

/** The class with the largest logit at each pixel of a map { values, channels, height, width }; of equal ones the first. */
export function predictedClasses({ values, channels, height, width }) {
  const size = height * width;
  const [most, classes] = [values.slice(0, size), new Uint8Array(size)];
  for (let channel = 1; channel < channels; channel++)
    for (let at = 0, from = channel * size; at < size; at++, from++)
      if (values[from] > most[at]) {
        most[at] = values[from];
        classes[at] = channel;
      }
  return classes;
}

/** For each class the pixels that are it both truly and by prediction, and those that are it either way: { found, either }. */
export function overlaps(predicted, truth, count) {
  const counts = Array.from({ length: count }, () => ({ found: 0, either: 0 }));
  for (let at = 0; at < truth.length; at++) {
    counts[truth[at]].either++;
    if (predicted[at] === truth[at]) counts[truth[at]].found++;
    else counts[predicted[at]].either++;
  }
  return counts;
}

/** How good a mask is, from its `overlaps`: IoU of each class, null for one that is nowhere; the mean of the others; the share of right pixels. */
export function scores(counts, pixels) {
  const ious = counts.map(({ found, either }) => (either ? found / either : null));
  const there = ious.filter((one) => one !== null);
  const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
  return { ious, mean: sum(there) / there.length, right: sum(counts.map(({ found }) => found)) / pixels };
}

/** The probabilities of the classes at one pixel. */
export const probabilitiesAt = ({ values, channels, height, width }, at) =>
  softmax(Array.from({ length: channels }, (_, channel) => values[channel * height * width + at]));

// ── drawing ─────────────────────────────────────────────────────────────────────────────────────

const hueOf = (label) => `--cnn-${HUES[label - 1]}`;

/** A mask in the colours of its classes; `palette` has red, green and blue of each class, null for one that is not shown. */
function paintMask(canvas, classes, palette, { height, width }) {
  paintPixels(canvas, { values: classes, height, width }, (label, data, at) => {
    if (palette[label]) data.set([...palette[label], 255], at);
  });
}

/** Black and white stripes over the pixels whose class is wrong. */
function paintMistakes(canvas, predicted, truth, { height, width }) {
  const pixels = { height: FINE * height, width: FINE * width };
  const wrong = new Uint8Array(pixels.height * pixels.width);
  for (let row = 0; row < pixels.height; row++)
    for (let col = 0; col < pixels.width; col++) {
      const at = Math.floor(row / FINE) * width + Math.floor(col / FINE);
      if (predicted[at] !== truth[at]) wrong[row * pixels.width + col] = STRIPES[(row + col) % STRIPES.length];
    }
  paintPixels(canvas, { values: wrong, ...pixels }, (kind, data, at) => {
    if (!kind) return;
    data[at] = data[at + 1] = data[at + 2] = kind === WHITE ? 255 : 0;
    data[at + 3] = 255;
  });
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

const percent = (part) => `${(100 * part).toFixed(1)}\u00a0%`;

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const status = statusLine();
  const networks = Object.entries(frame.get("networks")).map(([name, packed]) => ({ name, layers: readNetwork(packed) }));
  const { height, width, images: grounds } = readImages(frame.get("grounds"));
  const size = { height, width };
  const classes = ["ground", ...frame.get("classes")];
  const garments = movableGarments(frame, size);
  const labels = garments.cutouts.map(({ label }) => label);
  let now = null; // the scene and all that the networks make of it; see compute
  let painted = {}; // what the canvases show

  function compute() {
    const [ground, places, order] = ["ground", "places", "order"].map(frame.get);
    if (now && now.ground === ground && now.places === places && now.order === order) return now;
    const { values, owner } = pasted(grounds[ground], garments.cutouts, places, order, width);
    const truth = trueClasses(owner, labels);
    const input = { values: Float32Array.from(values, (byte) => byte / 255), channels: 1, height, width };
    const answers = networks.map(({ layers }) => {
      const logits = forward(layers, input).at(-1);
      const predicted = predictedClasses(logits);
      const counts = overlaps(predicted, truth, classes.length);
      return { logits, predicted, counts, ...scores(counts, truth.length) };
    });
    return { ground, places, order, values, truth, answers };
  }

  // ── the scenes, one for each network ──

  const choose = (row, col) => frame.set({ row: clamp(row, 0, height - 1), column: clamp(col, 0, width - 1) });

  const scenes = networks.map(({ name }, index) => {
    const tabindex = index ? -1 : 0; // the Tab key comes to each garment once
    const [image, mask, wrong] = ["", "sl-mask", "sl-wrong"].map((look) => h("canvas", { class: `blocks ${look}`, role: "img" }));
    const pixel = h("div", { class: "sl-pixel", tabindex, role: "application" });
    const handles = garments.handles({ tabindex });
    const box = h("div", { class: "scene sl-scene" }, image, mask, wrong, ...handles, pixel);
    followPointer(box, (event) => {
      const { left, top, width: wide, height: tall } = box.getBoundingClientRect();
      choose(Math.floor(((event.clientY - top) / tall) * height), Math.floor(((event.clientX - left) / wide) * width));
    });
    box.addEventListener("click", ({ target }) => target.closest(".garment") ?? pixel.focus({ preventScroll: true }));
    pixel.addEventListener("keydown", (event) => {
      const step = arrowStep(event, 5);
      if (!step) return;
      event.preventDefault();
      choose(frame.get("row") + step[0], frame.get("column") + step[1]);
    });
    const element = h("div", { class: "sl-panel" }, h("p", { class: "grid-title" }, name), box);
    return { image, mask, wrong, pixel, handles, box, element };
  });

  // ── the classes ──

  const swatch = (label) => {
    const element = h("span", { class: "sl-swatch" });
    if (label) element.style.background = `var(${hueOf(label)})`;
    return element;
  };
  const switches = classes.slice(1).map((name, at) => {
    const input = h("input", {
      type: "checkbox", "aria-label": `${name} in colour`,
      onchange: () => frame.set({ shown: input.checked ? [...frame.get("shown"), at] : frame.get("shown").filter((other) => other !== at) }),
    });
    return { input, element: h("label", { class: "check" }, input, swatch(at + 1), name) };
  });
  const mistakes = frame.checkbox("mistakes");
  mistakes.querySelector("input").after(h("span", { class: "sl-swatch sl-hatch" }));

  // ── the tables ──

  const line = (name, label = null) => {
    const cells = networks.map(() => h("td"));
    return { cells, element: h("tr", {}, h("th", { scope: "row" }, label === null ? name : h("span", { class: "sl-name" }, swatch(label), name)), ...cells) };
  };
  const tableOf = (look, caption, ...bodies) =>
    h("table", { class: look }, caption,
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "class"), ...networks.map(({ name }) => h("th", { scope: "col" }, name)))),
      ...bodies.map((lines) => h("tbody", {}, ...lines.map(({ element }) => element))));

  const ofClass = classes.map(line);
  const overall = ["mean IoU", "right pixels"].map((name) => line(name));
  const ious = ofClass.map(({ cells }) => cells.map((cell) => {
    const [value, counts] = [h("b", { class: "sl-value" }), h("span", { class: "sl-counts" })];
    cell.append(value, counts);
    return { cell, counts, value };
  }));

  const ofPixel = classes.map(line);
  const bars = ofPixel.map(({ cells }) => cells.map((cell) => {
    const [bar, value] = [h("span", { class: "sl-bar" }), h("span", { class: "sl-share" })];
    cell.append(bar, value);
    return { cell, bar, value };
  }));
  const pixelTitle = h("caption", { "aria-live": "polite" });

  frame.root.append(
    h("div", { class: "controls" },
      ...(grounds.length > 1 ? [frame.select("ground", { values: [...grounds.keys()], text: (at) => `ground ${at + 1}` })] : []),
      frame.slider("opacity", { step: 0.01, text: share }), frame.resetButton()),
    h("div", { class: "buttons sl-classes" }, ...switches.map(({ element }) => element), mistakes),
    status.element,
    h("div", { class: `sl-stage ${networks.length > 1 ? "" : "sl-one"}` },
      h("div", { class: "sl-scenes" }, ...scenes.map(({ element }) => element)),
      h("div", { class: "sl-tables" },
        tableOf("sl-ious", h("caption", {}, "IoU in this scene: pixels in both masks, predicted and true, of those in either"), ofClass, overall),
        tableOf("sl-pixel-table", pixelTitle, ofPixel))),
    garments.list,
    h("p", { class: "note" }, "Drag a garment, or move it with the arrow keys (Shift: 5 pixels); Enter brings it to the front, Delete takes it out. Point at a pixel, or move it with the arrow keys. Every number is computed in this page."),
  );

  // ── drawing ──

  function lay() {
    const halved = frame.width >= (networks.length > 1 ? TWO_SCENES : WIDE);
    const room = halved ? (frame.width - GAP) / 2 : frame.width;
    let zoom = Math.min(room / width, 384 / height);
    if (halved) zoom = Math.floor(2 * zoom) / 2;
    for (const { image, mask, wrong, box, element } of scenes) {
      for (const node of [image, mask, wrong, box]) Object.assign(node.style, { width: `${zoom * width}px`, height: `${zoom * height}px` });
      element.style.width = `${zoom * width}px`;
    }
    return zoom;
  }

  const colorOf = (label) => channelsOf(getComputedStyle(frame.root).getPropertyValue(hueOf(label)));

  function drawScenes(zoom) {
    const [shown, opacity, marked] = ["shown", "opacity", "mistakes"].map(frame.get);
    const palette = classes.map((_, label) => (label && shown.includes(label - 1) ? colorOf(label) : null));
    scenes.forEach(({ image, mask, wrong, handles }, index) => {
      const { predicted } = now.answers[index];
      if (painted.now !== now) {
        paintPixels(image, { values: now.values, ...size }, greys(0, 255));
        image.setAttribute("aria-label", garments.words());
      }
      if (painted.now !== now || painted.shown !== shown) {
        paintMask(mask, predicted, palette, size);
        mask.setAttribute("aria-label", maskWords(networks[index].name, predicted));
      }
      if (marked && (painted.now !== now || !painted.marked)) paintMistakes(wrong, predicted, now.truth, size);
      mask.style.opacity = opacity;
      wrong.hidden = !marked;
      wrong.setAttribute("aria-label", `Mistakes: ${percent(1 - now.answers[index].right)} of the pixels`);
      garments.draw(handles, zoom);
    });
    painted = { now, shown, marked };
    switches.forEach(({ input }, at) => assign(input, { checked: shown.includes(at) }));
  }

  function maskWords(name, predicted) {
    const counts = classes.map(() => 0);
    for (const label of predicted) counts[label]++;
    const parts = classes.flatMap((one, label) => (counts[label] ? [`${one} ${counts[label]}`] : []));
    return `Mask ${name}, in pixels: ${parts.join(", ")}`;
  }

  function drawScores() {
    now.answers.forEach(({ counts, ious: values, mean, right }, index) => {
      classes.forEach((_, label) => {
        const { cell, counts: words, value } = ious[label][index];
        const { found, either } = counts[label];
        setText(words, either ? `${found}/${either}` : "");
        setText(value, either ? share(values[label]) : "–");
        cell.dataset.value = values[label] ?? "";
      });
      [mean, right].forEach((number, at) => {
        const cell = overall[at].cells[index];
        setText(cell, at ? percent(number) : share(number));
        cell.dataset.value = number;
      });
    });
  }

  function drawPixel(zoom) {
    const [row, col] = ["row", "column"].map(frame.get);
    const at = row * width + col;
    const truth = now.truth[at];
    const said = now.answers.map(({ logits, predicted }, index) => {
      const probabilities = probabilitiesAt(logits, at);
      classes.forEach((_, label) => {
        const { cell, bar, value } = bars[label][index];
        bar.style.transform = `scaleX(${probabilities[label]})`;
        setText(value, probabilities[label].toFixed(3));
        cell.dataset.value = probabilities[label];
        cell.className = label !== predicted[at] ? "" : label === truth ? "sl-right" : "sl-false";
      });
      return `${networks[index].name}: ${classes[predicted[at]]}`;
    });
    ofPixel.forEach(({ element }, label) => element.classList.toggle("sl-true", label === truth));
    setText(pixelTitle, `Row ${row}, column ${col}: truly ${classes[truth]}. ${capital(said.join(", "))}.`);
    for (const { pixel } of scenes) {
      Object.assign(pixel.style, { top: `${zoom * row}px`, left: `${zoom * col}px`, width: `${zoom}px`, height: `${zoom}px` });
      pixel.setAttribute("aria-label", `pixel in row ${row}, column ${col}: arrow keys move it`);
    }
  }

  return function draw() {
    if (!(frame.width > 0)) return; // not in the page yet, or hidden: there is no size to draw for
    const zoom = lay();
    now = compute();
    drawScenes(zoom);
    drawScores();
    drawPixel(zoom);
    status.say(now.answers.map(({ mean, right }, index) => `${capital(networks[index].name)}: mean IoU ${share(mean)}, ${percent(right)} of the pixels right.`).join(" "));
  };
}

const render = (context) => figure(context, { name: "SegmentationLab", label: "segmentation lab", traits: TRAITS }, build);
export default { render };
