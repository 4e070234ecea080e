// Boxes [x1, y1, x2, y2] in the page: how far they overlap, which are suppressed, what YOLO's numbers stand for (as cnnbook.boxes), and how
// they are drawn.
// Python pastes this file's text into each module that imports it (see figure.py); so no name here may clash.

import { clamp, svg } from "./kit.js";

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────

const areaOf = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);

/** Of two boxes: the area that both have, that at least one has, and of the smallest box round both. */
export function boxAreas(a, b) {
  const shared = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const around = areaOf([Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]);
  return { shared, covered: areaOf(a) + areaOf(b) - shared, around };
}

const partOf = (part, whole) => (whole > 0 ? part / whole : 0);

/** Intersection over union of two boxes; 0 where neither has an area. */
export function iou(a, b) {
  const { shared, covered } = boxAreas(a, b);
  return partOf(shared, covered);
}

/** Generalized intersection over union: IoU, less the share of the smallest box round both that neither covers. */
export function giou(a, b) {
  const { shared, covered, around } = boxAreas(a, b);
  return partOf(shared, covered) - partOf(around - covered, around);
}

/** Non-maximum suppression of detections { box, score, label }: for each the index of the one that suppressed it, or -1 where it is kept.
 * Of equal scores the earlier one comes first. With `perClass` a box suppresses only boxes of its own class. */
export function nms(detections, threshold, perClass = true) {
  const suppressor = detections.map(() => -1);
  const order = [...detections.keys()].sort((one, other) => detections[other].score - detections[one].score || one - other);
  order.forEach((best, rank) => {
    if (suppressor[best] >= 0) return;
    for (const other of order.slice(rank + 1)) {
      const rivals = suppressor[other] < 0 && (!perClass || detections[best].label === detections[other].label);
      if (rivals && iou(detections[best].box, detections[other].box) > threshold) suppressor[other] = best;
    }
  });
  return suppressor;
}

const sigmoid = (t) => 1 / (1 + Math.exp(-t));

function probabilities(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** What a network's raw map { values, height, width } means, cell by cell: { x, y, w, h, confidence, classes }, as TinyYOLO with modern=True. */
export const yoloVectors = ({ values, height, width }, classCount) =>
  Array.from({ length: height * width }, (_, cell) => {
    const raw = Array.from({ length: 5 + classCount }, (_, channel) => values[channel * height * width + cell]);
    const [x, y, w, h, confidence] = raw.map(sigmoid);
    return { x: 3 * x - 1, y: 3 * y - 1, w, h, confidence, classes: probabilities(raw.slice(5)) };
  });

/** The detections { box, score, label } of the cells of a grid, row by row, in pixels of a picture; none is dropped, none clipped. */
export const yoloDecode = (vectors, { rows, cols, height, width }) =>
  vectors.map(({ x, y, w, h, confidence, classes }, cell) => {
    const [centreX, centreY] = [(((cell % cols) + x) / cols) * width, ((Math.floor(cell / cols) + y) / rows) * height];
    const [halfWidth, halfHeight] = [(w * width) / 2, (h * height) / 2];
    const label = classes.indexOf(Math.max(...classes));
    return { box: [centreX - halfWidth, centreY - halfHeight, centreX + halfWidth, centreY + halfHeight], score: confidence * classes[label], label };
  });

// ── words and drawing ───────────────────────────────────────────────────────────────────────────

/** A number with so many digits behind the point, and no minus before a zero. */
export const fixed = (value, digits) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
/** A share in two digits behind the point: .97. */
export const share = (value) => value.toFixed(2).replace(/^0/, "");
export const listed = (parts, most) => [...parts.slice(0, most), ...(parts.length > most ? [`${parts.length - most} more`] : [])].join(", ");

/** A box in its own colour over a dark rim, which shows on any ground. */
export function boxOutline(look, [x1, y1, x2, y2], data = {}) {
  const place = { x: x1, y: y1, width: Math.max(0, x2 - x1), height: Math.max(0, y2 - y1) };
  return svg("g", { class: look, ...data }, svg("rect", { class: "rim", ...place }), svg("rect", place));
}

const TAG = { height: 17, letter: 6.9, margin: 8 }; // of the words at a box, in pixels

/** Words at a box of a drawing, above, below or inside of it, where they cover no other words; null where there is no such place.
 * `taken` holds the places of the other words, and gets this one's. */
export function boxTag(words, [x1, y1, x2, y2], taken, { width, height }, look = "") {
  const wide = words.length * TAG.letter + TAG.margin;
  const [right, bottom] = [width - wide, height - TAG.height];
  const spots = [[x1, y1 - TAG.height], [x1, y2], [x1, y1], [x2 - wide, y2 - TAG.height], [x2, y1], [x1 - wide, y1]];
  const spot = spots.map(([x, y]) => [clamp(x, 0, Math.max(0, right)), clamp(y, 0, bottom)])
    .find(([x, y]) => taken.every((other) => x >= other[0] + other[2] || other[0] >= x + wide || y >= other[1] + TAG.height || other[1] >= y + TAG.height));
  if (!spot) return null;
  taken.push([...spot, wide]);
  return svg("g", { class: `tag ${look}` }, svg("rect", { x: spot[0], y: spot[1], width: wide, height: TAG.height }), svg("text", { x: spot[0] + wide / 2, y: spot[1] + 12.5 }, words));
}
