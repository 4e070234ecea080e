// A trained network in the page: its layers and images unpacked, its forward pass, what its units see.
// Python pastes this file's text into each module that imports it (see figure.py); so no name here may clash.
import { clamp, outputSize, table } from "./kit.js";

// ── layers ──────────────────────────────────────────────────────────────────────────────────────

const DIGITS = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((letter, digit) => [letter, digit]));

/** The numbers that network.py packed as whole steps: all first digits, then all second ones, and where there are three, all third ones. */
function unpacked({ shape, levels, step }) {
  const count = shape.reduce((product, size) => product * size, 1);
  const digits = levels.length / count;
  const middle = 64 ** digits / 2; // what stands for 0
  return Float32Array.from({ length: count }, (_, at) => {
    let number = 0;
    for (let place = 0; place < digits; place++) number = 64 * number + DIGITS.get(levels[place * count + at]);
    return step * (number - middle);
  });
}

/** The layers of a `Network` trait: weights and biases as Float32Array, in PyTorch's order, and the weights once more as `inEights` has them. */
export const readNetwork = (packed) =>
  packed.map((layer) => {
    if (!layer.weight) return layer;
    const isTransposed = layer.kind === "conv_transpose2d";
    const [rows, columns, kernel_size = 1] = layer.weight.shape;
    const [out_channels, in_channels] = isTransposed ? [columns, rows] : [rows, columns];
    const read = { ...layer, out_channels, in_channels, kernel_size, weight: unpacked(layer.weight), bias: Float32Array.from(layer.bias) };
    return { ...read, eights: inEights(read, isTransposed) };
  });

/** The weights in the order in which `weightedSums` reads them. For each eight output channels one array: for each cell of the kernel, in it
 * for each input channel, eight weights. Where the last eight are not full, zeros stand for the others. */
function inEights({ weight, out_channels, in_channels, kernel_size }, isTransposed) {
  const cells = kernel_size ** 2;
  const size = 8 * cells * in_channels;
  const eights = Array.from({ length: Math.ceil(out_channels / 8) }, () => new Float64Array(size)); // Float32Array takes a tenth longer
  for (let output = 0; output < out_channels; output++)
    for (let channel = 0; channel < in_channels; channel++) {
      const from = (isTransposed ? channel * out_channels + output : output * in_channels + channel) * cells;
      const to = eights[Math.floor(output / 8)];
      for (let cell = 0; cell < cells; cell++) to[8 * (cell * in_channels + channel) + (output % 8)] = weight[from + cell];
    }
  return eights;
}

/** The images of a `GreyImages` trait: for each its bytes, row by row. */
export function readImages({ shape: [count, height, width], pixels }) {
  const bytes = Uint8Array.from(atob(pixels), (letter) => letter.charCodeAt(0));
  const size = height * width;
  return { height, width, images: Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size)) };
}

/** The pixels from the first to the last, rows and columns, that a unit sees: `depth` layers lie before it, 0 is the input itself. They may
 * lie outside of the input; a unit that sees all of it, whatever its size, has infinite ranges. For chains that make nothing larger. */
export function windowOf(layers, depth, row, col) {
  const seen = (unit) => layers.slice(0, depth).reduceRight((range, layer) => READ[layer.kind]?.(layer, range) ?? range, [unit, unit]);
  return { rows: seen(row), cols: seen(col) };
}

/** Between the middles of which two rows (or columns) of its input an upsampled one lies, the input going on over its edge, and its
 * share of the second: as PyTorch has it with align_corners false. */
function between({ scale, mode }, unit) {
  if (mode === "nearest") return { lower: Math.floor(unit / scale), upper: Math.floor(unit / scale), share: 0 };
  const middle = (unit + 0.5) / scale - 0.5;
  return { lower: Math.floor(middle), upper: Math.ceil(middle), share: middle - Math.floor(middle) };
}

const readWindows = ({ kernel_size, stride, padding = 0 }, [first, last]) => [first * stride - padding, last * stride - padding + kernel_size - 1];
const readAll = () => [-Infinity, Infinity];

/** From the first to the last of its input's rows (or columns) that a layer reads for rows first to last of its output. */
const READ = {
  conv2d: readWindows,
  max_pool2d: readWindows,
  global_avg_pool2d: readAll,
  flatten: readAll,
  linear: readAll,
};

// ── forward pass ────────────────────────────────────────────────────────────────────────────────
// A map is { values, channels, height, width }: channel by channel, row by row, as PyTorch lays out (C, H, W).

/** At each place of a map the numbers that are not 0, one channel after the other: the first of a place stands at place · channels, of
 * `counts` many. About half of all numbers are 0, as black pixels and what ReLU cut off are: nothing needs to be multiplied there. */
function withoutZeros({ values: all, channels, height, width }) {
  const values = new Float64Array(all.length);
  const ofChannel = new Int32Array(all.length);
  const counts = new Int32Array(height * width);
  for (let channel = 0, at = 0; channel < channels; channel++)
    for (let place = 0; place < counts.length; place++, at++) {
      const to = place * channels + counts[place];
      values[to] = all[at];
      ofChannel[to] = channel;
      counts[place] += all[at] === 0 ? 0 : 1; // a 0 is overwritten by what comes next: to branch around it takes longer
    }
  return { values, ofChannel, counts };
}

/** Weights times inputs, summed, plus bias, for each output channel: written to `values` from `at` on, `apart` from one channel to the next.
 * There are `count` inputs, and `places` says where in each of `eights` their weights stand. Eight channels at once: an input that was
 * read is used eight times. */
function weightedSums({ eights, bias }, inputs, places, count, values, at, apart) {
  for (let group = 0; group < eights.length; group++) {
    const weights = eights[group]; // one array for all would need sums of places, which take as long as the products
    let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (let i = 0; i < count; i++) {
      const input = inputs[i];
      const place = places[i];
      a += input * weights[place];
      b += input * weights[place + 1];
      c += input * weights[place + 2];
      d += input * weights[place + 3];
      e += input * weights[place + 4];
      f += input * weights[place + 5];
      g += input * weights[place + 6];
      h += input * weights[place + 7];
    }
    const sums = [a, b, c, d, e, f, g, h];
    for (let i = 8 * group; i < Math.min(8 * group + 8, bias.length); i++) values[at + i * apart] = sums[i - 8 * group] + bias[i];
  }
}

/** A convolution, straight or transposed: `sizeOf` makes the output's size of the input's, and `readAt(place, cell)` is the row of the
 * input that a row of the output meets in a row of the kernel, where the input has one. Columns likewise. */
function sumsOverWindows(layer, input, sizeOf, readAt) {
  const { out_channels, in_channels, kernel_size } = layer;
  const [height, width] = [sizeOf(input.height), sizeOf(input.width)];
  const reads = (outputs, inputs) =>
    table(outputs, kernel_size, (place, cell) => {
      const read = readAt(place, cell);
      return Number.isInteger(read) && read >= 0 && read < inputs ? read : -1;
    });
  const [rows, cols] = [reads(height, input.height), reads(width, input.width)];
  const { values: from, ofChannel, counts } = withoutZeros(input);
  const values = new Float32Array(out_channels * height * width);
  const inputs = new Float64Array(in_channels * kernel_size ** 2);
  const places = new Int32Array(inputs.length);
  for (let row = 0; row < height; row++)
    for (let col = 0; col < width; col++) {
      let count = 0;
      for (let i = 0; i < kernel_size; i++)
        for (let j = 0; j < kernel_size; j++) {
          if (rows[row][i] < 0 || cols[col][j] < 0) continue;
          const place = rows[row][i] * input.width + cols[col][j];
          const cell = (i * kernel_size + j) * in_channels;
          const end = place * in_channels + counts[place];
          for (let at = place * in_channels; at < end; at++) {
            inputs[count] = from[at];
            places[count++] = 8 * (cell + ofChannel[at]);
          }
        }
      weightedSums(layer, inputs, places, count, values, row * width + col, height * width);
    }
  return { values, channels: out_channels, height, width };
}

const convolve = (layer, input) => {
  const { kernel_size, stride, padding } = layer;
  return sumsOverWindows(
    layer,
    input,
    (size) => outputSize(size, kernel_size, stride, padding, 1),
    (place, cell) => place * stride - padding + cell,
  );
};

const convolveTransposed = (layer, input) => {
  const { kernel_size, stride, padding, output_padding } = layer;
  return sumsOverWindows(
    layer,
    input,
    (size) => (size - 1) * stride - 2 * padding + kernel_size + output_padding,
    (place, cell) => (place + padding - cell) / stride,
  );
};

function rectify(layer, input) {
  const values = new Float32Array(input.values.length);
  for (let at = 0; at < values.length; at++) values[at] = Math.max(0, input.values[at]); // ten times as fast as .map
  return { ...input, values };
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

function enlarge(layer, { values: from, channels, height, width }) {
  const sources = (size) =>
    Array.from({ length: layer.scale * size }, (_, place) => {
      const { lower, upper, share } = between(layer, place);
      return [clamp(lower, 0, size - 1), clamp(upper, 0, size - 1), share];
    });
  const [rows, cols] = [sources(height), sources(width)];
  const values = new Float32Array(channels * rows.length * cols.length);
  let at = 0;
  for (let channel = 0; channel < channels; channel++)
    for (const [top, bottom, down] of rows) {
      const [upper, lower] = [(channel * height + top) * width, (channel * height + bottom) * width];
      for (const [left, right, across] of cols)
        values[at++] =
          (1 - down) * ((1 - across) * from[upper + left] + across * from[upper + right]) +
          down * ((1 - across) * from[lower + left] + across * from[lower + right]);
    }
  return { values, channels, height: rows.length, width: cols.length };
}

function takeUp(layer, arriving, saved) {
  const taken = saved.pop();
  const values = new Float32Array(arriving.values.length + taken.values.length);
  values.set(arriving.values);
  values.set(taken.values, arriving.values.length);
  return { ...arriving, values, channels: arriving.channels + taken.channels };
}

function putAside(layer, input, saved) {
  saved.push(input);
  return input;
}

const FORWARD = {
  conv2d: convolve,
  conv_transpose2d: convolveTransposed,
  relu: rectify,
  max_pool2d: maxPool,
  global_avg_pool2d: globalAverage,
  upsample: enlarge,
  flatten: (layer, { values }) => ({ values, channels: values.length, height: 1, width: 1 }),
  linear: (layer, input) => convolve({ ...layer, stride: 1, padding: 0 }, input),
  save: putAside,
  cat: takeUp,
};

/** Every layer's output, in order; the last holds the logits. Numbers as PyTorch computes them in evaluation mode. */
export function forward(layers, input) {
  const outputs = [];
  const saved = []; // the maps that wait for their cat
  for (const layer of layers) outputs.push(FORWARD[layer.kind](layer, outputs.at(-1) ?? input, saved));
  return outputs;
}

/** Probabilities from logits. */
export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
