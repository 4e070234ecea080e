// A trained network in the page: its layers and images unpacked, its forward pass, what its units see.
// Python pastes this file's text into each module that imports it (see figure.py); so no name here may clash.
import { PIXEL, outputSize, pixelRange, receptiveField } from "./kit.js";

// ── layers ──────────────────────────────────────────────────────────────────────────────────────

const DIGITS = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((letter, digit) => [letter, digit]));
const MIDDLE = 64 ** 3 / 2; // what stands for 0

/** The numbers that network.py packed as whole steps of three digits: all first digits, all second, all third. */
function unpacked({ levels, step }) {
  const count = levels.length / 3;
  const digit = (place, at) => DIGITS.get(levels[place * count + at]);
  return Float32Array.from({ length: count }, (_, at) => step * ((digit(0, at) * 64 + digit(1, at)) * 64 + digit(2, at) - MIDDLE));
}

/** The layers of a `Network` trait, weights and biases as Float32Array, row by row in PyTorch's order. */
export const readNetwork = (packed) =>
  packed.map((layer) => {
    if (!layer.weight) return layer;
    const [out_channels, in_channels, kernel_size] = layer.weight.shape;
    return { ...layer, out_channels, in_channels, kernel_size, weight: unpacked(layer.weight), bias: Float32Array.from(layer.bias) };
  });

/** The images of a `GreyImages` trait: for each its bytes, row by row. */
export function readImages({ shape: [count, height, width], pixels }) {
  const bytes = Uint8Array.from(atob(pixels), (letter) => letter.charCodeAt(0));
  const size = height * width;
  return { height, width, images: Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size)) };
}

/** The pixels from the first to the last, rows and columns, that a unit sees: `depth` layers lie before it, 0 is the input itself.
 * They may lie outside of the input; a unit that sees all of it, whatever its size, has infinite ranges. */
export function windowOf(layers, depth, row, col) {
  const before = layers.slice(0, depth);
  if (before.some(({ kind }) => WHOLE.has(kind))) return { rows: [-Infinity, Infinity], cols: [-Infinity, Infinity] };
  const windows = before.filter(({ kernel_size }) => kernel_size).map((layer) => ({ padding: 0, dilation: 1, ...layer }));
  const field = [PIXEL, ...receptiveField(windows)].at(-1);
  return { rows: pixelRange(field, row), cols: pixelRange(field, col) };
}

const WHOLE = new Set(["global_avg_pool2d", "flatten", "linear"]);

// ── forward pass ────────────────────────────────────────────────────────────────────────────────
// A map is { values, channels, height, width }: channel by channel, row by row, as PyTorch lays out (C, H, W).

/** A map with a border of zeros. */
function zeroPadded(input, padding) {
  if (padding === 0) return input;
  const { channels, height, width } = input;
  const padded = { channels, height: height + 2 * padding, width: width + 2 * padding };
  padded.values = new Float32Array(channels * padded.height * padded.width);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < height; row++) {
      const from = (channel * height + row) * width;
      padded.values.set(input.values.subarray(from, from + width), (channel * padded.height + row + padding) * padded.width + padding);
    }
  return padded;
}

/** Each row of weights times the inputs, summed, plus the row's bias: written to `values` from `at` on, `apart` from one row to the next.
 * Inputs that are 0, as black pixels and what ReLU cut off, are left out: `used`, as long as `inputs`, is room for the places of the others.
 * Four rows at once: an input that was read is used four times, which makes it twice as fast. */
function weightedSums({ weight, bias }, inputs, used, values, at, apart) {
  const size = inputs.length;
  let count = 0;
  for (let place = 0; place < size; place++) if (inputs[place] !== 0) used[count++] = place;
  let row = 0;
  for (; row + 4 <= bias.length; row += 4, at += 4 * apart) {
    const first = row * size;
    const second = first + size;
    const third = second + size;
    const fourth = third + size;
    let [a, b, c, d] = [bias[row], bias[row + 1], bias[row + 2], bias[row + 3]];
    for (let i = 0; i < count; i++) {
      const place = used[i];
      const input = inputs[place];
      a += weight[first + place] * input;
      b += weight[second + place] * input;
      c += weight[third + place] * input;
      d += weight[fourth + place] * input;
    }
    values[at] = a;
    values[at + apart] = b;
    values[at + 2 * apart] = c;
    values[at + 3 * apart] = d;
  }
  for (; row < bias.length; row++, at += apart) {
    let sum = bias[row];
    for (let i = 0; i < count; i++) sum += weight[row * size + used[i]] * inputs[used[i]];
    values[at] = sum;
  }
}

/** At each place the window of all channels is one list of inputs, as a linear layer reads them. */
function convolve(layer, input) {
  const { out_channels, kernel_size, stride, padding } = layer;
  const padded = zeroPadded(input, padding);
  const height = outputSize(input.height, kernel_size, stride, padding, 1);
  const width = outputSize(input.width, kernel_size, stride, padding, 1);
  const values = new Float32Array(out_channels * height * width);
  const inputs = new Float32Array(input.channels * kernel_size ** 2);
  const used = new Int32Array(inputs.length);
  for (let row = 0; row < height; row++)
    for (let col = 0; col < width; col++) {
      let at = 0;
      for (let channel = 0; channel < input.channels; channel++)
        for (let i = 0; i < kernel_size; i++) {
          const from = (channel * padded.height + row * stride + i) * padded.width + col * stride;
          for (let j = 0; j < kernel_size; j++) inputs[at++] = padded.values[from + j];
        }
      weightedSums(layer, inputs, used, values, row * width + col, height * width);
    }
  return { values, channels: out_channels, height, width };
}

function maxPool({ kernel_size, stride }, { values: from, channels, height: inputHeight, width: inputWidth }) {
  const height = outputSize(inputHeight, kernel_size, stride, 0, 1);
  const width = outputSize(inputWidth, kernel_size, stride, 0, 1);
  const values = new Float32Array(channels * height * width);
  let at = 0;
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < height; row++)
      for (let col = 0; col < width; col++) {
        const corner = (channel * inputHeight + row * stride) * inputWidth + col * stride;
        let most = -Infinity;
        for (let i = 0; i < kernel_size; i++)
          for (let j = 0; j < kernel_size; j++) most = Math.max(most, from[corner + i * inputWidth + j]);
        values[at++] = most;
      }
  return { values, channels, height, width };
}

function globalAverage(layer, { values: from, channels, height, width }) {
  const places = height * width;
  const values = Float32Array.from({ length: channels }, (_, channel) => from.subarray(channel * places, (channel + 1) * places).reduce((sum, value) => sum + value, 0) / places);
  return { values, channels, height: 1, width: 1 };
}

function multiply(layer, { values: inputs }) {
  const values = new Float32Array(layer.out_channels);
  weightedSums(layer, inputs, new Int32Array(inputs.length), values, 0, 1);
  return { values, channels: layer.out_channels, height: 1, width: 1 };
}

const FORWARD = {
  conv2d: convolve,
  relu: (layer, input) => ({ ...input, values: input.values.map((value) => Math.max(0, value)) }),
  max_pool2d: maxPool,
  global_avg_pool2d: globalAverage,
  flatten: (layer, { values }) => ({ values, channels: values.length, height: 1, width: 1 }),
  linear: multiply,
};

/** Every layer's output, in order; the last holds the logits. Numbers as PyTorch computes them in evaluation mode. */
export function forward(layers, input) {
  const outputs = [];
  for (const layer of layers) outputs.push(FORWARD[layer.kind](layer, outputs.at(-1) ?? input));
  return outputs;
}

/** Probabilities from logits. */
export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
