import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { hashText, randomStream } from '../base/random.js';
import { openEngine } from '../engines/registry.js';
import { graphBuilder, type Graph } from '../graph/index.js';
import { trainNetwork } from './train-network.js';

/** Whether a point is in a shape around 0; `k` is its size. */
const shapes: { readonly [name: string]: (x: number, y: number, k: number) => boolean } = {
  disc: (x, y, k) => Math.hypot(x, y) < k,
  ring: (x, y, k) => Math.hypot(x, y) < 1.1 * k && Math.hypot(x, y) > 0.6 * k,
  cross: (x, y, k) => Math.min(Math.abs(x), Math.abs(y)) < 0.35 * k && Math.max(Math.abs(x), Math.abs(y)) < 1.1 * k,
};

/** A shape of any color, angle, size and place before any ground, with coarse noise: 40 to 400 pixels wide and high. */
async function paintShape(path: string, name: string, seed: number): Promise<void> {
  const random = randomStream(seed, hashText(name));
  const draw = () => random.below(1_000_000) / 1_000_000;
  const inShape = shapes[name]!;
  const [width, height] = [Math.round(40 * 10 ** draw()), Math.round(40 * 10 ** draw())];
  const side = Math.min(width, height);
  const [k, angle] = [side * (0.2 + 0.15 * draw()), draw() * Math.PI];
  const [left, top] = [width / 2 + (draw() - 0.5) * side * 0.3, height / 2 + (draw() - 0.5) * side * 0.3];
  const ground = [0, 1, 2].map(() => draw() * 200);
  const color = ground.map((value) => value + (draw() < 0.5 && value > 90 ? -1 : 1) * (45 + 45 * draw()));
  const grain = Math.max(2, Math.round(side / 24));
  const noise = Array.from({ length: Math.ceil(width / grain) * Math.ceil(height / grain) * 3 }, () => {
    return (draw() + draw() - 1) * 70;
  });
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [(i % width) - left, Math.floor(i / width) - top];
    const turned = [x * Math.cos(angle) + y * Math.sin(angle), y * Math.cos(angle) - x * Math.sin(angle)] as const;
    const from = inShape(...turned, k) ? color : ground;
    const cell = Math.floor(Math.floor(i / width) / grain) * Math.ceil(width / grain) + Math.floor((i % width) / grain);
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = from[c]! + noise[3 * cell + c]!;
  }
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(path);
}

/** Six convolutions, a small part of the work of resnet20. */
function smallNetwork(): Graph {
  const net = graphBuilder('small', [3, 32, 32]);
  let x = net.input;
  for (const [stage, outChannels] of [12, 24, 48].entries()) {
    for (const part of ['a', 'b']) {
      const name = `conv${stage}${part}`;
      const stride = part === 'a' ? 2 : 1;
      x = net.convolution(name, x, { outChannels, kernel: 3, stride, padding: 1, bias: false });
      x = net.relu(`${name}_relu`, net.batchNorm(`${name}_bn`, x));
    }
  }
  net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', x)), { outFeatures: 3 });
  return net.build();
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-own-'));
  for (const name of Object.keys(shapes)) {
    await mkdir(join(folder, name));
    for (let i = 0; i < 60; i++) {
      await paintShape(join(folder, name, `${i}.${i % 2 === 0 ? 'png' : 'jpg'}`), name, i);
    }
  }
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

it('180 images of three classes, in all sizes, end with a useful network at default settings', async ({ skip }) => {
  const missing = await openEngine('onednn').then(
    () => undefined,
    (error: unknown) => String(error),
  );
  if (missing !== undefined) skip(`the reference engine takes hours, and the onednn engine does not load: ${missing}`);
  const trained = await trainNetwork(smallNetwork(), { data: { name: 'folder', dir: folder } });
  expect(trained.classes?.map(({ name, images }) => [name, images])).toEqual([
    ['cross', 6],
    ['disc', 6],
    ['ring', 6],
  ]);
  expect(trained.warnings).toEqual([]);
  // A guess has 67 %.
  expect(trained.test.error).toBeLessThan(40);
  expect(trained.test.loss).toBeLessThan(1.2);
  expect(
    trained.wrong?.every(({ file }) => /^(cross|disc|ring)\/\d+\.(png|jpg)$/.test(file.replaceAll('\\', '/'))),
  ).toBe(true);
}, 300_000);
