import { describe, expect, it } from 'vitest';

import { createBatchMaker, type BatchRecipe } from './batch.js';
import { pixelsOf, smallDataset } from './testing/fixtures.js';
import { drawImage, drawMixup, noTransforms, type Transforms } from './transforms.js';

const SIDE = 8;
const PLANE = SIDE * SIDE;
const SIZE = 3 * PLANE;
const CLASSES = 4;

function recipeFor(transforms: Partial<Transforms>, more: Partial<BatchRecipe> = {}): BatchRecipe {
  const { train: split, shape, mean, deviation } = smallDataset(12, 1, [3, SIDE, SIDE], CLASSES);
  const all = { ...noTransforms, ...transforms };
  return {
    split,
    shape,
    classes: CLASSES,
    mean,
    deviation,
    batch: 12,
    seed: 9,
    shuffle: false,
    transforms: all,
    ...more,
  };
}

function makeBatch(recipe: BatchRecipe, epoch = 0): { images: Float32Array; targets: Float32Array } {
  const images = new Float32Array(recipe.batch * SIZE).fill(77);
  const targets = new Float32Array(recipe.batch * CLASSES).fill(77);
  createBatchMaker(recipe).make(epoch, 0, images, targets);
  return { images, targets };
}

/** The normalized value at a position that may be in the padding, computed in the simplest way. */
function valueAt(recipe: BatchRecipe, index: number, channel: number, row: number, column: number): number {
  const pixels = pixelsOf(recipe.split);
  const inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
  const pixel = inside ? pixels[index * SIZE + channel * PLANE + row * SIDE + column]! : 0;
  return (pixel / 255 - recipe.mean[channel]!) / recipe.deviation[channel]!;
}

describe('a batch', () => {
  it('is the pixels, normalized per channel, and one-hot targets', () => {
    const recipe = recipeFor({});
    const { images, targets } = makeBatch(recipe);
    for (let at = 0; at < images.length; at++) {
      const inImage = at % SIZE;
      const row = Math.floor((inImage % PLANE) / SIDE);
      const expected = valueAt(recipe, Math.floor(at / SIZE), Math.floor(inImage / PLANE), row, at % SIDE);
      expect(images[at]).toBeCloseTo(expected, 5);
    }
    for (let index = 0; index < 12; index++) {
      const row = [...targets.subarray(index * CLASSES, (index + 1) * CLASSES)];
      expect(row).toEqual(row.map((_, label) => (label === recipe.split.labels[index] ? 1 : 0)));
    }
  });

  it('cuts the drawn window out of the image padded with black, then flips, then cuts out', () => {
    for (const transforms of [
      { padCrop: 3 },
      { flip: true },
      { padCrop: 8, flip: true },
      { padCrop: 2, flip: true, cutout: 5 },
      { cutout: 4 },
      { cutout: 16 },
    ]) {
      const recipe = recipeFor(transforms);
      const all = recipe.transforms;
      for (let epoch = 0; epoch < 6; epoch++) {
        const { images } = makeBatch(recipe, epoch);
        for (let index = 0; index < 12; index++) {
          const draw = drawImage(all, 9, epoch, index, SIDE, SIDE);
          for (let at = 0; at < SIZE; at++) {
            const channel = Math.floor(at / PLANE);
            const y = Math.floor((at % PLANE) / SIDE);
            const x = at % SIDE;
            const column = draw.left + (draw.flip ? SIDE - 1 - x : x);
            const fromTop = y - (draw.cutoutRow - (all.cutout >> 1));
            const fromLeft = x - (draw.cutoutColumn - (all.cutout >> 1));
            const erased = fromTop >= 0 && fromTop < all.cutout && fromLeft >= 0 && fromLeft < all.cutout;
            const expected = erased ? 0 : valueAt(recipe, index, channel, draw.top + y, column);
            expect(Math.abs(images[index * SIZE + at]! - expected)).toBeLessThan(1e-5);
          }
        }
      }
    }
  });

  it('mixes each row and its target with a partner by mixup', () => {
    const recipe = recipeFor({ mixup: 0.8 });
    const plain = makeBatch(recipeFor({}));
    const mixed = makeBatch(recipe, 3);
    const { weight, partners } = drawMixup(0.8, 9, 3, 0, 12);
    for (let row = 0; row < 12; row++) {
      for (const [values, unmixed, size] of [
        [mixed.images, plain.images, SIZE],
        [mixed.targets, plain.targets, CLASSES],
      ] as const) {
        for (let i = 0; i < size; i++) {
          const expected = weight * unmixed[row * size + i]! + (1 - weight) * unmixed[partners[row]! * size + i]!;
          expect(Math.abs(values[row * size + i]! - expected)).toBeLessThan(1e-5);
        }
      }
      const sum = mixed.targets.subarray(row * CLASSES, (row + 1) * CLASSES).reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
  });

  it('changes an image the same way wherever in the epoch it comes', () => {
    const recipe = recipeFor({ padCrop: 4, flip: true, cutout: 3 });
    const whole = makeBatch(recipe, 5).images;
    const single = createBatchMaker({ ...recipe, batch: 1 });
    const image = new Float32Array(SIZE);
    for (const index of [7, 0, 11]) {
      single.make(5, index, image, new Float32Array(CLASSES));
      expect(image).toEqual(whole.slice(index * SIZE, (index + 1) * SIZE));
    }
  });
});
