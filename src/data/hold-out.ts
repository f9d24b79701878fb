/** Makes a validation split from training images. Nothing is learned from it, so it can guide choices. */

import { RectioError } from '../base/error.js';
import { hashText, permutation, randomStream } from '../base/random.js';
import type { Dataset, Split } from './dataset.js';

const STREAM = hashText('data.validation');

/**
 * Moves a share of the training images to a validation split. They are drawn by `seed` within each class, so class
 * proportions stay the same. Every class keeps at least one training image.
 * @param share between 0 and 1, both excluded
 * @throws RectioError `data` if the training split is too small to hold out any image
 */
export function holdOut(dataset: Dataset, share: number, seed: number): Dataset {
  const { train, classes } = dataset;
  const order = permutation(train.count, randomStream(seed, STREAM));
  const totals = countLabels(train, classes.length);
  const wanted = totals.map((total) => Math.min(Math.round(total * share), total - 1));
  const held = new Set<number>();
  for (const index of order) {
    const label = train.labels[index]!;
    if (wanted[label]! <= 0) continue;
    wanted[label]!--;
    held.add(index);
  }
  if (held.size === 0) {
    throw new RectioError(
      'data',
      `A share of ${share} of the training images of ${dataset.name} is less than one image in every class.`,
      'Hold out a larger share with `evaluation.validation`, or train on more images.',
    );
  }
  const all = Array.from({ length: train.count }, (_, index) => index);
  return {
    ...dataset,
    train: pick(
      train,
      all.filter((index) => !held.has(index)),
    ),
    validation: pick(
      train,
      all.filter((index) => held.has(index)),
    ),
  };
}

function countLabels({ labels }: Split, classes: number): number[] {
  const totals = Array.from({ length: classes }, () => 0);
  for (const label of labels) totals[label]!++;
  return totals;
}

function pick(split: Split, indices: readonly number[]): Split {
  return {
    count: indices.length,
    labels: Uint16Array.from(indices, (index) => split.labels[index]!),
    source: split.source,
    ...(split.extents === undefined ? {} : { extents: split.extents }),
    places: Uint32Array.from(indices, (index) => split.places?.[index] ?? index),
  };
}

/** `count` images of a split at equal distances, or all of them if there are fewer. */
export function evenlyOf(split: Split, count: number): Split {
  const taken = Math.min(count, split.count);
  return pick(
    split,
    Array.from({ length: taken }, (_, index) => Math.floor((index * split.count) / taken)),
  );
}
