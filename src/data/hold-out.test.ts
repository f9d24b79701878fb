import { describe, expect, it } from 'vitest';

import { createLoader } from './loader.js';
import { holdOut } from './hold-out.js';
import { openDataset } from './open.js';

const dataset = await openDataset('synthetic', { seed: 3, limit: 200 });
const split = holdOut(dataset, 0.1, 7);

describe('held-out images', () => {
  const places = (part: 'train' | 'validation') => [...split[part]!.places!];

  it('are a share of every class, and no image is on both sides or lost', () => {
    expect([...places('train'), ...places('validation')].sort((a, b) => a - b)).toEqual([
      ...dataset.train.labels.keys(),
    ]);
    dataset.classes.forEach((_, label) => {
      const count = (labels: Uint16Array) => labels.filter((value) => value === label).length;
      expect(count(split.validation!.labels)).toBe(Math.round(count(dataset.train.labels) * 0.1));
    });
  });

  it('depend only on the seed', () => {
    expect(places('validation')).toEqual([...holdOut(dataset, 0.1, 7).validation!.places!]);
    expect(places('validation')).not.toEqual([...holdOut(dataset, 0.1, 8).validation!.places!]);
  });

  it('come with their own pixels and labels', async () => {
    const whole = createLoader({ dataset, split: 'train', batch: 1, shuffle: false, workers: 0 });
    const held = createLoader({ dataset: split, split: 'validation', batch: 1, workers: 0 });
    for await (const { index, images, targets } of held.epoch(0)) {
      const place = split.validation!.places![index]!;
      const { value } = await whole.epoch(0, place).next();
      expect(images).toEqual(value!.images);
      expect(targets).toEqual(value!.targets);
    }
  });

  it('are refused if no class can spare one', () => {
    expect(() => holdOut(dataset, 0.001, 0)).toThrow('less than one image in every class');
  });
});
