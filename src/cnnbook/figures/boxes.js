// Boxes [x1, y1, x2, y2] in the page: how far they overlap, which are suppressed, and what YOLO's numbers stand for. As cnnbook.boxes.
// Python pastes this file's text into each module that imports it (see figure.py); so no name here may clash.

const areaOf = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);

/** Intersection over union of two boxes; 0 where neither has an area. */
export function iou(a, b) {
  const shared = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const union = areaOf(a) + areaOf(b) - shared;
  return union > 0 ? shared / union : 0;
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
