import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { writeSafetensors } from '../formats/index.js';
import { readCheckpoint } from './checkpoint.js';
import { readEpochScores, writeEpochsCsv } from './epochs-csv.js';
import { openMetrics, readEpochs, readLastMetrics, readMetrics } from './metrics.js';
import { readPredictions } from './predictions.js';
import { readSummary } from './summary.js';
import { cpuTime } from '../testing/cpu-time.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'rectio-reading-'));
});
afterEach(() => rm(run, { recursive: true }));

const write = (name: string, value: unknown) => writeFile(join(run, name), JSON.stringify(value));
const score = { loss: 1.5, error: 40 };

/** What the first version wrote. */
const old = {
  summary: {
    ...{ run: 'runs/a', model: 'resnet20', ratio: '2:1', epochs: 5, seed: 3, train: score, test: score },
    ...{ imagesPerSecond: 900, seconds: 60, parameters: 272_474 },
  },
  epoch: {
    ...{ time: 1, type: 'epoch', epoch: 0, step: 9, train: score, test: score },
    ...{ learningRate: 0.1, imagesPerSecond: 900, seconds: 12 },
  },
  state: {
    ...{
      format: 1,
      step: 10,
      epoch: 1,
      sums: { images: 0, loss: 0, correct: 0 },
      scores: { train: score, test: score },
    },
    ...{ seconds: { training: 1, total: 2 }, seed: 3, fingerprint: 'f' },
  },
};

async function writeState(state: unknown): Promise<void> {
  await write('state.json', state);
  for (const name of ['model', 'optimizer']) await writeSafetensors(join(run, `${name}.safetensors`), new Map());
}

describe('the scores of epochs', () => {
  const line = { ...old.epoch, validation: null, test: { loss: 1.25, error: 38.5 } };
  const scores = { epoch: 0, train: score, validation: null, test: line.test };

  it('are those of the log, or of epochs.csv if there is no log', async () => {
    expect(await readEpochScores(run)).toEqual([]);
    await write('metrics.jsonl', line);
    expect(await readEpochScores(run)).toMatchObject([scores]);
    await writeEpochsCsv(run);
    await rm(join(run, 'metrics.jsonl'));
    expect(await readEpochScores(run)).toEqual([scores]);
  });

  it('are null for what a table lacks, and rows without training scores do not count', async () => {
    await writeFile(join(run, 'epochs.csv'), 'epoch,train_loss,train_error\r\n1,1.5,40\r\n2,,\r\n3,1.2\r\n');
    expect(await readEpochScores(run)).toEqual([{ ...scores, test: null }]);
  });
});

describe('files of the first version', () => {
  it('summaries are read; what they lack is null, and their result is that of the last epoch', async () => {
    await write('summary.json', old.summary);
    expect(await readSummary(run)).toEqual({
      ...old.summary,
      ...{ fit: null, validation: null, epoch: 4, evaluationImagesPerSecond: null, peakMemory: null, weights: null },
      ...{ classes: null, wrong: null, warnings: [] },
    });
  });

  it('logs keep every epoch', async () => {
    await write('metrics.jsonl', old.epoch);
    expect(await readEpochs(run)).toEqual([{ ...old.epoch, validation: null }]);
  });

  it('checkpoints are read', async () => {
    await writeState(old.state);
    const scores = { ...old.state.scores, validation: null };
    expect((await readCheckpoint(run)).state).toEqual({ ...old.state, scores, chosen: null });
  });
});

describe('damaged files are refused by name', () => {
  it('a checkpoint without its sums', async () => {
    await writeState({ ...old.state, sums: undefined });
    await expect(readCheckpoint(run)).rejects.toThrow('state.json: sums is missing');
  });

  it.each([
    ['', 'summary.json is empty'],
    ['{"run": "a", "mod', 'summary.json is not JSON'],
    ['{"run": "a"}', 'summary.json: model is missing'],
  ])('a summary that holds %j', async (text, words) => {
    await writeFile(join(run, 'summary.json'), text);
    await expect(readSummary(run)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(words),
    });
  });

  const good = { labels: [0, 1], predicted: [1, 1], confidence: [0.5, 1] };
  const store = (vectors: { readonly [name: string]: readonly number[] }) =>
    writeSafetensors(
      join(run, 'predictions.safetensors'),
      new Map(
        Object.entries(vectors).map(([name, data]) => [name, { shape: [data.length], data: Float32Array.from(data) }]),
      ),
    );

  it('predictions are read if every value can be one', async () => {
    await store(good);
    expect([...(await readPredictions(run)).predicted]).toEqual([1, 1]);
  });

  it.each([
    ['without labels', { predicted: [1], confidence: [1] }, 'for no labels'],
    ['of unequal lengths', { ...good, confidence: [1] }, 'has 1 confidence for 2 labels'],
    ['with a negative class', { ...good, predicted: [-7, 1] }, 'a value in predicted'],
    ['with a class that is not whole', { ...good, labels: [0.5, 1] }, 'a value in labels'],
    ['with a confidence above 1', { ...good, confidence: [9, 1] }, 'a value in confidence'],
    ['with NaN', { ...good, confidence: [Number.NaN, 1] }, 'a value in confidence'],
  ])('predictions %s', async (_what, vectors, words) => {
    await store(vectors);
    await expect(readPredictions(run)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(words),
    });
  });
});

describe('a log of somebody else’s', () => {
  it('of one endless line is read in a time that grows with its length', async () => {
    const epoch = JSON.stringify({ ...old.epoch, validation: null });
    await writeFile(join(run, 'metrics.jsonl'), `${epoch}\n${'x'.repeat(100 * 2 ** 20)}\n${epoch}\n`);
    const before = cpuTime();
    expect(await readEpochs(run)).toHaveLength(2);
    expect(await readMetrics(run)).toHaveLength(2);
    expect(cpuTime() - before).toBeLessThan(2000);
  });

  it.skipIf(process.platform === 'win32')('that is a pipe is refused, and nobody waits for its writer', async () => {
    spawnSync('mkfifo', [join(run, 'metrics.jsonl')]);
    for (const read of [readEpochs, readMetrics, readLastMetrics]) {
      await expect(read(run)).rejects.toMatchObject({
        code: 'checkpoint',
        message: expect.stringContaining('is not a file'),
      });
    }
    await expect(openMetrics(run, { step: 0, epoch: 0 })).rejects.toMatchObject({ code: 'checkpoint' });
  });
});
