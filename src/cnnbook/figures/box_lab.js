import {
  arrowStep, assign, clamp, figure, greys, h, hasModifier, isHover, linePath, paintPixels, plural, setText, statusLine, svg,
} from "./kit.js";
import { readImages } from "./net.js";
import { boxAreas, boxOutline, boxTag, fixed, giou, iou, listed, nms, share } from "./boxes.js";

const TRAITS = ["view", "box_a", "box_b", "scene", "confidence", "iou_threshold", "per_class", "suppressed", "truth", "label", "chosen"];
const WIDE = 640; // as in the style sheet
const STAGE = [96, 64]; // width and height of the two boxes' stage, in units
const MARGIN = 19; // pixels round the stage, for the handles of a box at its edge
const HIT_IOU = 0.5;
const MOST_TAGS = 12;
const CORNERS = [[0, 1, "upper left"], [2, 1, "upper right"], [0, 3, "lower left"], [2, 3, "lower right"]]; // which edges move, and its name
const PRESETS = {
  same: [[28, 16, 68, 48], [28, 16, 68, 48]],
  "half shifted": [[18, 16, 58, 48], [38, 16, 78, 48]],
  inside: [[20, 8, 76, 56], [34, 16, 62, 40]],
  touching: [[8, 16, 48, 48], [48, 16, 88, 48]],
  apart: [[6, 6, 34, 34], [62, 30, 90, 58]],
};

// ── two boxes ───────────────────────────────────────────────────────────────────────────────────

/** A box moved by so much, as far as the stage lets it. */
export function movedBox([x1, y1, x2, y2], right, down) {
  const [left, top] = [clamp(x1 + right, 0, STAGE[0] - (x2 - x1)), clamp(y1 + down, 0, STAGE[1] - (y2 - y1))];
  return [left, top, left + (x2 - x1), top + (y2 - y1)];
}

/** A box with one corner moved: as far as the opposite corner, and no further than the stage. */
export function resizedBox(box, [atX, atY], right, down) {
  const resized = [...box];
  for (const [at, by] of [[atX, right], [atY, down]]) {
    const opposite = box[(at + 2) % 4];
    resized[at] = at < 2 ? clamp(box[at] + by, 0, opposite) : clamp(box[at] + by, opposite, STAGE[at - 2]);
  }
  return resized;
}

const boxArea = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
const isFlat = ([x1, y1, x2, y2]) => x1 >= x2 || y1 >= y2;
const isIn = (inner, outer) => inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3];

/** How two boxes fit, in words. */
export function fitInWords(a, b) {
  const flat = [a, b].map(isFlat);
  if (flat[0] && flat[1]) return "Neither box has an area: IoU counts as 0.";
  if (flat[0] || flat[1]) return `Box ${flat[0] ? "A" : "B"} has no area, so they share none: IoU is 0.`;
  if (a.every((edge, at) => edge === b[at])) return "The boxes are the same: IoU is 1.";
  const { shared, covered } = boxAreas(a, b);
  const value = `IoU is ${fixed(iou(a, b), 3)}`;
  if (shared === 0) {
    const touch = Math.max(a[0], b[0]) <= Math.min(a[2], b[2]) && Math.max(a[1], b[1]) <= Math.min(a[3], b[3]);
    return touch ? "The boxes touch, but share no area: IoU is 0." : `The boxes lie apart: IoU is 0 however far; GIoU, ${fixed(giou(a, b), 3)}, says how far.`;
  }
  const inside = isIn(a, b) ? "A lies inside of B. " : isIn(b, a) ? "B lies inside of A. " : "";
  return `${inside}The boxes share ${shared} of the ${covered} that they cover: ${value}.`;
}

/** Let a mouse or a finger drag an element in any direction: `hold()` says what is held, `drag(held, right, down)` gets the pixels since. */
function grabbed(element, hold, drag) {
  let grip = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || grip) return;
    element.setPointerCapture(event.pointerId);
    grip = { pointer: event.pointerId, x: event.clientX, y: event.clientY, held: hold() };
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId === grip?.pointer) drag(grip.held, event.clientX - grip.x, event.clientY - grip.y);
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (grip = null));
}

function twoBoxes(frame, status) {
  let zoom = 1; // pixels for a unit of the stage
  const units = (pixels) => Math.round(pixels / zoom);

  function held(trait, look, label, change) {
    const element = h("div", { class: look, tabindex: "0", role: "application" });
    const apply = (box, right, down) => {
      const next = change(box, right, down);
      if (next.some((edge, at) => edge !== frame.get(trait)[at])) frame.set({ [trait]: next });
    };
    grabbed(element, () => frame.get(trait), (box, right, down) => apply(box, units(right), units(down)));
    element.addEventListener("keydown", (event) => {
      const step = arrowStep(event, 5);
      if (!step) return;
      apply(frame.get(trait), step[1], step[0]);
      event.preventDefault();
    });
    return { element, draw: (box) => element.setAttribute("aria-label", `${label(box)}: arrow keys move it`) };
  }

  const sides = ["a", "b"].map((letter) => {
    const [trait, name] = [`box_${letter}`, `box ${letter.toUpperCase()}`];
    const body = held(trait, "bl-body", ([x1, y1, x2, y2]) => `${name}, x ${x1} to ${x2}, y ${y1} to ${y2}`, movedBox);
    const handles = CORNERS.map(([atX, atY, corner]) => ({
      atX, atY,
      ...held(trait, `bl-handle bl-${corner.replace(" ", "-")}`, (box) => `${name}, ${corner} corner, x ${box[atX]}, y ${box[atY]}`,
        (box, right, down) => resizedBox(box, [atX, atY], right, down)),
    }));
    const element = h("div", { class: `bl-box bl-${letter}`, "data-box": letter }, body.element, ...handles.map((handle) => handle.element));
    return { trait, letter, body, handles, element };
  });

  const union = h("div", { class: "bl-union" });
  const drawing = svg("svg", { class: "bl-drawing", role: "img" });
  const stage = h("div", { class: "bl-stage" }, union, drawing, ...sides.map(({ element }) => element));
  const buttons = Object.entries(PRESETS).map(([name, [a, b]]) => {
    const button = h("button", { type: "button", onclick: () => frame.set({ box_a: a, box_b: b }) }, name);
    return { button, is: () => [a, b].every((box, at) => box.every((edge, side) => edge === frame.get(sides[at].trait)[side])) };
  });

  const lines = [
    ["A", "area of A", "a"], ["B", "area of B", "b"], ["shared", "intersection", "shared"], ["covered", "union", "union"], ["iou", "IoU", ""],
    ["around", "enclosing", "around"], ["empty", "empty part", ""], ["giou", "GIoU", ""],
  ].map(([part, name, key]) => {
    const [sum, value] = [h("span"), h("b")];
    const cell = h("td", {}, sum, value);
    const element = h("tr", { "data-part": part }, h("th", { scope: "row" }, h("span", { class: key && `bl-swatch bl-key-${key}` }), name), cell);
    return { element, sum, value, cell };
  });

  const element = h("div", {},
    h("div", { class: "bl-pair" }, stage, h("div", { class: "bl-side" }, h("table", { class: "bl-sums" }, h("tbody", {}, ...lines.map((line) => line.element))))),
    h("p", { class: "note" }, "Drag a box, or one of its corners. With the keyboard: Tab to a box or a corner, then the arrow keys (Shift: 5 steps)."),
  );

  function lay() {
    const room = frame.width >= WIDE ? frame.width - 328 : frame.width;
    zoom = Math.floor((4 * (room - 2 * MARGIN)) / STAGE[0]) / 4;
    const [width, height] = STAGE.map((side) => side * zoom);
    Object.assign(stage.style, { width: `${width}px`, height: `${height}px`, margin: `${MARGIN}px` });
    stage.style.setProperty("--bl-unit", `${zoom}px`);
    drawing.setAttribute("width", width);
    drawing.setAttribute("height", height);
  }

  function drawStage([a, b], both, around) {
    const path = ([x1, y1, x2, y2]) => `M${x1 * zoom} ${y1 * zoom}H${x2 * zoom}V${y2 * zoom}H${x1 * zoom}z`;
    const shape = (look, box) => svg("path", { class: look, d: path(box), "data-box": box });
    const [right, bottom] = STAGE.map((side) => side * zoom);
    const name = (text, x, y, anchor) => svg("text", { class: "bl-name", x: clamp(x, 8, right - 8), y: clamp(y, 15, bottom - 4), "text-anchor": anchor }, text);
    union.style.clipPath = `path("${path(a)}${path(b)}")`;
    drawing.replaceChildren(
      ...(isFlat(both) ? [] : [shape("bl-shared", both)]), shape("bl-around", around), shape("bl-edge bl-edge-a", a), shape("bl-edge bl-edge-b", b),
      name("A", a[0] * zoom + 8, a[1] * zoom + 18, "start"), name("B", b[2] * zoom - 8, b[3] * zoom - 7, "end"),
    );
    const words = [a, b].map(([x1, y1, x2, y2], at) => `box ${"AB"[at]} from x ${x1} to ${x2} and y ${y1} to ${y2}`);
    drawing.setAttribute("aria-label", `Stage of ${STAGE[0]} by ${STAGE[1]} units: ${words.join(", ")}`);
  }

  function drawSides(boxes) {
    const [areaOfA, areaOfB] = boxes.map(boxArea);
    sides.forEach(({ element: group, body, handles }, at) => {
      const box = boxes[at];
      const [x1, y1, x2, y2] = box.map((edge) => edge * zoom);
      // The smaller box lies above the other, which would hide it from the pointer.
      group.style.zIndex = (areaOfA < areaOfB) === (at === 0) ? 2 : 1;
      Object.assign(body.element.style, { left: `${x1}px`, top: `${y1}px`, width: `${x2 - x1}px`, height: `${y2 - y1}px` });
      body.draw(box);
      for (const { element: handle, atX, atY, draw: drawHandle } of handles) {
        Object.assign(handle.style, { left: `${box[atX] * zoom}px`, top: `${box[atY] * zoom}px` });
        drawHandle(box);
      }
    });
  }

  function drawSums([a, b], both, around) {
    const { shared, covered, around: whole } = boxAreas(a, b);
    const sides = ([x1, y1, x2, y2]) => `${x2 - x1} · ${y2 - y1} = `;
    const [fit, general] = [iou(a, b), giou(a, b)];
    const sums = [
      [sides(a), boxArea(a)], [sides(b), boxArea(b)], [shared > 0 ? sides(both) : "none: ", shared],
      [`${boxArea(a)} + ${boxArea(b)} − ${shared} = `, covered], [covered > 0 ? `${shared} / ${covered} = ` : "no union: ", fit],
      [sides(around), whole], [`${whole} − ${covered} = `, whole - covered],
      [whole > 0 ? `${fixed(fit, 3)} − ${whole - covered} / ${whole} = ` : "no area: ", general],
    ];
    lines.forEach(({ sum, value, cell, element: { dataset } }, at) => {
      const [text, result] = sums[at];
      setText(sum, text);
      setText(value, ["iou", "giou"].includes(dataset.part) ? fixed(result, 3) : String(result));
      cell.dataset.value = result;
    });
  }

  function draw() {
    const boxes = sides.map(({ trait }) => frame.get(trait));
    const [a, b] = boxes;
    const both = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
    const around = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
    lay();
    drawStage(boxes, both, around);
    drawSides(boxes);
    drawSums(boxes, both, around);
    for (const { button, is } of buttons) assign(button, { ariaPressed: String(is()) });
    status.say(fitInWords(a, b));
  }

  return { element, draw, presets: h("div", { class: "buttons", role: "group", "aria-label": "presets" }, ...buttons.map(({ button }) => button)) };
}

// ── predictions ─────────────────────────────────────────────────────────────────────────────────

/** The scenes of two `Boxes` traits: for each its detections { box, score, label } and its truths { box, label }. */
export const readScenes = (detections, truths) =>
  detections.map((found, at) => {
    const boxAt = ({ boxes }, index) => boxes.slice(4 * index, 4 * index + 4).map((edge) => edge / 100);
    return {
      detections: found.labels.map((label, index) => ({ box: boxAt(found, index), score: found.scores[index] / 10000, label })),
      truths: truths[at].labels.map((label, index) => ({ box: boxAt(truths[at], index), label })),
    };
  });

/** For each detection of a scene which other one suppressed it (`by`), and which truth it takes (`takes`); -1 for none.
 * Whatever the confidence: a detection is suppressed by surer ones alone, and surer ones choose their truth first. */
export function judged({ detections, truths }, threshold, perClass) {
  const by = nms(detections, threshold, perClass);
  const takes = detections.map(() => -1);
  const free = new Set(truths.keys());
  const kept = [...detections.keys()].filter((at) => by[at] < 0).sort((one, other) => detections[other].score - detections[one].score);
  for (const at of kept) {
    let best = HIT_IOU;
    for (const index of free) {
      const overlap = truths[index].label === detections[at].label ? iou(detections[at].box, truths[index].box) : -1;
      if (overlap >= best) [best, takes[at]] = [overlap, index]; // of equal ones the last, as COCO
    }
    free.delete(takes[at]);
  }
  return { by, takes };
}

/** Precision and recall of a class, or of all (-1), over scenes as `judged`: `points`, one for each kept detection, the surest first,
 * and how many `objects` there are. */
export function precisionRecall(scenes, verdicts, label) {
  const counts = (own) => label < 0 || own === label;
  const found = scenes.flatMap(({ detections }, scene) =>
    detections.flatMap(({ score, label: own }, at) => (verdicts[scene].by[at] < 0 && counts(own) ? [{ score, isHit: verdicts[scene].takes[at] >= 0 }] : [])));
  const objects = scenes.reduce((sum, { truths }) => sum + truths.filter((truth) => counts(truth.label)).length, 0);
  let hits = 0;
  const points = found.sort((one, other) => other.score - one.score).map(({ score, isHit }, at) => {
    hits += isHit;
    return { score, isHit, hits, precision: hits / (at + 1), recall: objects ? hits / objects : 0 };
  });
  return { objects, points };
}

/** At each recall that a hit reaches, the best precision there or further on: the area under these steps is the average precision. */
function steps({ points }) {
  let best = 0;
  return points.toReversed().flatMap((point) => {
    best = Math.max(best, point.precision);
    return point.isHit ? [best] : [];
  }).toReversed();
}

/** All-point average precision; null where there is no object. */
export const averagePrecision = (curve) => (curve.objects ? steps(curve).reduce((sum, height) => sum + height, 0) / curve.objects : null);

function predictions(frame, status) {
  const { height, width, images } = readImages(frame.get("images"));
  const classes = frame.get("classes");
  const scenes = readScenes(frame.get("detections"), frame.get("truths"));
  let known = null; // the verdicts at the present threshold
  let zoom = 1; // pixels of the page for one of a scene

  function verdictsNow() {
    const [threshold, perClass] = [frame.get("iou_threshold"), frame.get("per_class")];
    if (known?.threshold !== threshold || known.perClass !== perClass) {
      const all = scenes.map((scene) => judged(scene, threshold, perClass));
      const curves = [-1, ...classes.keys()].map((label) => precisionRecall(scenes, all, label));
      const precisions = curves.map(averagePrecision);
      const real = precisions.slice(1).filter((value) => value !== null);
      precisions[0] = real.length ? real.reduce((sum, value) => sum + value, 0) / real.length : null; // mAP
      known = { threshold, perClass, all, curves, precisions };
    }
    return known;
  }

  const named = ({ label, score }) => `${classes[label]} ${share(score)}`;

  // ── the scene ──

  const canvas = h("canvas", { role: "img", class: "blocks" });
  const drawing = svg("svg", { class: "bl-drawing", role: "img" });
  const picture = h("div", { class: "scene bl-scene" }, canvas, drawing);
  const key = (look, words) => h("span", { class: "bl-key" }, svg("svg", { width: 26, height: 14, "aria-hidden": "true" }, boxOutline(look, [2, 2, 24, 12])), words);
  const legend = h("p", { class: "note bl-legend" },
    key("bl-true", "true positive"), key("bl-false", "false positive"), key("bl-suppressed", "suppressed"), key("bl-truth", "true box"), key("bl-chosen", "chosen"));

  /** The shown box whose edge is nearest to the pointer, of those that the pointer is in. */
  function pointAt(event) {
    const frameBox = picture.getBoundingClientRect();
    const [x, y] = [(event.clientX - frameBox.left) / zoom, (event.clientY - frameBox.top) / zoom];
    const slack = 3 / zoom;
    let [nearest, chosen] = [Infinity, -1];
    for (const { at, box: [x1, y1, x2, y2], isShown } of now.rows) {
      if (!isShown || x < x1 - slack || x > x2 + slack || y < y1 - slack || y > y2 + slack) continue;
      const distance = Math.min(...[x - x1, x2 - x, y - y1, y2 - y].map(Math.abs));
      if (distance < nearest) [nearest, chosen] = [distance, at];
    }
    if (chosen >= 0 && chosen !== frame.get("chosen")) frame.set({ chosen });
  }
  picture.addEventListener("pointermove", (event) => isHover(event) && pointAt(event));
  picture.addEventListener("click", pointAt);

  // ── the list of its boxes ──

  const list = h("ul", { class: "bl-list", "aria-label": "boxes above the confidence threshold, the surest first" });
  const items = [];
  function itemAt(rank) {
    if (!items[rank]) {
      const [number, name, fate] = [h("span", { class: "bl-number" }), h("span", { class: "bl-class" }), h("span", { class: "bl-fate" })];
      const choose = () => now.rows[rank].at !== frame.get("chosen") && frame.set({ chosen: now.rows[rank].at });
      const button = h("button", { type: "button", onfocus: choose, onclick: choose }, number, name, fate);
      button.addEventListener("pointermove", (event) => isHover(event) && choose());
      button.addEventListener("keydown", (event) => {
        const last = now.rows.length - 1;
        const to = hasModifier(event) ? undefined : { ArrowDown: rank + 1, ArrowUp: rank - 1, Home: 0, End: last }[event.key];
        if (to === undefined) return;
        items[clamp(to, 0, last)].button.focus();
        event.preventDefault();
      });
      items[rank] = { button, number, name, fate, element: h("li", {}, button) };
    }
    return items[rank];
  }
  const verdict = h("p", { class: "bl-verdict" });
  const listTitle = h("p", { class: "grid-title" });

  // ── precision and recall ──

  const chart = svg("svg", { class: "bl-chart", role: "img" });
  const rows = ["true positives", "false positives", "missed", "precision", "recall", "average precision"].map((name) => {
    const [head, cell] = [h("th", { scope: "row" }, name), h("td")];
    return { head, cell, element: h("tr", { "data-part": name }, head, cell) };
  });
  const scoresTitle = h("p", { class: "grid-title" });

  const element = h("div", {},
    h("div", { class: "controls bl-controls" },
      frame.select("scene", { values: [...images.keys()], text: (at) => `scene ${at}`, onChange: (scene) => frame.set({ scene, chosen: -1 }) }),
      frame.slider("confidence", { label: "confidence threshold", step: 0.01, text: share }),
      frame.slider("iou_threshold", { label: "NMS IoU threshold", step: 0.01, text: share })),
    h("div", { class: "buttons bl-checks" },
      frame.checkbox("per_class", { label: "suppress within a class only" }), frame.checkbox("suppressed", { label: "suppressed boxes" }), frame.checkbox("truth", { label: "true boxes" })),
    h("div", { class: "bl-pair" },
      h("div", { class: "bl-left" }, picture, legend), h("div", { class: "bl-side bl-boxes" }, listTitle, list, verdict)),
    h("div", { class: "bl-pair bl-scores" },
      h("div", { class: "bl-left" }, scoresTitle, chart),
      h("div", { class: "bl-side" },
        frame.select("label", { label: "class", values: [-1, ...classes.keys()], text: (at) => classes[at] ?? "all classes" }),
        h("table", { class: "bl-counts" }, h("tbody", {}, ...rows.map((row) => row.element))))),
    h("p", { class: "note" }, `Point at a box, or walk the list with the arrow keys, to see what suppressed what. A kept box is a true positive if its IoU with a true box of its class, which no surer box has taken, is at least ${share(HIT_IOU)}.`),
  );

  let now = { rows: [] };

  /** The boxes of the scene above the confidence threshold, the surest first. */
  function rowsOf(scene, { by, takes }) {
    const sure = scenes[scene].detections.flatMap((one, at) => (one.score >= frame.get("confidence") ? [{ ...one, at }] : []));
    sure.sort((one, other) => other.score - one.score);
    const rank = new Map(sure.map(({ at }, index) => [at, index + 1]));
    return sure.map((one) => {
      const fate = by[one.at] >= 0 ? "suppressed" : takes[one.at] >= 0 ? "true" : "false";
      return { ...one, fate, by: by[one.at], rank: rank.get(one.at), byRank: rank.get(by[one.at]), takes: takes[one.at], isShown: fate !== "suppressed" || frame.get("suppressed") };
    });
  }

  function lay() {
    const room = Math.min(384, frame.width >= WIDE ? frame.width - 350 : frame.width);
    zoom = room / Math.max(height, width);
    if (frame.width >= WIDE) zoom = Math.floor(zoom) || zoom;
    for (const node of [picture, canvas]) Object.assign(node.style, { width: `${zoom * width}px`, height: `${zoom * height}px` });
    drawing.setAttribute("width", zoom * width);
    drawing.setAttribute("height", zoom * height);
    element.style.setProperty("--bl-left", `${room}px`);
  }

  function drawScene(scene, chosen) {
    paintPixels(canvas, { values: images[scene], height, width }, greys(0, 255));
    const { truths } = scenes[scene];
    canvas.setAttribute("aria-label", `Scene ${scene}, ${height} by ${width} pixels, with ${listed(truths.map(({ label }) => classes[label]), 9) || "no object"}`);
    const scaled = (box) => box.map((edge) => edge * zoom);
    const kept = now.rows.filter(({ fate }) => fate !== "suppressed");
    const taken = [];
    const one = now.rows.find(({ at }) => at === chosen);
    const marked = now.rows.filter(({ at, by }) => one && (at === one.by || by === one.at));
    const outline = ({ at, fate, box, score, label }, look) => boxOutline(look, scaled(box), { "data-at": at, "data-fate": fate, "data-box": box, "data-label": label, "data-score": score });
    const names = kept.slice(0, MOST_TAGS).map((row) => boxTag(`${row.rank} ${named(row)}`, scaled(row.box), taken, { width: zoom * width, height: zoom * height }, `bl-tag-${row.fate}`));
    drawing.replaceChildren(
      ...now.rows.filter(({ fate, isShown }) => fate === "suppressed" && isShown).map((row) => outline(row, "bl-suppressed")),
      ...(frame.get("truth") ? truths.map(({ box, label }) => boxOutline("bl-truth", scaled(box), { "data-box": box, "data-label": label })) : []),
      ...kept.toReversed().map((row) => outline(row, `bl-${row.fate}`)),
      ...marked.map((row) => boxOutline(row.fate === "suppressed" ? "bl-marked bl-dashed" : "bl-marked", scaled(row.box), { "data-at": row.at })),
      ...(one ? [boxOutline(one.fate === "suppressed" ? "bl-chosen bl-dashed" : "bl-chosen", scaled(one.box), { "data-at": one.at })] : []),
      ...names.filter(Boolean),
    );
    const words = kept.map((row) => `${named(row)}, ${row.fate} positive, from ${row.box.slice(0, 2).map((edge) => fixed(edge, 0)).join(", ")} to ${row.box.slice(2).map((edge) => fixed(edge, 0)).join(", ")}`);
    drawing.setAttribute("aria-label", words.length ? `Boxes, in pixels: ${listed(words, 6)}` : "No box");
    drawVerdict(scene, one);
  }

  function drawVerdict(scene, one) {
    const { detections, truths } = scenes[scene];
    const overlap = (row, other) => `IoU ${share(iou(row.box, other.box))}`;
    if (!one) return setText(verdict, now.rows.length ? "No box is chosen." : `No score reaches ${share(frame.get("confidence"))}.`);
    if (one.fate === "suppressed") return setText(verdict, `${one.rank} ${named(one)}: suppressed by ${one.byRank} ${named(detections[one.by])}, ${overlap(one, detections[one.by])}, above ${share(frame.get("iou_threshold"))}.`);
    const nearest = truths.filter(({ label }) => label === one.label).sort((a, b) => iou(one.box, b.box) - iou(one.box, a.box))[0];
    const why = one.takes >= 0 ? overlap(one, truths[one.takes]) : !nearest ? `there is no ${classes[one.label]}`
      : iou(one.box, nearest.box) < HIT_IOU ? `${overlap(one, nearest)} with the nearest ${classes[one.label]}` : "a surer box has the object";
    const victims = now.rows.filter(({ by }) => by === one.at).map((row) => `${row.rank} ${named(row)} (${overlap(one, row)})`);
    setText(verdict, `${one.rank} ${named(one)}: ${one.fate} positive, ${why}. Suppresses ${victims.length ? `${victims.length}: ${listed(victims, 3)}` : "none"}.`);
  }

  function drawList(chosen) {
    setText(listTitle, now.rows.length ? "boxes, the surest first" : "no box");
    const home = Math.max(0, now.rows.findIndex(({ at }) => at === chosen));
    now.rows.forEach((row, rank) => {
      const { button, number, name, fate, element: item } = itemAt(rank);
      setText(number, String(row.rank));
      setText(name, named(row));
      setText(fate, row.fate === "suppressed" ? `suppressed by ${row.byRank}` : `${row.fate} positive`);
      fate.className = `bl-fate bl-fate-${row.fate}`;
      assign(button, { ariaPressed: String(row.at === chosen), tabIndex: rank === home ? 0 : -1 });
      if (!item.isConnected) list.append(item);
    });
    items.slice(now.rows.length).forEach(({ element: item }) => item.remove());
    if (now.seen === chosen || list.matches(":hover")) return;
    const { offsetTop: top, offsetHeight: tall } = now.rows.length ? items[home].element : list;
    if (now.rows.length) list.scrollTop = clamp(list.scrollTop, top + tall - list.clientHeight, top);
  }

  function drawScores(label) {
    const { curves, precisions } = verdictsNow();
    const curve = curves[label + 1];
    const sure = curve.points.filter(({ score }) => score >= frame.get("confidence"));
    const point = sure.at(-1);
    const [hits, objects] = [point?.hits ?? 0, curve.objects];
    const average = precisions[label + 1];
    const quotient = (part, whole) => [whole ? `${part} / ${whole} = ` : "", whole ? share(part / whole) : "–", whole ? part / whole : ""];
    const values = [
      ["", String(hits), hits], ["", String(sure.length - hits), sure.length - hits], ["", String(objects - hits), objects - hits],
      quotient(hits, sure.length), quotient(hits, objects), ["", average === null ? "–" : average.toFixed(3).replace(/^0/, ""), average ?? ""],
    ];
    rows.forEach(({ cell }, at) => {
      cell.replaceChildren(values[at][0], h("b", {}, values[at][1]));
      cell.dataset.value = values[at][2];
    });
    setText(rows[5].head, label < 0 ? "mean AP (mAP)" : "AP, the shaded area");
    const name = classes[label] ?? "all classes";
    setText(scoresTitle, `${plural(scenes.length, "scene")}, ${name}`);
    drawCurve(curve, label, point, name);
  }

  function drawCurve(curve, label, point, name) {
    const [wide, tall] = [frame.width >= WIDE ? Math.min(384, frame.width - 350) : frame.width, 216];
    const [left, right, top, bottom] = [40, 14, 10, 36];
    const x = (recall) => left + recall * (wide - left - right);
    const y = (precision) => top + (1 - precision) * (tall - top - bottom);
    const words = (text, at, anchor = "middle") => svg("text", { ...at, "text-anchor": anchor }, text);
    const ticks = [0, 0.5, 1].flatMap((value) => [
      svg("path", { class: "bl-rule", d: `M${x(0)} ${y(value)}H${x(1)}M${x(value)} ${y(0)}V${y(1)}` }),
      words(share(value), { x: left - 6, y: y(value) + 4 }, "end"), words(share(value), { x: x(value), y: tall - bottom + 16 }),
    ]);
    const area = label < 0 ? [] : steps(curve).map((best, at) => `M${x(at / curve.objects)} ${y(0)}V${y(best)}H${x((at + 1) / curve.objects)}V${y(0)}z`);
    const at = point && curve.objects ? [x(point.recall), y(point.precision)] : null;
    chart.setAttribute("width", wide);
    chart.setAttribute("height", tall);
    chart.replaceChildren(...ticks,
      svg("path", { class: "bl-area", d: area.join("") }),
      svg("path", { class: "bl-curve", d: curve.objects ? linePath(curve.points.map(({ recall, precision }) => ({ x: x(recall), y: y(precision) }))) : "" }),
      ...(at ? [svg("path", { class: "bl-guide", d: `M${x(0)} ${at[1]}H${at[0]}V${y(0)}` }), svg("circle", { class: "bl-point", cx: at[0], cy: at[1], r: 6, "data-recall": point.recall, "data-precision": point.precision })] : []),
      words("recall", { x: (x(0) + x(1)) / 2, y: tall - 4 }),
      svg("text", { transform: `translate(11 ${(y(0) + y(1)) / 2}) rotate(-90)`, "text-anchor": "middle" }, "precision"),
    );
    const said = !curve.objects ? "there is no object" : at ? `at confidence ${share(frame.get("confidence"))} recall ${share(point.recall)}, precision ${share(point.precision)}` : "no box reaches the confidence";
    chart.setAttribute("aria-label", `Precision against recall, ${name}: ${said}`);
  }

  function draw() {
    lay();
    const [scene, chosen, label] = ["scene", "chosen", "label"].map(frame.get);
    const { all } = verdictsNow();
    now = { rows: rowsOf(scene, all[scene]), seen: now.chosen, chosen };
    drawScene(scene, chosen);
    drawList(chosen);
    drawScores(label);
    const count = (fate) => now.rows.filter((row) => row.fate === fate).length;
    const [hits, misses] = [count("true"), count("false")];
    const missed = scenes[scene].truths.length - hits;
    status.say(`Scene ${scene}: ${plural(hits + misses, "box", "boxes")} kept, ${count("suppressed")} suppressed. ${plural(hits, "true positive")}, ${plural(misses, "false positive")}, ${missed} of ${plural(scenes[scene].truths.length, "object")} missed.`);
  }

  return { element, draw };
}

// ── the figure ──────────────────────────────────────────────────────────────────────────────────

function build(frame) {
  const status = statusLine();
  const hasScenes = frame.get("images") !== null;
  const views = { "two boxes": twoBoxes(frame, status), ...(hasScenes ? { predictions: predictions(frame, status) } : {}) };
  frame.root.append(
    h("div", { class: "bl-top" }, ...(hasScenes ? [frame.select("view")] : []), views["two boxes"].presets, frame.resetButton()),
    status.element, ...Object.values(views).map(({ element }) => element));

  return function draw() {
    if (!(frame.width > 0)) return; // not in the page yet, or hidden: there is no size to draw for
    const view = frame.get("view");
    for (const [name, { element }] of Object.entries(views)) element.classList.toggle("bl-off", name !== view);
    views["two boxes"].presets.classList.toggle("bl-off", view !== "two boxes");
    views[view].draw();
  };
}

const render = (context) => figure(context, { name: "BoxLab", label: "box lab", traits: TRAITS }, build);
export default { render };
