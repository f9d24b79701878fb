import { describe, expect, it } from 'vitest';

import { memoryDataset, type MemoryDataset } from './memory.js';

const shape = [1, 2, 2] as const;
const split = { images: Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70), labels: [0, 1] };
const good: MemoryDataset = { train: split, test: split, shape, classes: ['cat', 'dog'] };

describe('a dataset from memory', () => {
  it('is the same from arrays and from a function', () => {
    const images = (index: number) => Array.from({ length: 4 }, (_, i) => 10 * (4 * index + i));
    const made = memoryDataset({ ...good, train: { ...split, images }, test: { ...split, images } });
    expect(made).toEqual(memoryDataset(good));
    expect(made.mean[0]).toBeCloseTo(35 / 255, 12);
    expect(made.classes).toEqual(['cat', 'dog']);
  });

  it('keeps a copy, so that later changes of the arrays have no effect', () => {
    const images = split.images.slice();
    const made = memoryDataset({ ...good, train: { images, labels: [0, 1] } });
    images.fill(0);
    expect(made).toEqual(memoryDataset(good));
  });

  it('has another fingerprint if a pixel or a label differs', () => {
    const { fingerprint } = memoryDataset(good);
    expect(memoryDataset({ ...good, train: { ...split, labels: [1, 0] } }).fingerprint).not.toBe(fingerprint);
    const images = split.images.with(0, 1);
    expect(memoryDataset({ ...good, test: { ...split, images } }).fingerprint).not.toBe(fingerprint);
  });

  it.each<[string, Partial<MemoryDataset>]>([
    ['Its test split has no image', { test: { images: new Uint8Array(), labels: [] } }],
    ['Its training split has 8 pixel values, but 1 images of [1, 2, 2] have 4', { train: { ...split, labels: [0] } }],
    ['Label 1 of its training split is 2, but there are 2 classes', { train: { ...split, labels: [0, 2] } }],
    ['Image 0 of its test split has 3 values, not 4', { test: { images: () => [1, 2, 3], labels: [0] } }],
    ['Image 0 of its test split has a pixel of 0.5', { test: { images: () => [0, 0, 0, 0.5], labels: [0] } }],
    ['The shape of its images cannot be [1, 0, 2]', { shape: [1, 0, 2] }],
    ['It has 1 classes', { classes: 1 }],
  ])('says: %s', (words, wrong) => {
    expect(() => memoryDataset({ ...good, ...wrong })).toThrow(words);
  });
});
