/** Folders of small pictures. */

import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import sharp from 'sharp';

import type { Dataset } from '../dataset.js';
import { openDataset } from '../open.js';
import type { OpenOptions } from '../options.js';
import { temporaryFolder } from './fixtures.js';

export type Color = readonly [number, number, number];

/** An image of one color. The file's extension decides its format. */
export async function paint(path: string, [r, g, b]: Color, width = 12, height = width): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await sharp({ create: { width, height, channels: 3, background: { r, g, b } } }).toFile(path);
}

/** A data folder and a cache folder, with a function that opens them together. */
export async function workplace() {
  const dir = await temporaryFolder();
  const cacheDir = await temporaryFolder();
  const openIt = (options: OpenOptions = {}): Promise<Dataset> =>
    openDataset('folder', { dir, cacheDir, size: 8, ...options });
  return { dir, cacheDir, openIt };
}

export async function paintPets(dir: string): Promise<void> {
  await paint(join(dir, 'train', 'cat', 'a.png'), [200, 10, 20]);
  await paint(join(dir, 'train', 'cat', 'b.PNG'), [201, 10, 20]);
  await paint(join(dir, 'train', 'dog', 'c.png'), [10, 150, 20], 30, 20);
  await paint(join(dir, 'train', 'dog', 'deep', 'd.webp'), [10, 151, 20]);
  await paint(join(dir, 'test', 'dog', 'e.jpg'), [10, 20, 90]);
}

/** Paints `count` different pictures into a class's folder. */
export async function paintClass(folder: string, count: number, ending = 'png'): Promise<void> {
  for (let n = 0; n < count; n++) await paint(join(folder, `${n}.${ending}`), shade(folder, n));
}

/** A color that differs from class to class and from picture to picture. */
function shade(folder: string, n: number): Color {
  const sum = [...folder].reduce((total, letter) => (total * 31 + letter.codePointAt(0)!) % 65_536, 7);
  return [sum >> 8, sum & 255, 5 * n];
}
