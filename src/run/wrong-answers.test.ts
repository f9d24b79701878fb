import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openDataset } from '../data/index.js';
import { openMiddles } from '../data/view.js';
import { readWrongPictures, surestWrong, writeWrongPictures } from './wrong-answers.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'rectio-wrong-'));
});
afterEach(() => rm(run, { recursive: true }));

const images = 40;
/** Right but for the images 7, 3 and 31, in this order of confidence. */
const answers = {
  labels: new Uint16Array(images),
  predicted: Uint16Array.from({ length: images }, (_, index) => ([3, 7, 31].includes(index) ? 1 : 0)),
  confidence: Float32Array.from({ length: images }, (_, index) => (index === 7 ? 0.9 : index === 3 ? 0.8 : 0.7)),
};

describe('the wrong answers that a run was surest of', () => {
  it('come by confidence', () => {
    expect(surestWrong(answers)).toEqual([7, 3, 31]);
  });

  it('are at most 24', () => {
    expect(surestWrong({ ...answers, predicted: new Uint16Array(images).fill(1) })).toHaveLength(24);
  });

  it('are kept as pictures, one below the other', async () => {
    const dataset = await openDataset('synthetic', { limit: images });
    const [channels, height, width] = dataset.shape;
    await writeWrongPictures(run, answers, dataset);
    const { data, info } = await sharp(await readWrongPictures(run))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ channels, width, height: 3 * height });
    const reader = openMiddles(dataset.test, dataset.shape);
    for (const [row, place] of [7, 3, 31].entries()) {
      const from = reader.read(place);
      const plane = height * width;
      const expected = Array.from({ length: plane * channels }, (_, i) => {
        const [pixel, channel] = [Math.floor(i / channels), i % channels];
        return reader.pixels[from + channel * plane + pixel];
      });
      expect([...data.subarray(row * plane * channels, (row + 1) * plane * channels)]).toEqual(expected);
    }
    reader.close();
  });

  it('leave no file where every answer is right, or where there are two channels', async () => {
    const dataset = await openDataset('synthetic', { limit: images });
    await writeWrongPictures(run, { ...answers, predicted: answers.labels }, dataset);
    await writeWrongPictures(run, answers, { ...dataset, shape: [2, 32, 32] });
    expect(await readWrongPictures(run)).toBeUndefined();
  });
});
