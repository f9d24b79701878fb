/** A validation split: images of the training split that nothing is learned from, so that choices can be made by them. */

import { RectioError } from '../base/error.js';
import { hashText, permutation, randomStream } from '../base/random.js';
import type { Dataset, Split } from './dataset.js';

const STREAM = hashText('data.validation');

/**
 * The dataset with a share of its training images as its validation split, drawn by `seed` within each class, so that
 * the classes keep their shares. Every class keeps at least one image for training.
 * @param share from above 0 to below 1
 * @throws RectioError `data` where the training split is too small to give any
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
      `A share of ${share} of the training images of ${dataset.name} is not one image of any class.`,
      'Hold out a larger share with --validation, or train on more images.',
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
    places: Uint32Array.from(indices, (index) => split.places?.[index] ?? index),
  };
}

/** The first `count` images of a split, or all where there are fewer. */
export function firstOf(split: Split, count: number): Split {
  return pick(
    split,
    Array.from({ length: Math.min(count, split.count) }, (_, index) => index),
  );
}
