import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { evenlyOf, memoryDataset, type Dataset } from '../data/index.js';
import { graphBuilder, type Graph } from '../graph/index.js';
import { readRunRecord, readSummary } from '../run/index.js';
import { recordedConfig, resolveConfig } from '../config/index.js';
import { paintPets } from '../data/testing/photos.js';
import { train, type TrainEvent, type Training } from '../train/index.js';
import { openTraining, openTrainingData } from './open-training.js';
import { trainNetwork } from './train-network.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-open-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Bright and dark images of 4×4. */
function dataset(images = 24): Dataset {
  const split = { labels: Array.from({ length: images }, (_, index) => index % 2) };
  const pixels = (index: number) =>
    Array.from({ length: 16 }, (_, i) => 120 * (index % 2) + ((7 * index + 3 * i) % 60));
  const both = { ...split, images: pixels };
  return memoryDataset({ train: both, test: both, shape: [1, 4, 4], classes: ['dark', 'bright'] });
}

function network(classes = 2, channels = 1): Graph {
  const net = graphBuilder('little', [channels, 4, 4]);
  const conv = (name: string, from: string) =>
    net.relu(
      `${name}_relu`,
      net.batchNorm(`${name}_bn`, net.convolution(name, from, { outChannels: 4, kernel: 3, padding: 1, bias: false })),
    );
  const a = net.stem(() => conv('conv1', net.input));
  const b = net.block('block1', () => conv('conv2', a));
  const c = net.block('block2', () => conv('conv3', b));
  net.head(() => net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', c)), { outFeatures: classes }));
  return net.build();
}

const quick = {
  engine: 'reference',
  epochs: 2,
  batch: 8,
  evaluation: { batch: 8 },
  transforms: { padCrop: 0 },
} as const;

async function follow(training: Training): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(training)) events.push(event);
  return events;
}

describe('a training in one call', () => {
  it('trains a Graph on a Dataset and writes nothing', async () => {
    const types = new Set<string>();
    const trained = await trainNetwork(network(), {
      ...quick,
      data: dataset(),
      ratio: '2:1',
      onEvent: ({ type }) => types.add(type),
    });
    expect(trained).toMatchObject({ run: null, model: 'little', ratio: '2:1', epochs: 2 });
    expect(trained.test.error).toBeLessThan(20);
    expect(trained.weights.get('fc.weight')?.shape).toEqual([2, 4]);
    expect([...types]).toEqual(['start', 'step', 'epoch', 'done']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends with the same bits with a run folder and without', async () => {
    const settings = { ...quick, data: dataset(), evaluation: { batch: 8, validation: 0.25 } };
    const inMemory = await trainNetwork(network(), settings);
    const onDisk = await trainNetwork(network(), { ...settings, run: join(folder, 'kept') });
    expect(onDisk.weights).toEqual(inMemory.weights);
    expect(onDisk).toMatchObject({ test: inMemory.test, epoch: inMemory.epoch, validation: inMemory.validation });
    expect(await readSummary(join(folder, 'kept'))).toMatchObject({ test: inMemory.test });
  });
});

describe('what is trained is what is recorded', () => {
  it('refuses a training that openTraining did not make', async () => {
    const training = await openTraining({ ...quick, model: network(), data: dataset() });
    const copy = { ...training, graph: network(2) };
    await expect(follow(copy)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('openTraining'),
    });
  });

  it('records the network, the data and the settings that it opened', async () => {
    const data = dataset();
    const run = join(folder, 'recorded');
    const training = await openTraining({ ...quick, model: network(), data, ratio: '2:1', seed: 7, run });
    await follow(training);
    const record = await readRunRecord(run);
    expect(record.config).toEqual(training.config);
    expect(record.config).toMatchObject({
      seed: 7,
      ratio: { ratio: '2:1' },
      model: { name: 'memory' },
      data: { name: 'memory' },
    });
    expect(JSON.parse(JSON.stringify(record.graph))).toEqual(JSON.parse(JSON.stringify(training.graph)));
    expect(record.dataset.fingerprint).toBe(data.fingerprint);
  });

  it('does not open settings whose weights file is missing', async () => {
    const opening = openTraining({ model: 'vgg11', ratio: '2:1', weights: join(folder, 'none.safetensors') });
    await expect(opening).rejects.toMatchObject({ code: 'weights' });
  });
});

describe('shapes and classes are checked before a folder is made', () => {
  it.each([
    ['images', network(2, 3), '3×4×4'],
    ['classes', network(5), '5 classes'],
  ])('for other %s', async (_what, graph, words) => {
    const run = join(folder, 'never');
    const opening = openTraining({ ...quick, model: graph, data: dataset(), run });
    await expect(opening).rejects.toThrow(words);
    await expect(readFile(join(run, 'config.json'))).rejects.toThrow('ENOENT');
  });
});

describe('a run with data from memory', () => {
  it('says how to give the data’s new folder if they are not where they were', async () => {
    const run = join(folder, 'moved');
    await follow(await openTraining({ ...quick, model: network(), data: dataset(), run }));
    const file = join(run, 'config.json');
    const record = JSON.parse(await readFile(file, 'utf8')) as { config: { data: object } };
    const data = { ...record.config.data, name: 'folder', dir: join(folder, 'was-here'), size: 4 };
    await writeFile(file, JSON.stringify({ ...record, config: { ...record.config, data } }));
    await expect(openTraining({ resume: run })).rejects.toMatchObject({
      hint: expect.stringContaining('give their folder as `data.dir`'),
    });
  });

  it('goes on with the same dataset, and with no other', async () => {
    const run = join(folder, 'stopped');
    const settings = { ...quick, model: network(), data: dataset(), run };
    for await (const { type } of train(await openTraining(settings))) if (type === 'checkpoint') break;
    await expect(openTraining({ resume: run })).rejects.toThrow('from memory');
    const other = await openTraining({ resume: run, data: dataset(16) });
    await expect(follow(other)).rejects.toThrow('begun on other data');
    const events = await follow(await openTraining({ resume: run, data: dataset() }));
    const whole = await trainNetwork(network(), { ...quick, data: dataset() });
    expect(events.at(-1)).toMatchObject({ type: 'done', summary: { test: whole.test }, weights: whole.weights });
  });
});

describe('a folder of images', () => {
  it('has the size that the network is for, unless a size is given or an earlier version began', async () => {
    const dir = join(folder, 'pets');
    await paintPets(dir);
    const cache = process.env['XDG_CACHE_HOME'];
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    try {
      const shortSides = async (model: string, data: object = {}) => {
        const config = resolveConfig({ model, data: { name: 'folder', dir, ...data } });
        const { shape, contents } = await openTrainingData(config);
        return [shape[1], contents?.shortSide, contents?.whole];
      };
      expect(await shortSides('resnet18')).toEqual([224, 256, true]);
      expect(await shortSides('resnet20')).toEqual([32, 32, false]);
      expect(await shortSides('resnet20', { size: 96, cropPercent: 1 })).toEqual([96, 96, true]);
      const { data, transforms, ...rest } = resolveConfig({ model: 'resnet18', data: { name: 'folder', dir } });
      const { cropPercent: _percent, ...oldData } = data;
      const { cropScale: _scale, ...oldTransforms } = transforms;
      const old = await openTrainingData(recordedConfig({ ...rest, data: oldData, transforms: oldTransforms }));
      expect([old.shape[1], old.contents?.shortSide, old.train.extents]).toEqual([32, 32, undefined]);
    } finally {
      if (cache === undefined) delete process.env['XDG_CACHE_HOME'];
      else process.env['XDG_CACHE_HOME'] = cache;
    }
  });
});

describe('a training without a folder', () => {
  it('stops when it is asked to, and says that nothing was written', async () => {
    const stopping = new AbortController();
    const training = await openTraining({ ...quick, model: network(), data: dataset(), signal: stopping.signal });
    const stopped = (async () => {
      for await (const { type } of train(training)) if (type === 'step') stopping.abort();
    })();
    await expect(stopped).rejects.toMatchObject({
      code: 'interrupted',
      message: expect.stringContaining('nothing was written'),
    });
  });
});

describe('a batch norm that would see one value per channel', () => {
  const oneByOne = (): Graph => {
    const net = graphBuilder('deep', [1, 4, 4]);
    const a = net.convolution('conv', net.input, { outChannels: 4, kernel: 4, bias: false });
    net.linear('fc', net.flatten('flat', net.relu('relu', net.batchNorm('bn', a))), { outFeatures: 2 });
    return net.build();
  };

  it('is refused by its name, and trains with a batch of two', async () => {
    const settings = { ...quick, epochs: 1, model: oneByOne(), data: dataset() };
    await expect(openTraining({ ...settings, batch: 1 })).rejects.toThrow('the batch norm bn sees a single value');
    expect((await follow(await openTraining({ ...settings, batch: 2 }))).at(-1)?.type).toBe('done');
  });
});

describe('the fit', () => {
  it('is measured on images from the whole training split, also if it is sorted by class', () => {
    const { train: split } = dataset(24);
    const sorted = { ...split, labels: split.labels.toSorted() };
    expect([...evenlyOf(sorted, 6).labels]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(evenlyOf(sorted, 100).count).toBe(24);
  });
});

describe('a run that is to have more epochs', () => {
  const rate = { kind: 'constant', learningRate: 0.05 } as const;

  it('goes on at a constant rate to the very weights of a longer run', async () => {
    const [long, short] = [join(folder, 'long'), join(folder, 'short')];
    const settings = { ...quick, model: network(), data: dataset(), schedule: rate };
    const straight = (await follow(await openTraining({ ...settings, epochs: 4, run: long }))).at(-1);
    await follow(await openTraining({ ...settings, epochs: 2, run: short }));
    const extended = await openTraining({ resume: short, data: dataset(), epochs: 4, engine: 'reference' });
    const end = (await follow(extended)).at(-1);
    if (straight?.type !== 'done' || end?.type !== 'done') throw new Error('A training did not end.');
    expect(end.weights).toEqual(straight.weights);
    expect(await readSummary(short)).toMatchObject({ epochs: 4, epoch: 3, test: straight.summary.test });
    expect((await readRunRecord(short)).config.epochs).toBe(4);
    // Now it is done, and a resumed one tells the same.
    const again = await openTraining({ resume: short, data: dataset(), engine: 'reference' });
    expect((await follow(again)).at(-1)).toMatchObject({ type: 'done', summary: { epochs: 4 } });
  });

  it('is refused if its rates were laid out for its end, with the way that there is', async () => {
    const run = join(folder, 'cycle');
    await follow(await openTraining({ ...quick, model: network(), data: dataset(), run }));
    const more = openTraining({ resume: run, data: dataset(), epochs: 4, engine: 'reference' });
    await expect(more).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('its rates (oneCycle) were laid out for 2'),
      hint: expect.stringContaining(`\`weights.file: ${join(run, 'model.safetensors')}\``),
    });
    const fewer = openTraining({ resume: run, data: dataset(), epochs: 1, engine: 'reference' });
    await expect(fewer).rejects.toMatchObject({ message: expect.stringContaining('cannot end after 1') });
    expect(await readSummary(run)).toMatchObject({ epochs: 2 });
  });
});

describe('a training on few images', () => {
  it('says which settings it took for them, and keeps them in its record', async () => {
    const run = join(folder, 'few');
    const { engine, transforms } = quick;
    const training = await openTraining({ engine, transforms, epochs: 1, model: network(), data: dataset(), run });
    const events = await follow(training);
    expect(training.config).toMatchObject({ batch: 16, clipNorm: 1 });
    expect(events[0]).toMatchObject({
      type: 'start',
      notes: [expect.stringContaining('24 training images are few'), expect.stringContaining('learning rate')],
    });
    expect((await readRunRecord(run)).config).toEqual(training.config);
    expect(await readSummary(run)).toMatchObject({
      warnings: expect.arrayContaining([expect.objectContaining({ kind: 'fewSteps' })]),
    });
  });
});
