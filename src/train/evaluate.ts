/** The score of a network on a split: plain cross entropy and error over every image. */

import type { Batch } from '../data/index.js';
import type { Program } from '../engines/engine.js';
import type { Score } from './events.js';

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

/**
 * Runs an inference program over batches. While one is computed the next is fetched and queued.
 * @param classes length of a row of logits
 * @returns the sums, or undefined where `signal` asked to stop
 */
export async function evaluate(
  program: Program,
  batches: AsyncIterable<Batch>,
  classes: number,
  signal?: AbortSignal,
): Promise<Tally | undefined> {
  let tally = emptyTally;
  const inFlight: Promise<Tally>[] = [];
  try {
    for await (const batch of batches) {
      const queued = evaluateBatch(program, batch, classes);
      // Looked at when its turn comes; until then a failure must not count as unhandled.
      queued.catch(() => undefined);
      inFlight.push(queued);
      if (inFlight.length === 2) tally = addTallies(tally, await inFlight.shift()!);
      if (signal?.aborted) return undefined;
    }
    while (inFlight.length > 0) tally = addTallies(tally, await inFlight.shift()!);
    return tally;
  } finally {
    await Promise.allSettled(inFlight);
  }
}

async function evaluateBatch(program: Program, batch: Batch, classes: number): Promise<Tally> {
  // Read before the wait: the batch's buffers are filled anew once the next one is asked for.
  const labels = Array.from({ length: batch.count }, (_, row) => firstLargest(batch.targets, row * classes, classes));
  const { logits } = await program.run({ images: batch.images }, {});
  return labels.map((label, row) => scoreRow(logits!, row * classes, classes, label)).reduce(addTallies, emptyTally);
}

function scoreRow(logits: Float32Array, start: number, classes: number, label: number): Tally {
  const answer = firstLargest(logits, start, classes);
  const largest = logits[start + answer]!;
  let sum = 0;
  for (let i = 0; i < classes; i++) sum += Math.exp(logits[start + i]! - largest);
  return {
    images: 1,
    loss: Math.log(sum) + largest - logits[start + label]!,
    correct: answer === label ? 1 : 0,
  };
}

/** Index of the largest of `count` values from `start` on; the first of equal ones. */
function firstLargest(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}
