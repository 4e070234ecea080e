// A trained network in the page: its layers unpacked, its forward pass, what its units see.
// Python pastes this file's text into each module that imports it (see figure.py); so no name here may clash.
import { PIXEL, addScaledRow, outputSize, pixelRange, receptiveField } from "./kit.js";

// ── layers ──────────────────────────────────────────────────────────────────────────────────────

/** The numbers that network.py packed: whole numbers of 16 bits, those of a row times the row's scale. */
function unpacked({ shape, levels, scales }) {
  const bytes = Uint8Array.from(atob(levels), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(bytes.length / 2);
  const row = values.length / shape[0];
  for (let at = 0; at < values.length; at++) values[at] = view.getInt16(2 * at, true) * scales[Math.floor(at / row)];
  return values;
}

/** The layers of a `Network` trait, weights and biases as Float32Array, row by row in PyTorch's order. */
export const readNetwork = (packed) =>
  packed.map((layer) => {
    if (!layer.weight) return layer;
    const [out_channels, in_channels, kernel_size] = layer.weight.shape;
    return { ...layer, out_channels, in_channels, kernel_size, weight: unpacked(layer.weight), bias: Float32Array.from(layer.bias) };
  });

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

/** Input rows times a weight are added to output rows, which a browser runs far faster than cell by cell. */
function convolve({ weight, bias, in_channels, out_channels, kernel_size, stride, padding }, input) {
  const padded = zeroPadded(input, padding);
  const height = outputSize(input.height, kernel_size, stride, padding, 1);
  const width = outputSize(input.width, kernel_size, stride, padding, 1);
  const values = new Float32Array(out_channels * height * width);
  for (let out = 0; out < out_channels; out++) {
    const start = out * height * width;
    values.fill(bias[out], start, start + height * width);
    for (let channel = 0; channel < in_channels; channel++)
      for (let i = 0; i < kernel_size; i++)
        for (let j = 0; j < kernel_size; j++) {
          const tap = weight[((out * in_channels + channel) * kernel_size + i) * kernel_size + j];
          for (let row = 0; row < height; row++)
            addScaledRow(values, start + row * width, padded.values, (channel * padded.height + row * stride + i) * padded.width + j, tap, width, stride);
        }
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

function multiply({ weight, bias, in_channels, out_channels }, { values: from }) {
  const values = Float32Array.from(bias, (sum, out) => {
    const row = out * in_channels;
    for (let at = 0; at < in_channels; at++) sum += weight[row + at] * from[at];
    return sum;
  });
  return { values, channels: out_channels, height: 1, width: 1 };
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
