import { clamp, figure, greys, h, numberGrid, paintPixels, plural, setText, shadeClass, statusLine, svg } from "./kit.js";
import { forward, readImages, readNetwork } from "./net.js";
import { boxOutline, boxTag, fixed, iou, listed, nms, share, yoloDecode, yoloVectors } from "./boxes.js";
import { movableGarments, pasted } from "./garments.js";

const TRAITS = ["ground", "places", "order", "row", "column", "confidence", "iou_threshold", "confidence_map", "suppressed", "truth"];
const WIDE = 640; // as in the style sheet
const MOST_TAGS = 12;

// ── the scene ───────────────────────────────────────────────────────────────────────────────────

/** For each cut-out the box [x1, y1, x2, y2] tight round what is visible of it; null where nothing is. */
export function visibleBoxes(owner, count, width) {
  const boxes = Array(count).fill(null);
  owner.forEach((index, at) => {
    if (index < 0) return;
    const [row, col] = [Math.floor(at / width), at % width];
    const box = (boxes[index] ??= [col, row, col + 1, row + 1]);
    boxes[index] = [Math.min(box[0], col), Math.min(box[1], row), Math.max(box[2], col + 1), Math.max(box[3], row + 1)];
  });
  return boxes;
}

// ── the answer ──────────────────────────────────────────────────────────────────────────────────

/** What becomes of each cell's detection: "unsure" below the confidence threshold, "suppressed" with the cell `by` whose box overlaps it, or "kept". */
export function selected(detections, confidence, threshold) {
  const sure = detections.flatMap(({ score }, at) => (score >= confidence ? [at] : []));
  const by = nms(sure.map((at) => detections[at]), threshold, true);
  const fates = detections.map(() => ({ fate: "unsure" }));
  sure.forEach((at, index) => (fates[at] = by[index] < 0 ? { fate: "kept" } : { fate: "suppressed", by: sure[by[index]] }));
  return fates;
}

// ── words ───────────────────────────────────────────────────────────────────────────────────────

/** The boxes that were kept, in words, the surest first. */
export const sentence = (kept, confidence) =>
  kept.length ? `${plural(kept.length, "box", "boxes")}: ${listed(kept, 4)}.` : `No box: no score reaches the threshold, ${share(confidence)}.`;

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const status = statusLine();
  const layers = readNetwork(frame.get("network"));
  const { height, width, images: grounds } = readImages(frame.get("grounds"));
  const classes = frame.get("classes");
  const garments = movableGarments(frame, { height, width });
  const { cutouts, names } = garments;
  let now = null; // the scene and all that the network makes of it; see compute
  let zoom = 1; // pixels of the page for one of the scene

  function compute() {
    const [ground, places, order] = ["ground", "places", "order"].map(frame.get);
    if (now && now.ground === ground && now.places === places && now.order === order) return now;
    const { values, owner } = pasted(grounds[ground], cutouts, places, order, width);
    const raw = forward(layers, { values: Float32Array.from(values, (byte) => byte / 255), channels: 1, height, width }).at(-1);
    const vectors = yoloVectors(raw, classes.length);
    const detections = yoloDecode(vectors, { rows: raw.height, cols: raw.width, height, width }).map((one) => ({ ...one, box: clipped(one.box) }));
    return { ground, places, order, values, raw, vectors, detections, truths: visibleBoxes(owner, cutouts.length, width) };
  }

  const clipped = ([x1, y1, x2, y2]) => [clamp(x1, 0, width), clamp(y1, 0, height), clamp(x2, 0, width), clamp(y2, 0, height)];
  const cellOf = (row, col) => row * now.raw.width + col;
  const placeOf = (cell) => [Math.floor(cell / now.raw.width), cell % now.raw.width];
  /** The cell that the centre of a box lies in. */
  const cellUnder = ([x1, y1, x2, y2]) => cellOf(Math.floor(((y1 + y2) / 2 / height) * now.raw.height), Math.floor(((x1 + x2) / 2 / width) * now.raw.width));
  const named = ({ label, score }) => `${classes[label]} ${share(score)}`;

  const lines = garments.items.map((item, index) => {
    const [said, fit] = [h("span"), h("span")];
    const found = h("span", { class: "yg-found", "data-garment": index }, said, fit);
    item.append(found);
    return { found, said, fit };
  });

  // ── the scene and its cells ──

  const canvas = h("canvas", { role: "img", class: "blocks" });
  const cells = numberGrid({ label: "confidence of the cells" });
  cells.element.addEventListener("focusin", ({ target: { dataset } }) => frame.set({ row: Number(dataset.row), column: Number(dataset.col) }));
  const drawing = svg("svg", { class: "yg-drawing", role: "img" });
  const handles = garments.handles({ onTap: chooseUnder });
  const scene = h("div", { class: "scene yg-scene" }, canvas, cells.element, drawing, ...handles);

  function chooseUnder(event) {
    const box = scene.getBoundingClientRect();
    const index = (offset, length, count) => clamp(Math.floor((offset / length) * count), 0, count - 1);
    frame.set({
      row: index(event.clientY - box.top, box.height, now.raw.height),
      column: index(event.clientX - box.left, box.width, now.raw.width),
    });
  }

  // ── the chosen cell's answer ──

  const cellTitle = h("p", { class: "grid-title yg-title" });
  const verdict = h("p", { class: "yg-verdict" });
  const head = (...words) => h("thead", {}, h("tr", {}, ...words.map((word) => h("th", { scope: "col" }, word))));
  const lineOf = (name, key, columns) => {
    const parts = Array.from({ length: columns }, () => h("td", { colspan: columns === 1 ? 2 : false }));
    return { key, parts, element: h("tr", { "data-part": key }, h("th", { scope: "row" }, name), ...parts) };
  };
  const coordinates = ["x", "y", "w", "h", "confidence"].map((name) => lineOf(name, name, 2));
  const shares = classes.map((name, at) => lineOf(name, `class ${at}`, 2));
  const bars = shares.map(({ parts: [, cell] }) => {
    const [bar, text] = [h("span", { class: "yg-bar" }), h("span", { class: "yg-share" })];
    cell.append(bar, text);
    return { bar, text };
  });
  const derived = ["centre x", "centre y", "width", "height", "box", "class", "score"].map((name) => lineOf(name, name, 1));
  const answer = h("table", {},
    head("number", "raw", "becomes"), h("tbody", {}, ...coordinates.map(({ element }) => element)),
    h("tbody", { class: "yg-classes" }, ...shares.map(({ element }) => element)),
    h("tbody", { class: "yg-derived" }, ...derived.map(({ element }) => element)));

  const key = (look, words) => h("span", { class: "yg-key" }, svg("svg", { width: 26, height: 14, "aria-hidden": "true" }, boxOutline(look, [2, 2, 24, 12])), words);
  const legend = h("p", { class: "note yg-legend" },
    key("yg-kept", "kept"), key("yg-suppressed", "suppressed"), key("yg-truth", "true"), key("yg-chosen", "this cell’s"));

  frame.root.append(
    h("div", { class: `controls ${grounds.length > 1 ? "yg-grounds" : ""}` },
      ...(grounds.length > 1 ? [frame.select("ground", { values: [...grounds.keys()], text: (at) => `ground ${at + 1}` })] : []),
      frame.slider("confidence", { label: "confidence threshold", step: 0.01, text: share }),
      frame.slider("iou_threshold", { label: "IoU threshold", step: 0.01, text: share }), frame.resetButton()),
    h("div", { class: "buttons yg-checks" },
      frame.checkbox("confidence_map", { label: "confidence map" }), frame.checkbox("suppressed", { label: "suppressed boxes" }),
      frame.checkbox("truth", { label: "true boxes" })),
    status.element,
    h("div", { class: "yg-stage" }, h("div", { class: "yg-left" }, scene, legend), h("div", { class: "yg-cell" }, cellTitle, answer, verdict)),
    garments.list,
    h("p", { class: "note" }, "Drag a garment, or move it with the arrow keys (Shift: 5 pixels); Enter brings it to the front, Delete takes it out. Choose a cell with a click, or with the arrow keys. σ(t) = 1 / (1 + e⁻ᵗ). Every number is computed here, by the trained network."),
  );

  // ── drawing ──

  function lay() {
    const room = Math.min(384, frame.width >= WIDE ? frame.width - 350 : frame.width);
    zoom = room / Math.max(height, width);
    if (frame.width >= WIDE) zoom = Math.floor(zoom);
    for (const node of [scene, canvas]) Object.assign(node.style, { width: `${zoom * width}px`, height: `${zoom * height}px` });
    drawing.setAttribute("width", zoom * width);
    drawing.setAttribute("height", zoom * height);
    frame.root.style.setProperty("--yg-side", `${zoom * width}px`);
  }

  function drawScene() {
    paintPixels(canvas, { values: now.values, height, width }, greys(0, 255));
    canvas.setAttribute("aria-label", garments.words());
    garments.draw(handles, zoom);
  }

  function drawCells(row, col) {
    const { raw: { height: rows, width: cols }, vectors } = now;
    const shaded = frame.get("confidence_map");
    scene.classList.toggle("yg-map", shaded);
    cells.draw({
      rows, cols, size: (zoom * width) / cols + 1, home: [row, col],
      cell: (at, to) => {
        const value = vectors[cellOf(at, to)].confidence;
        const look = shaded ? `${shadeClass(value, 1)} ${value < 0.005 ? "yg-none" : ""}` : "";
        return { value, text: share(value), row: at, col: to, grid: "output", classes: `${look} ${at === row && to === col ? "current" : ""}` };
      },
    });
  }

  const scaled = (box) => box.map((edge) => edge * zoom);

  function drawBoxes(cell, fates, kept) {
    const { detections, truths, vectors, raw } = now;
    const marks = [];
    if (frame.get("suppressed")) fates.forEach(({ fate }, at) => fate === "suppressed" && marks.push(boxOutline("yg-suppressed", scaled(detections[at].box), { "data-cell": placeOf(at) })));
    if (frame.get("truth")) truths.forEach((box, index) => {
      if (!box) return;
      const [x1, y1, x2, y2] = scaled(box);
      marks.push(boxOutline("yg-truth", [x1, y1, x2, y2], { "data-garment": index, "data-box": box }), svg("circle", { class: "yg-true-centre", cx: (x1 + x2) / 2, cy: (y1 + y2) / 2, r: 3.5 }));
    });
    const taken = [];
    const tags = [];
    for (const at of kept) {
      const { box, label, score } = detections[at];
      marks.push(boxOutline("yg-kept", scaled(box), { "data-cell": placeOf(at), "data-box": box, "data-label": label, "data-score": score, opacity: 0.3 + 0.7 * score }));
      if (tags.length < MOST_TAGS) tags.push(boxTag(named(detections[at]), scaled(box), taken, { width: zoom * width, height: zoom * height }));
    }
    const [row, col] = placeOf(cell);
    const side = (zoom * width) / raw.width;
    const { x, y } = vectors[cell];
    const [centreX, centreY] = [(col + x) * side, (row + y) * side];
    marks.push(
      boxOutline("yg-chosen", scaled(detections[cell].box), { "data-box": detections[cell].box }),
      svg("path", { class: "yg-arm", d: `M${col * side} ${row * side}L${centreX} ${centreY}` }),
      svg("circle", { class: "yg-centre", cx: centreX, cy: centreY, r: 3.5 }),
    );
    drawing.replaceChildren(...marks, ...tags.filter(Boolean));
    const words = kept.map((at) => `${named(detections[at])} from ${fixed(detections[at].box[0], 0)}, ${fixed(detections[at].box[1], 0)} to ${fixed(detections[at].box[2], 0)}, ${fixed(detections[at].box[3], 0)}`);
    drawing.setAttribute("aria-label", words.length ? `Boxes, in pixels: ${listed(words, 6)}` : "No box");
  }

  /** For each garment the kept box that overlaps it most, and what that box says. */
  function drawGarments(kept) {
    lines.forEach(({ found, said, fit }, index) => {
      const truth = now.truths[index];
      const overlaps = truth ? kept.map((at) => iou(now.detections[at].box, truth)) : [];
      const most = Math.max(0, ...overlaps);
      const isOut = !now.order.includes(index);
      const best = most > 0 ? now.detections[kept[overlaps.indexOf(most)]] : null;
      setText(said, isOut ? "taken out" : !truth ? "hidden" : best ? named(best) : "no box");
      setText(fit, best ? `IoU ${share(most)}` : "");
      found.dataset.value = most;
      found.classList.toggle("yg-wrong", truth !== null && best?.label !== cutouts[index].label);
    });
  }

  function drawCell(cell, row, col, fates) {
    const { raw, vectors, detections } = now;
    const vector = vectors[cell];
    const { box, label, score } = detections[cell];
    const of = (channel) => raw.values[channel * raw.height * raw.width + cell];
    const t = (channel) => h("span", { class: "of-input" }, fixed(of(channel), 2));
    const numbers = [vector.x, vector.y, vector.w, vector.h, vector.confidence];
    coordinates.forEach(({ parts: [first, second] }, at) => {
      setText(first, fixed(of(at), 2));
      const [before, after] = at < 2 ? ["3σ(", ") − 1 = "] : ["σ(", ") = "];
      second.replaceChildren(before, t(at), after, h("b", {}, fixed(numbers[at], 3)));
      second.dataset.value = numbers[at];
    });
    shares.forEach(({ parts: [first, second], element }, at) => {
      setText(first, fixed(of(5 + at), 2));
      const value = vector.classes[at];
      bars[at].bar.style.transform = `scaleX(${value})`;
      setText(bars[at].text, value.toFixed(3));
      second.dataset.value = value;
      element.classList.toggle("yg-best", at === label);
    });
    const side = width / raw.width;
    const [x, y, w, tall, sure] = numbers.map((number) => fixed(number, 4));
    const pixels = { x: (col + vector.x) * side, y: (row + vector.y) * side, w: vector.w * width, h: vector.h * height };
    const plus = (text) => (text.startsWith("−") ? ` − ${text.slice(1)}` : ` + ${text}`);
    const edges = box.map((edge) => fixed(edge, 1));
    const lines = [
      [`(${col}${plus(x)}) · ${fixed(side, 0)} = `, fixed(pixels.x, 1), pixels.x],
      [`(${row}${plus(y)}) · ${fixed(side, 0)} = `, fixed(pixels.y, 1), pixels.y],
      [`${w} · ${width} = `, fixed(pixels.w, 1), pixels.w],
      [`${tall} · ${height} = `, fixed(pixels.h, 1), pixels.h],
      ["", `x ${edges[0]}–${edges[2]}, y ${edges[1]}–${edges[3]}`, box],
      [[`${classes[label]}: `, "e", h("sup", {}, fixed(of(5 + label), 2)), " / Σ e", h("sup", {}, "t"), " = "], vector.classes[label].toFixed(3), vector.classes[label]],
      [`${sure} · ${vector.classes[label].toFixed(4)} = `, fixed(score, 3), score],
    ];
    derived.forEach(({ parts: [line] }, at) => {
      line.replaceChildren(...[lines[at][0]].flat(), h("b", {}, lines[at][1]));
      line.dataset.value = lines[at][2];
    });
    const holds = now.truths.flatMap((truth, index) => (truth && cellUnder(truth) === cell ? [names[index]] : []));
    setText(cellTitle, `cell in row ${row}, column ${col}${holds.length ? `, with the centre of ${holds.join(" and ")}` : ""}`);
    const { fate, by } = fates[cell];
    const [other, otherCol] = fate === "suppressed" ? placeOf(by) : [];
    const outcome = {
      kept: () => `${classes[label]}: kept.`,
      unsure: () => `${classes[label]}: left out, for its score is below ${share(frame.get("confidence"))}.`,
      suppressed: () => `${classes[label]}: suppressed by the surer box of cell (${other}, ${otherCol}), IoU ${share(iou(box, detections[by].box))}.`,
    }[fate]();
    setText(verdict, outcome);
    return { kept: "kept", unsure: "left out", suppressed: "suppressed" }[fate];
  }

  return function draw() {
    if (!(frame.width > 0)) return; // not in the page yet, or hidden: there is no size to draw for
    lay();
    now = compute();
    const [row, col] = ["row", "column"].map(frame.get);
    const cell = cellOf(row, col);
    const fates = selected(now.detections, frame.get("confidence"), frame.get("iou_threshold"));
    const kept = fates.flatMap(({ fate }, at) => (fate === "kept" ? [at] : [])).sort((one, other) => now.detections[other].score - now.detections[one].score);
    drawScene();
    drawCells(row, col);
    drawBoxes(cell, fates, kept);
    drawGarments(kept);
    const fate = drawCell(cell, row, col, fates);
    status.say(`${sentence(kept.map((at) => named(now.detections[at])), frame.get("confidence"))} Cell (${row}, ${col}): ${named(now.detections[cell])}, ${fate}.`);
  };
}

const render = (context) => figure(context, { name: "YoloGrid", label: "YOLO grid", traits: TRAITS }, build);
export default { render };
