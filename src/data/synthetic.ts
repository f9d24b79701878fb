/**
 * The built-in dataset: 32×32 color images of ten kinds of object, generated from a seed, so that everything works
 * without a download. Object, size, position, angle, proportions and colors vary. Background texture, fragments of
 * other shapes, a smaller second object and noise are distractors. The label is the kind of the largest object.
 */

import { hashText, randomStream, type RandomStream } from '../base/random.js';
import type { Dataset, Split } from './dataset.js';
import type { OpenOptions } from './options.js';
import { channelStatistics, fingerprint } from './statistics.js';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const SHAPE = [3, SIDE, SIDE] as const;
const TRAIN_IMAGES = 8_000;
const TEST_IMAGES = 2_000;

/** Signed distance to an outline of radius about 1, negative inside; accurate enough for antialiasing. */
type Outline = (u: number, v: number) => number;

const disc: Outline = (u, v) => Math.sqrt(u * u + v * v) - 0.95;
const square: Outline = (u, v) => Math.max(Math.abs(u), Math.abs(v)) - 0.82;
const triangle: Outline = (u, v) => Math.max(Math.abs(u) * 0.866 + v * 0.5, -v) - 0.55;
const ring: Outline = (u, v) => Math.abs(Math.sqrt(u * u + v * v) - 0.76) - 0.22;
const frame: Outline = (u, v) => Math.abs(Math.max(Math.abs(u), Math.abs(v)) - 0.66) - 0.19;
const bar: Outline = (u, v) => Math.max(Math.abs(u) - 1, Math.abs(v) - 0.32);
const cross: Outline = (u, v) => Math.min(bar(u, v), bar(v, u));
const crescent: Outline = (u, v) =>
  Math.max(Math.sqrt(u * u + v * v) - 1, 0.78 - Math.sqrt((u - 0.5) * (u - 0.5) + v * v));
const TIP = (2 * Math.PI) / 5;
const star: Outline = (u, v) => {
  // Fold the point into half a tip, then measure its distance to the edge from the tip (1, 0) to the notch.
  const angle = Math.abs(((Math.atan2(v, u) / TIP + 10.5) % 1) - 0.5) * TIP;
  const radius = Math.sqrt(u * u + v * v);
  return radius * (Math.cos(angle) * EDGE_X + Math.sin(angle) * EDGE_Y) - EDGE_X;
};
const NOTCH = 0.45;
const NOTCH_X = NOTCH * Math.cos(TIP / 2);
const NOTCH_Y = NOTCH * Math.sin(TIP / 2);
const EDGE_LENGTH = Math.hypot(1 - NOTCH_X, NOTCH_Y);
const EDGE_X = NOTCH_Y / EDGE_LENGTH;
const EDGE_Y = (1 - NOTCH_X) / EDGE_LENGTH;

type Fill = 'plain' | 'stripes' | 'checks';

interface Kind {
  readonly name: string;
  /** One of these is chosen at random. */
  readonly outlines: readonly Outline[];
  readonly fill: Fill;
}

const solids = [disc, square, triangle];

const kinds: readonly Kind[] = [
  { name: 'disc', outlines: [disc], fill: 'plain' },
  { name: 'ring', outlines: [ring], fill: 'plain' },
  { name: 'square', outlines: [square], fill: 'plain' },
  { name: 'frame', outlines: [frame], fill: 'plain' },
  { name: 'triangle', outlines: [triangle], fill: 'plain' },
  { name: 'cross', outlines: [cross], fill: 'plain' },
  { name: 'star', outlines: [star], fill: 'plain' },
  { name: 'crescent', outlines: [crescent], fill: 'plain' },
  { name: 'stripes', outlines: solids, fill: 'stripes' },
  { name: 'checks', outlines: solids, fill: 'checks' },
];

type Color = readonly [number, number, number];

/** Generates the built-in dataset: 8,000 training and 2,000 test images unless a limit is given. */
export async function openSynthetic({ seed = 0, limit = Infinity }: OpenOptions): Promise<Dataset> {
  const train = drawSplit(seed, 'train', Math.min(limit, TRAIN_IMAGES));
  const test = drawSplit(seed, 'test', Math.min(limit, TEST_IMAGES));
  const content = { classes: kinds.map(({ name }) => name), shape: SHAPE, train, test };
  return {
    name: 'synthetic',
    ...content,
    ...channelStatistics(new Uint8Array(train.source.images), 3, PLANE),
    fingerprint: fingerprint(content),
  };
}

type DrawnSplit = Split & { readonly source: { readonly kind: 'memory'; readonly images: SharedArrayBuffer } };

function drawSplit(seed: number, name: 'train' | 'test', count: number): DrawnSplit {
  const stream = hashText(`synthetic.${name}`);
  const images = new SharedArrayBuffer(count * 3 * PLANE);
  const labels = new Uint16Array(count);
  const canvas = new Float32Array(3 * PLANE);
  for (let index = 0; index < count; index++) {
    labels[index] = index % kinds.length;
    const random = randomStream(seed, stream, index);
    drawScene(canvas, labels[index]!, random);
    develop(canvas, new Uint8ClampedArray(images, index * 3 * PLANE, 3 * PLANE), random);
  }
  return { count, labels, source: { kind: 'memory', images } };
}

const between = (random: RandomStream, from: number, to: number): number => from + (to - from) * random.uniform();

const randomColor = (random: RandomStream): Color => [
  between(random, 20, 235),
  between(random, 20, 235),
  between(random, 20, 235),
];

/** A color at least `distance` from `other` (Euclidean, in pixel values). */
function colorAwayFrom(other: Color, distance: number, random: RandomStream): Color {
  for (;;) {
    const color = randomColor(random);
    if (Math.hypot(color[0] - other[0], color[1] - other[1], color[2] - other[2]) >= distance) return color;
  }
}

function drawScene(canvas: Float32Array, label: number, random: RandomStream): void {
  const ground = randomColor(random);
  drawGround(canvas, ground, random);
  for (let scraps = random.below(4); scraps > 0; scraps--) {
    const scrap = kinds[random.below(8)]!;
    drawObject(canvas, scrap, between(random, 1.5, 3.5), randomColor(random), random);
  }
  const radius = between(random, 8, 13);
  if (random.uniform() < 0.25) {
    const other = kinds[(label + 1 + random.below(kinds.length - 1)) % kinds.length]!;
    drawObject(canvas, other, radius * between(random, 0.35, 0.6), colorAwayFrom(ground, 40, random), random);
  }
  drawObject(canvas, kinds[label]!, radius, colorAwayFrom(ground, 90, random), random);
}

/** Draws a linear gradient with soft blotches and, often, faint stripes. */
function drawGround(canvas: Float32Array, color: Color, random: RandomStream): void {
  const angle = between(random, 0, 2 * Math.PI);
  const slope = between(random, 0, 1.6);
  const slopeX = slope * Math.cos(angle);
  const slopeY = slope * Math.sin(angle);
  const waveAngle = between(random, 0, 2 * Math.PI);
  const wave = between(random, 0.4, 1.4);
  const waveX = wave * Math.cos(waveAngle);
  const waveY = wave * Math.sin(waveAngle);
  const waveHeight = Math.max(0, between(random, -12, 22));
  const grid = Float32Array.from({ length: 36 }, () => between(random, -28, 28));
  const tint = [between(random, 0.4, 1), between(random, 0.4, 1), between(random, 0.4, 1)];
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const light =
        (x - 15.5) * slopeX + (y - 15.5) * slopeY + softNoise(grid, x, y) + waveHeight * zigzag(x * waveX + y * waveY);
      const at = y * SIDE + x;
      canvas[at] = color[0] + light * tint[0]!;
      canvas[PLANE + at] = color[1] + light * tint[1]!;
      canvas[2 * PLANE + at] = color[2] + light * tint[2]!;
    }
  }
}

/** Bilinear interpolation in a 6×6 grid. */
function softNoise(grid: Float32Array, x: number, y: number): number {
  const step = 5 / SIDE;
  const column = Math.floor(x * step);
  const row = Math.floor(y * step);
  const a = x * step - column;
  const b = y * step - row;
  const at = row * 6 + column;
  const top = grid[at]! * (1 - a) + grid[at + 1]! * a;
  const bottom = grid[at + 6]! * (1 - a) + grid[at + 7]! * a;
  return top * (1 - b) + bottom * b;
}

/** A triangle wave between −1 and 1 with period 2π. */
function zigzag(phase: number): number {
  const turn = phase / (2 * Math.PI);
  return 4 * Math.abs(turn - Math.floor(turn + 0.5)) - 1;
}

/** Draws one object with a random position, angle and stretch. */
function drawObject(canvas: Float32Array, kind: Kind, radius: number, color: Color, random: RandomStream): void {
  const outline = kind.outlines[random.below(kind.outlines.length)]!;
  const reach = Math.max(0, 15 - radius * 0.85);
  const centerX = 15.5 + between(random, -reach, reach);
  const centerY = 15.5 + between(random, -reach, reach);
  const angle = between(random, -0.6, 0.6);
  const stretch = between(random, 0.85, 1.18);
  const cosine = Math.cos(angle) / radius;
  const sine = Math.sin(angle) / radius;
  const second = kind.fill === 'plain' ? color : colorAwayFrom(color, 90, random);
  const period = between(random, 2.5, 5);
  const phase = random.uniform();
  const shade = between(random, -2, 2);
  const opacity = between(random, 0.8, 1);

  const extent = radius * 1.45;
  const left = Math.max(0, Math.floor(centerX - extent));
  const right = Math.min(SIDE - 1, Math.ceil(centerX + extent));
  const top = Math.max(0, Math.floor(centerY - extent));
  const bottom = Math.min(SIDE - 1, Math.ceil(centerY + extent));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const dx = x - centerX;
      const dy = y - centerY;
      const u = (dx * cosine + dy * sine) * stretch;
      const v = (dy * cosine - dx * sine) / stretch;
      const cover = Math.min(1, Math.max(0, 0.5 - outline(u, v) * radius)) * opacity;
      if (cover === 0) continue;
      const {
        0: red,
        1: green,
        2: blue,
      } = inSecondColor(kind.fill, u * radius, v * radius, period, phase) ? second : color;
      const light = shade * dy;
      const at = y * SIDE + x;
      canvas[at]! += cover * (red + light - canvas[at]!);
      canvas[PLANE + at]! += cover * (green + light - canvas[PLANE + at]!);
      canvas[2 * PLANE + at]! += cover * (blue + light - canvas[2 * PLANE + at]!);
    }
  }
}

function inSecondColor(fill: Fill, u: number, v: number, period: number, phase: number): boolean {
  if (fill === 'plain') return false;
  const column = Math.floor(u / period + phase) & 1;
  if (fill === 'stripes') return column === 1;
  return (column ^ (Math.floor(v / period + phase) & 1)) === 1;
}

/** Turns the canvas into noisy pixels. Some scenes have bad light: pale and noisy, a few beyond recognition. */
function develop(canvas: Float32Array, pixels: Uint8ClampedArray, random: RandomStream): void {
  const badLight = random.uniform() < 0.15;
  const contrast = badLight ? between(random, 0.12, 0.45) : 1;
  const haze = (1 - contrast) * between(random, 60, 190);
  const noise = badLight ? between(random, 14, 28) : between(random, 3, 18);
  // The sum of four random bytes is close to normal; its deviation is √(4 · (256² − 1) / 12).
  const scale = noise / 147.8;
  // One step of xorshift32 (Marsaglia 2003) per value: Philox would cost more time than drawing the scene.
  let state = random.word() | 1;
  for (let i = 0; i < pixels.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const bytes = (state & 0xff) + ((state >>> 8) & 0xff) + ((state >>> 16) & 0xff) + (state >>> 24);
    pixels[i] = canvas[i]! * contrast + haze + (bytes - 510) * scale;
  }
}
