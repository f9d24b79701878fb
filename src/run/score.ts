/** How well a network does on images: loss and error, and the sums they are made of. */

import { aCount, aNumber, fields } from '../base/parse.js';

export interface Score {
  /** Mean cross entropy in nats. */
  readonly loss: number;
  /** Share of wrong answers in percent. */
  readonly error: number;
}

/** Sums over images that make a score. */
export interface Tally {
  readonly images: number;
  readonly loss: number;
  readonly correct: number;
}

export const emptyTally: Tally = { images: 0, loss: 0, correct: 0 };

export function addTallies(a: Tally, b: Tally): Tally {
  return { images: a.images + b.images, loss: a.loss + b.loss, correct: a.correct + b.correct };
}

/** Mean loss, and the share of wrong answers in percent. */
export function scoreOf({ images, loss, correct }: Tally): Score {
  return { loss: loss / images, error: (100 * (images - correct)) / images };
}

export const parseScore = fields<Score>({ loss: aNumber, error: aNumber });

export const parseTally = fields<Tally>({ images: aCount, loss: aNumber, correct: aNumber });
