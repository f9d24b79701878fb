/** The score of a network on a split: plain cross entropy and error over every image. */

import type { Batch } from '../data/index.js';
import type { Program } from '../engines/engine.js';
import type { Answers, Tally } from '../run/index.js';

export interface Evaluation {
  readonly tally: Tally;
  readonly answers: Answers;
  /** Of the evaluation, waiting for data included. */
  readonly imagesPerSecond: number;
}

/** One image's part in an evaluation. */
interface Answer {
  readonly label: number;
  readonly predicted: number;
  readonly confidence: number;
  readonly loss: number;
}

/**
 * Runs an inference program over batches. While one is computed the next is fetched and queued.
 * @param classes length of a row of logits
 * @returns undefined if `signal` asked to stop
 */
export async function evaluate(
  program: Program,
  batches: AsyncIterable<Batch>,
  classes: number,
  signal?: AbortSignal,
): Promise<Evaluation | undefined> {
  const start = performance.now();
  const answers: Answer[] = [];
  const inFlight: Promise<Answer[]>[] = [];
  try {
    for await (const batch of batches) {
      const queued = evaluateBatch(program, batch, classes);
      // Looked at when its turn comes; until then a failure must not count as unhandled.
      queued.catch(() => undefined);
      inFlight.push(queued);
      if (inFlight.length === 2) answers.push(...(await inFlight.shift()!));
      if (signal?.aborted) return undefined;
    }
    while (inFlight.length > 0) answers.push(...(await inFlight.shift()!));
  } finally {
    await Promise.allSettled(inFlight);
  }
  return {
    tally: {
      images: answers.length,
      loss: answers.reduce((sum, { loss }) => sum + loss, 0),
      correct: answers.filter(({ label, predicted }) => label === predicted).length,
    },
    answers: {
      labels: Uint16Array.from(answers, ({ label }) => label),
      predicted: Uint16Array.from(answers, ({ predicted }) => predicted),
      confidence: Float32Array.from(answers, ({ confidence }) => confidence),
    },
    imagesPerSecond: (1000 * answers.length) / (performance.now() - start),
  };
}

async function evaluateBatch(program: Program, batch: Batch, classes: number): Promise<Answer[]> {
  // Read before the first await: the loader reuses the batch's buffers for the next batch.
  const labels = Array.from({ length: batch.count }, (_, row) => firstLargest(batch.targets, row * classes, classes));
  const { logits } = await program.run({ images: batch.images }, {});
  return labels.map((label, row) => answerOf(logits!, row * classes, classes, label));
}

function answerOf(logits: Float32Array, start: number, classes: number, label: number): Answer {
  const predicted = firstLargest(logits, start, classes);
  const largest = logits[start + predicted]!;
  let sum = 0;
  for (let i = 0; i < classes; i++) sum += Math.exp(logits[start + i]! - largest);
  return { label, predicted, confidence: 1 / sum, loss: Math.log(sum) + largest - logits[start + label]! };
}

/** Index of the largest of `count` values from `start` on; the first of equal ones. */
function firstLargest(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}
