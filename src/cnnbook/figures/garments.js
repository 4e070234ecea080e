// Garments that the reader moves in a scene: the scene put together, what takes hold of a garment, the list of all garments.
// Python pastes this file's text into each module that imports it (see figure.py); so no name here may clash.

import { arrowStep, assign, clamp, greys, h, hasModifier, paintPixels } from "./kit.js";

const SLOP = 3; // pixels that a pointer may move in a click

/** The cut-outs of a `Cutouts` trait: bytes row by row; `opaque` is 0 where the scene shows through. */
export const readCutouts = (packed) =>
  packed.map(({ shape: [height, width], pixels, opaque, label }) => {
    const [bytes, mask] = [pixels, opaque].map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
    return { height, width, label, pixels: bytes, opaque: mask };
  });

/** The scene with the cut-outs of `order`, from the back to the front, at their places [row, col]; and for each pixel which cut-out it shows,
 * -1 for none. */
export function pasted(ground, cutouts, places, order, width) {
  const [values, owner] = [Uint8Array.from(ground), new Int8Array(ground.length).fill(-1)];
  for (const index of order) {
    const { pixels, opaque, width: cutWidth } = cutouts[index];
    const [top, left] = places[index];
    for (let at = 0; at < pixels.length; at++) {
      if (!opaque[at]) continue;
      const to = (top + Math.floor(at / cutWidth)) * width + left + (at % cutWidth);
      values[to] = pixels[at];
      owner[to] = index;
    }
  }
  return { values, owner };
}

/** The outline of a cut-out, row by row from its first to its last opaque pixel: where a pointer takes hold of it. */
function outline({ height, width, opaque }) {
  return Array.from({ length: height }, (_, row) => {
    const line = opaque.subarray(row * width, (row + 1) * width);
    return line.includes(1) ? `M${line.indexOf(1)} ${row}H${line.lastIndexOf(1) + 1}v1H${line.indexOf(1)}z` : "";
  }).join("");
}

/**
 * The garments of a figure in a scene of `height` by `width` pixels: its traits are those of `GarmentScene`.
 *
 * `list` is the list of all garments for the page, `items` are its lines, to which a figure may add. handles({ onTap, tabindex }) makes what takes
 * hold of each garment in one picture of the scene: the pointer drags, the arrow keys move, Enter brings to the front, Delete takes out;
 * `onTap(event)` is called where a pointer did not drag. draw(handles, zoom) puts them where the garments are. words() says what is in the scene.
 */
export function movableGarments(frame, { height, width }) {
  const cutouts = readCutouts(frame.get("cutouts"));
  const classes = frame.get("classes");
  const names = cutouts.map(({ label }, at) => `${at + 1} ${classes[label]}`);

  const move = (index, row, col) => {
    const { height: tall, width: wide } = cutouts[index];
    const place = [clamp(row, 0, height - tall), clamp(col, 0, width - wide)];
    const places = frame.get("places");
    if (place.some((at, axis) => at !== places[index][axis])) frame.set({ places: places.map((other, at) => (at === index ? place : other)) });
  };
  const without = (index) => frame.get("order").filter((other) => other !== index);
  const toFront = (index) => frame.set({ order: [...without(index), index] });

  const boxes = [];
  const items = cutouts.map((cutout, index) => {
    const thumb = h("canvas", { class: "blocks thumb", role: "img", "aria-label": classes[cutout.label] });
    paintPixels(thumb, { values: cutout.pixels, height: cutout.height, width: cutout.width }, (value, data, at) => {
      greys(0, 255)(value, data, at);
      data[at + 3] = 255 * cutout.opaque[at / 4];
    });
    boxes[index] = h("input", {
      type: "checkbox", "aria-label": `${names[index]} in the scene`,
      onchange: ({ target }) => frame.set({ order: target.checked ? [...without(index), index] : without(index) }),
    });
    const front = h("button", { type: "button", "aria-label": `To front: ${names[index]}`, onclick: () => toFront(index) }, "To front");
    return h("li", {}, h("label", { class: "check" }, boxes[index], thumb, names[index]), front);
  });

  function handle(index, onTap, tabindex) {
    const cutout = cutouts[index];
    const shape = h("div", { class: "shape" });
    shape.style.clipPath = `path("${outline(cutout)}")`;
    Object.assign(shape.style, { width: `${cutout.width}px`, height: `${cutout.height}px` });
    const element = h("div", { class: "garment", tabindex, role: "application", "data-garment": index }, shape);
    let grip = null;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || grip) return;
      element.setPointerCapture(event.pointerId);
      const zoom = element.getBoundingClientRect().width / cutout.width;
      grip = { event, zoom, place: frame.get("places")[index], moved: false };
    });
    element.addEventListener("pointermove", (event) => {
      if (event.pointerId !== grip?.event.pointerId) return;
      event.stopPropagation(); // what is dragged is not also pointed at
      const [right, down] = [event.clientX - grip.event.clientX, event.clientY - grip.event.clientY];
      grip.moved ||= Math.hypot(right, down) > SLOP;
      if (grip.moved) move(index, grip.place[0] + Math.round(down / grip.zoom), grip.place[1] + Math.round(right / grip.zoom));
    });
    element.addEventListener("pointerup", (event) => {
      if (event.pointerId !== grip?.event.pointerId) return; // another finger's
      if (grip.moved) event.stopPropagation();
      else onTap(event);
      grip = null;
    });
    element.addEventListener("pointercancel", (event) => {
      if (event.pointerId === grip?.event.pointerId) grip = null;
    });
    element.addEventListener("keydown", (event) => {
      const step = arrowStep(event, 5);
      if (step) move(index, ...frame.get("places")[index].map((at, axis) => at + step[axis]));
      else if (event.key === "Enter" && !hasModifier(event)) toFront(index);
      else if (event.key === "Delete" || event.key === "Backspace") {
        boxes[index].focus(); // the garment's own element goes
        frame.set({ order: without(index) });
      } else return;
      event.preventDefault();
    });
    return element;
  }

  return {
    cutouts, names, items,
    list: h("ul", { class: "garments", "aria-label": "garments" }, ...items),
    handles: ({ onTap = () => {}, tabindex = 0 } = {}) => cutouts.map((_, index) => handle(index, onTap, tabindex)),

    draw(handles, zoom) {
      const [order, places] = ["order", "places"].map(frame.get);
      handles.forEach((element, index) => {
        const depth = order.indexOf(index);
        const [row, col] = places[index];
        const { height: tall, width: wide } = cutouts[index];
        Object.assign(element.style, {
          display: depth < 0 ? "none" : "", zIndex: depth + 1,
          top: `${zoom * row}px`, left: `${zoom * col}px`, width: `${zoom * wide}px`, height: `${zoom * tall}px`,
        });
        element.style.setProperty("--zoom", zoom);
        element.setAttribute("aria-label", `${names[index]}, row ${row}, column ${col}: arrow keys move it, Enter brings it to the front, Delete takes it out`);
        assign(boxes[index], { checked: depth >= 0 });
        items[index].classList.toggle("out", depth < 0);
      });
    },

    words() {
      const places = frame.get("places");
      const inScene = frame.get("order").map((index) => `${names[index]} at row ${places[index][0]}, column ${places[index][1]}`);
      return `Scene of ${height} by ${width} pixels, ${inScene.length ? `from the back to the front: ${inScene.join("; ")}` : "empty"}`;
    },
  };
}
