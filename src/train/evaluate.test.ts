import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { Batch } from '../data/index.js';
import type { Program } from '../engines/engine.js';
import { evaluate } from './evaluate.js';
import { scoreOf } from '../run/score.js';

const classes = 2;

function batchOf(index: number, labels: readonly number[]): Batch {
  const targets = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => (targets[row * classes + label] = 1));
  return { index, count: labels.length, images: new Float32Array(labels.length), targets };
}

/** A program that answers every batch with these logits. */
function programOf(run: Program['run']): Program {
  return {
    tuning: {},
    bytes: 0,
    run,
    read: async () => new Float32Array(),
    write: async () => undefined,
    dispose: async () => undefined,
  };
}

describe('an evaluation', () => {
  it('counts wrong answers and mean cross entropy over all batches, padding left out', async () => {
    const logits = Float32Array.from([Math.log(3), 0, 0, Math.log(3), 9, 9]);
    async function* batches() {
      yield batchOf(0, [0, 0]);
      yield { ...batchOf(1, [0, 1, 0]), count: 2 };
    }
    const program = programOf(async () => ({ logits }));
    const { tally, answers } = (await evaluate(program, batches(), classes))!;
    const { loss, error } = scoreOf(tally);
    expect([...answers.labels]).toEqual([0, 0, 0, 1]);
    expect([...answers.predicted]).toEqual([0, 1, 0, 1]);
    answers.confidence.forEach((confidence) => expect(confidence).toBeCloseTo(0.75, 6));
    expect(tally).toMatchObject({ images: 4, correct: 3 });
    expect(error).toBe(25);
    expect(loss).toBeCloseTo((3 * Math.log(4 / 3) + Math.log(4)) / 4, 6);
  });

  it('gives up at what the engine throws, also while the next batch is still being prepared', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    async function* batches() {
      yield batchOf(0, [0]);
      await sleep(20);
      yield batchOf(1, [1]);
    }
    try {
      const program = programOf(() => Promise.reject(new Error('no memory')));
      await expect(evaluate(program, batches(), classes)).rejects.toThrow('no memory');
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).toEqual([]);
  });
});
