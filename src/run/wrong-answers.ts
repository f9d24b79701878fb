/**
 * The wrong answers that a finished run was surest of, and a strip of their pictures: so they can be looked at wherever the run
 * goes, also without its dataset.
 */

import { readFile, stat } from 'node:fs/promises';

import type { Dataset } from '../data/index.js';
import { openMiddles } from '../data/view.js';
import { encodePng } from '../formats/index.js';
import type { Answers } from './predictions.js';
import { whereGone } from '../system/errno.js';
import { replaceFile, writeAll } from '../system/durable.js';
import { inRun } from './layout.js';

/** At most so many. */
const most = 24;

/** Places in the test split, the surest first; of equally sure ones the earlier first. */
export function surestWrong({ labels, predicted, confidence }: Answers): number[] {
  return Array.from(labels.keys())
    .filter((index) => labels[index] !== predicted[index])
    .sort((a, b) => confidence[b]! - confidence[a]!)
    .slice(0, most);
}

/**
 * Writes the pictures of `surestWrong`, one below the other. None if no answer is wrong, or where images are neither gray
 * nor in three colors.
 * @throws RectioError `disk`; `data` if an image is gone
 */
export async function writeWrongPictures(run: string, answers: Answers, { test, shape }: Dataset): Promise<void> {
  const places = surestWrong(answers);
  const [channels, height, width] = shape;
  if (places.length === 0 || (channels !== 1 && channels !== 3)) return;
  const plane = height * width;
  const values = new Uint8Array(places.length * plane * channels);
  const images = openMiddles(test, shape);
  try {
    for (const [row, place] of places.entries()) {
      const from = images.read(place);
      for (let channel = 0; channel < channels; channel++) {
        for (let i = 0; i < plane; i++) {
          values[(row * plane + i) * channels + channel] = images.pixels[from + channel * plane + i]!;
        }
      }
    }
  } finally {
    images.close();
  }
  const png = encodePng({ channels, width, height: places.length * height, values });
  await replaceFile(inRun(run, 'wrongPictures'), (file) => writeAll(file, png));
}

export async function hasWrongPictures(run: string): Promise<boolean> {
  return (await stat(inRun(run, 'wrongPictures')).catch(whereGone)) !== undefined;
}

/** Undefined if the run has no such file. */
export async function readWrongPictures(run: string): Promise<Uint8Array | undefined> {
  return readFile(inRun(run, 'wrongPictures')).catch(whereGone);
}
