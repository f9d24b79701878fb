import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { createLoader, holdOut } from '../data/index.js';
import type { Engine, Program } from '../engines/engine.js';
import { foldWeights, inferencePlan } from '../plan/index.js';
import { tinyDataset, tinyGraph, tinyOptions, trainParts } from './testing/tiny.js';
import type { TrainEvent } from './events.js';
import { listCheckpoints } from '../run/checkpoint.js';
import { readMetrics } from '../run/metrics.js';
import { readPredictions } from '../run/predictions.js';
import { readSafetensors } from '../formats/safetensors.js';
import { learningRates } from './schedule.js';
import type { TrainingParts } from './training.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-train-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function eventsOf(options: TrainingParts): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of trainParts(options)) events.push(event);
  return events;
}

function ofType<K extends TrainEvent['type']>(events: readonly TrainEvent[], type: K) {
  return events.filter((event): event is Extract<TrainEvent, { type: K }> => event.type === type);
}

async function refusal(options: TrainingParts): Promise<RectioError> {
  const error = await eventsOf(options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RectioError);
  return error as RectioError;
}

/** An engine whose programs are changed before they are handed out. */
function wrapped(engine: Engine, wrap: (program: Program, mode: string) => Partial<Program>): Engine {
  return {
    ...engine,
    compile: async (plan, options) => {
      const program = await engine.compile(plan, options);
      return { ...program, ...wrap(program, plan.mode) };
    },
  };
}

describe('a training with images held out', () => {
  const heldOut = (run: string, settings = {}): TrainingParts => {
    const options = tinyOptions(run, { epochs: 6, schedule: { learningRate: 0.2 }, ...settings });
    return { ...options, dataset: holdOut(tinyDataset(60), 0.3, 5) };
  };

  it('evaluates on them alone, and looks at the test split once, with the weights of the best epoch', async () => {
    const run = join(folder, 'run');
    const options = heldOut(run);
    const events = await eventsOf(options);
    const epochs = ofType(events, 'epoch');
    expect(epochs.every(({ test, validation }) => test === null && validation !== null)).toBe(true);
    const errors = epochs.map(({ validation }) => validation!.error);
    const { summary } = ofType(events, 'done')[0]!;
    expect(summary.epoch).toBe(errors.indexOf(Math.min(...errors)));
    // Otherwise the test could not tell the chosen epoch from the last.
    expect(summary.epoch).toBeLessThan(5);
    expect(summary.validation).toEqual(epochs[summary.epoch]!.validation);

    // The result is what an evaluation of the kept weights says, not of the last ones.
    const { tensors } = await readSafetensors(join(run, 'model.safetensors'));
    const last = await readSafetensors(join(run, 'checkpoints', 'step-00000030', 'model.safetensors'));
    expect(tensors.get('fc.weight')!.data).not.toEqual(last.tensors.get('fc.weight')!.data);
    const chosen = await readSafetensors(join(run, 'chosen.safetensors'));
    expect(tensors).toEqual(chosen.tensors);
  });

  it('ends with the same weights and answers when it was stopped between', async () => {
    const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
    await eventsOf(heldOut(whole));
    const stopping = new AbortController();
    for await (const event of trainParts({ ...heldOut(stopped), signal: stopping.signal })) {
      if (event.type === 'epoch' && event.epoch === 3) break;
    }
    await eventsOf({ ...heldOut(stopped), resume: true });
    for (const file of ['model.safetensors', 'predictions.safetensors']) {
      expect(await readFile(join(stopped, file))).toEqual(await readFile(join(whole, file)));
    }
  });
});

describe('a training', () => {
  it('tells of its start, every step, every epoch, its checkpoints and its end, in this order', async () => {
    const run = join(folder, 'run');
    const events = await eventsOf(tinyOptions(run));
    const epoch = ['step', 'step', 'step', 'step', 'step', 'epoch', 'checkpoint'];
    expect(events.map(({ type }) => type)).toEqual(['start', ...epoch, ...epoch, ...epoch, 'done']);
    expect(events[0]).toEqual({
      type: 'start',
      run,
      model: 'tiny',
      epochs: 3,
      stepsPerEpoch: 5,
      step: 0,
      parameters: 4 * 2 * 9 + 8 + 4 * 4 * 9 + 8 + 12 + 3,
      notes: [],
    });
    expect(ofType(events, 'step').map(({ step, epoch: at }) => [step, at])).toEqual(
      Array.from({ length: 15 }, (_, step) => [step, Math.floor(step / 5)]),
    );
    expect(ofType(events, 'checkpoint').map(({ step }) => step)).toEqual([5, 10, 15]);
  });

  it('learns', async () => {
    const options = tinyOptions(join(folder, 'run'), { epochs: 12, schedule: { learningRate: 0.05 } });
    const epochs = ofType(await eventsOf(options), 'epoch');
    expect(epochs.at(-1)!.train.loss).toBeLessThan(epochs[0]!.train.loss - 0.1);
    expect(epochs.at(-1)!.test!.error).toBeLessThan(30);
  });

  it('sums an epoch up as the mean over its steps', async () => {
    const events = await eventsOf(tinyOptions(join(folder, 'run')));
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    for (const epoch of ofType(events, 'epoch')) {
      const steps = ofType(events, 'step').filter((step) => step.epoch === epoch.epoch);
      expect(epoch.train.loss).toBeCloseTo(mean(steps.map(({ train: { loss } }) => loss)), 10);
      expect(epoch.train.error).toBeCloseTo(mean(steps.map(({ train: { error } }) => error)), 10);
      expect(epoch.step).toBe(steps.at(-1)!.step);
    }
  });

  it('gives every step its learning rate and its number', async () => {
    const options = tinyOptions(join(folder, 'run'));
    const seen: unknown[] = [];
    const engine = wrapped(options.engine, (program, mode) => ({
      run: (inputs, scalars) => {
        if (mode === 'training') seen.push(scalars);
        return program.run(inputs, scalars);
      },
    }));
    await eventsOf({ ...options, engine });
    const rate = learningRates(options.config.schedule, { stepsPerEpoch: 5, totalSteps: 15 });
    expect(seen).toMatchObject(Array.from({ length: 15 }, (_, step) => ({ step, learningRate: rate(step) })));
  });

  it('has at most two steps in flight, and two whenever it can', async () => {
    const options = tinyOptions(join(folder, 'run'));
    let flying = 0;
    let last: Promise<unknown> = Promise.resolve();
    const seen: number[] = [];
    const engine = wrapped(options.engine, (program) => ({
      // A device takes its time, one step behind the other.
      run: (inputs, scalars) => {
        seen.push(++flying);
        const outputs = program.run(inputs, scalars);
        last = last.then(() => sleep(60));
        return last.then(() => outputs).finally(() => flying--);
      },
    }));
    await eventsOf({ ...options, engine });
    expect(Math.max(...seen)).toBe(2);
    expect(seen.slice(0, 5)).toEqual([1, 2, 2, 2, 2]);
  });

  it('scores every test image once, with the final weights, by plain cross entropy', async () => {
    const run = join(folder, 'run');
    const options = tinyOptions(run, { labelSmoothing: 0.3 });
    const events = await eventsOf(options);
    const { tensors } = await readSafetensors(join(run, 'model.safetensors'));
    const weights = new Map([...tensors].map(([name, { data }]) => [name, data]));
    const program = await options.engine.compile(inferencePlan(options.graph, { batch: 1 }));
    for (const [name, data] of foldWeights(options.graph, weights)) await program.write(name, data);
    let [loss, wrong, count] = [0, 0, 0];
    for await (const batch of createLoader({ dataset: options.dataset, split: 'test', batch: 1, workers: 0 }).epoch(
      0,
    )) {
      const logits = [...(await program.run({ images: batch.images }, {}))['logits']!];
      const label = batch.targets.indexOf(1);
      loss += Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[label]!;
      wrong += logits.indexOf(Math.max(...logits)) === label ? 0 : 1;
      count++;
    }
    expect(count).toBe(14);
    const { test } = ofType(events, 'epoch').at(-1)!;
    expect(test!.loss).toBeCloseTo(loss / count, 5);
    expect(test!.error).toBeCloseTo((100 * wrong) / count, 10);
  });

  it('evaluates and checkpoints as often as asked, and always at the end', async () => {
    const options = tinyOptions(join(folder, 'run'), {
      epochs: 5,
      evaluation: { everyEpochs: 2 },
      checkpoint: { everyEpochs: 3, everySteps: 2 },
    });
    const events = await eventsOf(options);
    expect(ofType(events, 'epoch').map(({ test }) => test !== null)).toEqual([false, true, false, true, true]);
    // Steps 10 and 20 end epochs that are not due; step 15 ends one that is.
    expect(ofType(events, 'checkpoint').map(({ step }) => step)).toEqual([2, 4, 6, 8, 12, 14, 15, 16, 18, 22, 24, 25]);
  });

  it('keeps the last two checkpoints and nothing temporary', async () => {
    const run = join(folder, 'run');
    await eventsOf(tinyOptions(run, { epochs: 4 }));
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-00000015', 'step-00000020']);
    expect((await readdir(run)).sort()).toEqual(
      [
        'checkpoints',
        'config.json',
        'epochs.csv',
        'events.out.tfevents.0.rectio',
        'metrics.jsonl',
        'model.safetensors',
        'predictions.safetensors',
        'summary.json',
      ].sort(),
    );
  });

  it('ends with a summary that agrees with the last epoch and stands in the run’s folder', async () => {
    const run = join(folder, 'run');
    const events = await eventsOf(tinyOptions(run, { seed: 9 }));
    const { summary } = ofType(events, 'done')[0]!;
    const { train: trainScore, test } = ofType(events, 'epoch').at(-1)!;
    expect(summary).toMatchObject({ run, model: 'tiny', ratio: '1:1', epochs: 3, seed: 9, train: trainScore, test });
    expect(summary.imagesPerSecond).toBeGreaterThan(0);
    expect(summary.seconds).toBeGreaterThan(0);
    expect(JSON.parse(await readFile(join(run, 'summary.json'), 'utf8'))).toEqual(summary);
  });

  it('leaves its epochs as a table', async () => {
    const run = join(folder, 'run');
    const epochs = ofType(await eventsOf(tinyOptions(run, { evaluation: { everyEpochs: 2 } })), 'epoch');
    const [head, ...rows] = (await readFile(join(run, 'epochs.csv'), 'utf8')).trim().split('\n');
    expect(head).toMatch(/^epoch,step,train_loss,train_error,validation_loss,validation_error,test_loss,test_error,/);
    expect(rows.map((row) => row.split(',').slice(0, 8))).toEqual(
      epochs.map(({ epoch, step, train: { loss, error }, test }) =>
        [epoch + 1, step + 1, loss, error, '', '', test?.loss ?? '', test?.error ?? ''].map(String),
      ),
    );
  });

  it('keeps what it answered to every test image', async () => {
    const run = join(folder, 'run');
    const { summary } = ofType(await eventsOf(tinyOptions(run)), 'done')[0]!;
    const { labels, predicted, confidence } = await readPredictions(run);
    expect([...labels]).toEqual([...tinyDataset().test.labels]);
    const wrong = labels.filter((label, index) => label !== predicted[index]).length;
    expect((100 * wrong) / labels.length).toBe(summary.test.error);
    expect(confidence.every((value) => value >= 1 / 3 && value <= 1)).toBe(true);
  });

  it('says how well it fits the training images as they are', async () => {
    const run = join(folder, 'run');
    const options = tinyOptions(run);
    const { summary } = ofType(await eventsOf(options), 'done')[0]!;
    const { train: own } = options.dataset;
    const fits = await eventsOf({ ...tinyOptions(join(folder, 'other')), dataset: { ...options.dataset, test: own } });
    expect(summary.fit).toEqual(ofType(fits, 'done')[0]!.summary.test);
  });

  it('writes down every epoch and a step from time to time', async () => {
    const run = join(folder, 'run');
    const events = await eventsOf(tinyOptions(run));
    const logged = events.filter(
      ({ type, ...event }) => type === 'epoch' || (type === 'step' && 'step' in event && event.step % 2 === 0),
    );
    const lines = await readMetrics(run);
    expect(lines.map(({ time: _, ...event }) => event)).toEqual(logged);
    for (const { time } of lines) expect(Math.abs(Date.now() / 1000 - time)).toBeLessThan(60);
  });

  it('is the same to the last bit when it is repeated, and another with another seed', async () => {
    const model = async (run: string) => readFile(join(folder, run, 'model.safetensors'));
    await eventsOf(tinyOptions(join(folder, 'a')));
    await eventsOf(tinyOptions(join(folder, 'b')));
    await eventsOf(tinyOptions(join(folder, 'c'), { seed: 1 }));
    expect((await model('a')).equals(await model('b'))).toBe(true);
    expect((await model('a')).equals(await model('c'))).toBe(false);
  });

  it('judges the moving average where there is one', async () => {
    const run = join(folder, 'run');
    const options = tinyOptions(run, { averageDecay: 0.9 });
    await eventsOf(options);
    const newest = join(run, 'checkpoints', 'step-00000015');
    const final = await readSafetensors(join(run, 'model.safetensors'));
    const current = await readSafetensors(join(newest, 'model.safetensors'));
    const averages = await readSafetensors(join(newest, 'optimizer.safetensors'));
    for (const [name, { data }] of final.tensors) {
      expect(data).toEqual(averages.tensors.get(`average:${name}`)!.data);
    }
    expect(final.tensors.get('conv1.weight')!.data).not.toEqual(current.tensors.get('conv1.weight')!.data);
  });

  it('begins averages at the initial weights', async () => {
    const options = tinyOptions(join(folder, 'run'), {
      averageDecay: 0.999,
      epochs: 1,
      schedule: { learningRate: 1e-12 },
    });
    await eventsOf(options);
    const { tensors } = await readSafetensors(join(folder, 'run', 'model.safetensors'));
    expect(tensors.get('bn1.weight')!.data.every((value) => Math.abs(value - 1) < 1e-5)).toBe(true);
  });

  it('clips, mixes, and steps with AdamW where asked', async () => {
    const events = await eventsOf(
      tinyOptions(join(folder, 'run'), {
        optimizer: { kind: 'adamw' },
        schedule: { kind: 'cosine', learningRate: 0.01 },
        clipNorm: 0.5,
        transforms: { mixup: 0.2, cutout: 2 },
      }),
    );
    expect(ofType(events, 'done')).toHaveLength(1);
  });

  it('closes everything when the one who watches leaves early', async () => {
    const options = tinyOptions(join(folder, 'run'));
    let open = 0;
    const engine = wrapped(options.engine, (program) => {
      open++;
      return { dispose: async () => (open--, program.dispose()) };
    });
    for await (const { type } of trainParts({ ...options, engine })) if (type === 'step') break;
    expect(open).toBe(0);
    expect(await readdir(join(folder, 'run'))).not.toContain('lock');
  });
});

describe('a training that cannot go on', () => {
  /** Makes the losses of one step NaN. */
  const broken = (engine: Engine, at: number): Engine =>
    wrapped(engine, (program) => ({
      run: async (inputs, scalars) => {
        const outputs = await program.run(inputs, scalars);
        return scalars.step === at ? { ...outputs, losses: outputs['losses']!.fill(NaN) } : outputs;
      },
    }));

  it('stops at a loss that is no number, with the step and the last good checkpoint', async () => {
    const options = tinyOptions(join(folder, 'run'));
    const error = await refusal({ ...options, engine: broken(options.engine, 7) });
    expect(error.code).toBe('training');
    expect(error.message).toContain('NaN at step 7');
    expect(error.message).toContain(join(folder, 'run', 'checkpoints', 'step-00000005'));
    expect(await readdir(join(folder, 'run', 'checkpoints'))).toEqual(['step-00000005']);
  });

  it('says where there is no checkpoint yet', async () => {
    const options = tinyOptions(join(folder, 'run'));
    expect((await refusal({ ...options, engine: broken(options.engine, 0) })).message).toContain('no checkpoint yet');
  });

  it('diverges for real with a rate that is far too high', async () => {
    const error = await refusal(
      tinyOptions(join(folder, 'run'), { epochs: 30, schedule: { kind: 'constant', learningRate: 1e30 } }),
    );
    expect(error).toMatchObject({ code: 'training', hint: expect.stringContaining('`schedule.learningRate`') });
  });

  it('writes no checkpoint with a weight that is no number', async () => {
    const options = tinyOptions(join(folder, 'run'));
    const engine = wrapped(options.engine, (program, mode) => ({
      read: async (name) => {
        const data = await program.read(name);
        return mode === 'training' && name === 'velocity:fc.bias' ? data.fill(Infinity) : data;
      },
    }));
    const error = await refusal({ ...options, engine });
    expect(error.message).toContain('velocity:fc.bias is no longer finite after step 4');
    expect(await readdir(join(folder, 'run', 'checkpoints'))).toEqual([]);
  });

  it('passes on what an engine throws in the middle, and lets the run go', async () => {
    const options = tinyOptions(join(folder, 'run'));
    const engine = wrapped(options.engine, (program) => ({
      run: (inputs, scalars) =>
        scalars.step === 3 ? Promise.reject(new Error('out of memory')) : program.run(inputs, scalars),
    }));
    await expect(eventsOf({ ...options, engine })).rejects.toThrow('out of memory');
    expect(await readdir(join(folder, 'run'))).not.toContain('lock');
  });

  it('tells what went wrong first, also if closing fails as well', async () => {
    const options = tinyOptions(join(folder, 'run'));
    const engine = wrapped(options.engine, (program) => ({
      run: (inputs, scalars) =>
        scalars.step === 3 ? Promise.reject(new Error('out of memory')) : program.run(inputs, scalars),
      dispose: () => Promise.reject(new Error('it sticks')),
    }));
    await expect(eventsOf({ ...options, engine })).rejects.toThrow('out of memory');
  });

  it('disposes of the one program where the other does not compile', async () => {
    const options = tinyOptions(join(folder, 'run'));
    let disposed = 0;
    const engine = wrapped(options.engine, (program, mode) => {
      if (mode !== 'training') throw new Error('not enough memory');
      return {
        dispose: async () => {
          disposed++;
          await program.dispose();
        },
      };
    });
    await expect(eventsOf({ ...options, engine })).rejects.toThrow('not enough memory');
    expect(disposed).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('closes the rest where one thing does not close', async () => {
    const options = tinyOptions(join(folder, 'run'), { epochs: 1 });
    const disposed: string[] = [];
    const engine = wrapped(options.engine, (program, mode) => ({
      dispose: async () => {
        disposed.push(mode);
        await program.dispose();
        if (mode === 'training') throw new Error('it sticks');
      },
    }));
    await expect(eventsOf({ ...options, engine })).rejects.toThrow('it sticks');
    expect(disposed).toEqual(['training', 'inference']);
    expect(await readdir(join(folder, 'run'))).not.toContain('lock');
  });

  it('makes no folder where the options cannot be', async () => {
    const options = tinyOptions(join(folder, 'run'));
    const error = await refusal({ ...options, dataset: tinyDataset(4) });
    expect(error.message).toContain('4 images');
    const engine = { ...options.engine, compile: () => Promise.reject(new RectioError('engine', 'No.', 'Never.')) };
    expect((await refusal({ ...options, engine })).message).toBe('No.');
    expect(await readdir(folder)).toEqual([]);
  });

  it('never writes over another run', async () => {
    const run = join(folder, 'run');
    await eventsOf(tinyOptions(run, { epochs: 1 }));
    const error = await refusal(tinyOptions(run, { epochs: 1 }));
    expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('`resume`') });
  });
});

describe('a training that is asked to stop', () => {
  async function stopAt(options: TrainingParts, at: number): Promise<{ events: TrainEvent[]; error: RectioError }> {
    const controller = new AbortController();
    const events: TrainEvent[] = [];
    try {
      for await (const event of trainParts({ ...options, signal: controller.signal })) {
        events.push(event);
        if (event.type === 'step' && event.step === at) controller.abort();
      }
    } catch (error) {
      expect(error).toBeInstanceOf(RectioError);
      return { events, error: error as RectioError };
    }
    throw new Error('It did not stop.');
  }

  it('finishes the steps in flight, writes a checkpoint and says how to go on', async () => {
    const run = join(folder, 'run');
    const { events, error } = await stopAt(tinyOptions(run), 6);
    expect(error).toMatchObject({ code: 'interrupted', hint: `Go on with: \`resume: ${run}\`` });
    const last = events.at(-1)!;
    expect(last).toMatchObject({ type: 'checkpoint' });
    // Asked after step 6, when 7 was under way and 8 could not be known yet to be too much.
    expect(error.message).toContain('after 9 of 15 steps');
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-00000005', 'step-00000009']);
    expect(await readdir(run)).not.toContain('lock');
  });

  it('does not even begin where the wish came first', async () => {
    const error = await refusal({ ...tinyOptions(join(folder, 'run')), signal: AbortSignal.abort() });
    expect(error.code).toBe('interrupted');
  });

  it('stops within an evaluation, and makes up for it afterwards', async () => {
    const run = join(folder, 'run');
    const { error } = await stopAt(tinyOptions(run), 4);
    expect(error.message).toContain('after 5 of 15 steps');
    expect((await readMetrics(run)).filter(({ type }) => type === 'epoch')).toEqual([]);
    const events = await eventsOf({ ...tinyOptions(run), resume: true });
    expect(ofType(events, 'epoch').map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(ofType(events, 'step').map(({ step }) => step)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  it('ends with the same bits and the same log as one that was left alone, wherever it stops', async () => {
    const plain = (lines: Awaited<ReturnType<typeof readMetrics>>) =>
      lines.map((line) => ({ ...line, time: 0, imagesPerSecond: 0, seconds: 0 }));
    const settings = { averageDecay: 0.9, transforms: { mixup: 0.4 } };
    await eventsOf(tinyOptions(join(folder, 'whole'), settings));
    const expected = await readFile(join(folder, 'whole', 'model.safetensors'));
    for (const at of [0, 3, 5, 11, 13]) {
      const run = join(folder, `run-${at}`);
      await stopAt(tinyOptions(run, settings), at);
      await eventsOf({ ...tinyOptions(run, settings), resume: true });
      expect((await readFile(join(run, 'model.safetensors'))).equals(expected)).toBe(true);
      expect(plain(await readMetrics(run))).toEqual(plain(await readMetrics(join(folder, 'whole'))));
      const optimizer = (path: string) => readFile(join(path, 'checkpoints', 'step-00000015', 'optimizer.safetensors'));
      expect((await optimizer(run)).equals(await optimizer(join(folder, 'whole')))).toBe(true);
    }
  });
});

describe('going on with a run', () => {
  async function stopped(run: string): Promise<void> {
    for await (const { type } of trainParts(tinyOptions(run))) if (type === 'checkpoint') break;
  }

  it('tells where it goes on', async () => {
    const run = join(folder, 'run');
    await stopped(run);
    const [start] = await eventsOf({ ...tinyOptions(run), resume: true });
    expect(start).toMatchObject({ type: 'start', run, step: 5 });
  });

  it('from before its first checkpoint begins again', async () => {
    const run = join(folder, 'run');
    for await (const { type } of trainParts(tinyOptions(run))) if (type === 'step') break;
    const events = await eventsOf({ ...tinyOptions(run), resume: true });
    expect(ofType(events, 'step')).toHaveLength(15);
    expect(await readMetrics(run)).toHaveLength(8 + 3);
  });

  it('goes on from the checkpoint before, with a note, if the newest one is damaged', async () => {
    const run = join(folder, 'cut');
    for await (const { type } of trainParts(tinyOptions(run))) if (type === 'done') break;
    await rm(join(run, 'summary.json'));
    const newest = (await listCheckpoints(run)).at(-1)!;
    await writeFile(join(newest.path, 'model.safetensors'), 'cut');
    const events = await eventsOf({ ...tinyOptions(run), resume: true });
    expect(events[0]).toMatchObject({
      type: 'start',
      notes: [expect.stringContaining('The run resumes from the checkpoint before it')],
    });
    const whole = await eventsOf(tinyOptions(join(folder, 'uncut')));
    expect(events.at(-1)).toMatchObject({ type: 'done', weights: (whole.at(-1) as { weights: unknown }).weights });
  });

  it('that is done gives its summary again', async () => {
    const run = join(folder, 'run');
    const first = await eventsOf(tinyOptions(run));
    const again = await eventsOf({ ...tinyOptions(run), resume: true });
    expect(again.map(({ type }) => type)).toEqual(['start', 'done']);
    expect(again.at(-1)).toEqual(first.at(-1));
  });

  it('clears away what a crash left', async () => {
    const run = join(folder, 'run');
    await stopped(run);
    await writeFile(join(run, 'config.json.tmp'), '{');
    await writeFile(join(run, 'checkpoints', 'step-00000010.tmp'), 'half');
    await eventsOf({ ...tinyOptions(run), resume: true });
    expect((await readdir(run)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect((await readdir(join(run, 'checkpoints'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('refuses other data, another network, other settings and another engine, each by its name', async () => {
    const run = join(folder, 'run');
    await stopped(run);
    const options = { ...tinyOptions(run), resume: true };
    const cases: [Partial<TrainingParts>, string][] = [
      [{ dataset: tinyDataset(40, 14, 2) }, 'other data'],
      [{ graph: tinyGraph('tiny', 5) }, 'another network'],
      [{ config: tinyOptions(run, { epochs: 4 }).config }, 'another epochs'],
      [{ config: tinyOptions(run, { schedule: { learningRate: 1 } }).config }, 'another schedule.learningRate'],
      [{ engine: { ...options.engine, name: 'other' } }, 'engine reference, not other'],
    ];
    for (const [change, words] of cases) {
      const error = await refusal({ ...options, ...change });
      expect(error.code).toBe('checkpoint');
      expect(error.message).toContain(words);
      expect(error.message).toContain(run);
    }
  });

  it('does not mind where the data lie and how many threads prepare them', async () => {
    const run = join(folder, 'run');
    await stopped(run);
    const { config } = tinyOptions(run, { data: { dir: '/elsewhere' } });
    expect(ofType(await eventsOf({ ...tinyOptions(run), config, resume: true }), 'done')).toHaveLength(1);
  });

  it('hands the stored tuning to the engine, and measures anew on another device', async () => {
    const run = join(folder, 'run');
    const seen: unknown[] = [];
    const tuned = (device: string): Engine => {
      const { engine } = tinyOptions(run);
      return {
        ...engine,
        device,
        compile: async (plan, options) => {
          seen.push(options?.tuning);
          return { ...(await engine.compile(plan)), tuning: { [plan.mode]: device } };
        },
      };
    };
    for await (const { type } of trainParts({ ...tinyOptions(run), engine: tuned('A') }))
      if (type === 'checkpoint') break;
    for await (const event of trainParts({ ...tinyOptions(run), engine: tuned('A'), resume: true })) {
      expect(event).toMatchObject({ type: 'start', notes: [] });
      break;
    }
    for await (const event of trainParts({ ...tinyOptions(run), engine: tuned('B'), resume: true })) {
      expect(event).toMatchObject({ notes: [expect.stringContaining('was on A and goes on on B')] });
      break;
    }
    await eventsOf({ ...tinyOptions(run), engine: tuned('B'), resume: true });
    const [none, a, b] = [undefined, 'A', 'B'].map((device) =>
      device === undefined ? [undefined, undefined] : [{ training: device }, { inference: device }],
    );
    expect(seen).toEqual([...none!, ...a!, ...none!, ...b!]);
  });

  it('refuses a folder that is no run, and checkpoints of other runs', async () => {
    const run = join(folder, 'run');
    expect((await refusal({ ...tinyOptions(folder), resume: true })).message).toContain('no config.json');
    await stopped(run);
    const weights = join(run, 'checkpoints', 'step-00000005', 'model.safetensors');
    const bytes = await readFile(weights);
    await writeFile(weights, bytes.subarray(0, 500));
    expect(await refusal({ ...tinyOptions(run), resume: true })).toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(weights),
    });
    await rm(weights);
    expect((await refusal({ ...tinyOptions(run), resume: true })).message).toContain('is not there');
    await writeFile(join(run, 'config.json'), '{"format":');
    expect((await refusal({ ...tinyOptions(run), resume: true })).message).toContain('not JSON');
  });
});
