import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { elements, graphBuilder, graphParameters, type Graph } from '../graph/index.js';
import { testWeights } from '../testing/index.js';
import { tinyGraph, tinyOptions, trainParts } from '../train/testing/tiny.js';
import type { TrainConfigInput } from '../config/index.js';
import type { TrainEvent } from '../train/events.js';
import type { TrainingParts } from '../train/training.js';
import { readRunRecord } from '../run/run-folder.js';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../formats/safetensors.js';
import type { InitialWeights } from '../run/index.js';
import { loadWeights, type Publication } from './weights.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-weights-'));
  file = join(folder, 'weights.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const plain: Publication = {
  entryOf: ({ name, shape }) => ({ name, shape }),
  leavesOut: (entry) => entry.endsWith('.num_batches_tracked'),
};
const strict = { publication: plain, partial: false };
const partial = { publication: plain, partial: true };

/** What a file of the graph's weights holds. */
function tensorsOf(graph: Graph): Map<string, StoredTensor> {
  const values = testWeights(graph);
  return new Map(graphParameters(graph).map(({ name, shape }) => [name, { shape, data: values.get(name)! }]));
}

/** The tiny network with a classifier for other classes. */
function withClasses(outFeatures: number): Graph {
  const { nodes, ...rest } = tinyGraph();
  const classifier = { ...nodes.at(-1)!, op: { kind: 'linear', outFeatures, bias: true } } as const;
  return { ...rest, nodes: [...nodes.slice(0, -1), classifier] };
}

async function refusal(graph: Graph, options = strict): Promise<RectioError> {
  const error = await loadWeights(file, graph, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RectioError);
  expect(error).toMatchObject({ code: 'weights', message: expect.stringContaining(file) });
  return error as RectioError;
}

describe('weights of a file', () => {
  it('are taken by name, and nothing is left to say where all fit', async () => {
    const tensors = tensorsOf(tinyGraph());
    await writeSafetensors(file, tensors);
    const { values, report } = await loadWeights(file, tinyGraph(), strict);
    expect([...values]).toEqual([...tensors].map(([name, { data }]) => [name, data]));
    expect(report).toEqual({
      file,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      loaded: tensors.size,
      missing: [],
      unexpected: [],
      reshaped: [],
      newHead: false,
    });
  });

  it('give everything but the classifier where that is for other classes', async () => {
    await writeSafetensors(file, tensorsOf(withClasses(1000)));
    const { values, report } = await loadWeights(file, tinyGraph(), strict);
    expect([...values.keys()].filter((name) => name.startsWith('fc.'))).toEqual([]);
    expect(report).toMatchObject({
      loaded: 10,
      missing: [],
      reshaped: [
        { name: 'fc.weight', file: [1000, 4], network: [3, 4] },
        { name: 'fc.bias', file: [1000], network: [3] },
      ],
      newHead: true,
    });
  });

  it('give everything but the classifier where there is none, or only a part of one', async () => {
    const tensors = tensorsOf(tinyGraph());
    for (const name of ['fc.weight', 'fc.bias']) {
      tensors.delete(name);
      await writeSafetensors(file, tensors);
      const { values, report } = await loadWeights(file, tinyGraph(), strict);
      expect([...values.keys()].filter((loaded) => loaded.startsWith('fc.'))).toEqual([]);
      expect(report.newHead).toBe(true);
    }
  });

  it('have their classifier found behind what follows it, as in SqueezeNet', async () => {
    const squeezed = (classes: number) => {
      const net = graphBuilder('squeezed', [3, 4, 4]);
      const x = net.relu('relu', net.convolution('conv', net.input, { outChannels: 4, kernel: 3 }));
      const y = net.convolution('classifier.1', net.dropout('classifier.0', x), { outChannels: classes, kernel: 1 });
      net.flatten('flatten', net.globalAveragePool('pool', net.relu('classifier.2', y)));
      return net.build();
    };
    await writeSafetensors(file, tensorsOf(squeezed(10)));
    const { values, report } = await loadWeights(file, squeezed(5), strict);
    expect([...values.keys()]).toEqual(['conv.weight', 'conv.bias']);
    expect(report.newHead).toBe(true);
  });

  it('may come with entries that are left out on purpose', async () => {
    const counted = new Map(tensorsOf(tinyGraph())).set('bn1.num_batches_tracked', {
      shape: [],
      data: Float32Array.of(7),
    });
    await writeSafetensors(file, counted);
    expect((await loadWeights(file, tinyGraph(), strict)).report.unexpected).toEqual([]);
  });

  it('are looked for under the names and shapes of their publication', async () => {
    const publication: Publication = {
      entryOf: ({ name, shape }) => ({ name: `model.${name}`, shape: [1, ...shape] }),
      leavesOut: () => false,
    };
    const tensors = [...tensorsOf(tinyGraph())].map(([name, { shape, data }]) => {
      return [`model.${name}`, { shape: [1, ...shape], data }] as const;
    });
    await writeSafetensors(file, new Map(tensors));
    const { values } = await loadWeights(file, tinyGraph(), { publication, partial: false });
    expect(values.get('conv1.weight')).toEqual(new Map(tensors).get('model.conv1.weight')!.data);
  });

  it('are refused where they are of another network, saying what differs, and taken as far as they go on request', async () => {
    const tensors = tensorsOf(tinyGraph('tiny', 4));
    tensors.delete('bn2.running_mean');
    tensors.set('conv1.weight', tensorsOf(tinyGraph('tiny', 5)).get('conv1.weight')!);
    for (let i = 0; i < 9; i++) tensors.set(`layer9.${i}.weight`, { shape: [1], data: Float32Array.of(1) });
    await writeSafetensors(file, tensors);

    const { message, hint } = await refusal(tinyGraph());
    expect(message).toContain('1 missing in the file: bn2.running_mean;');
    expect(message).toContain('9 unknown to the network: layer9.0.weight, layer9.1.weight, layer9.2.weight, ');
    expect(message).toContain('and 5 more;');
    expect(message).toContain('1 of another shape: conv1.weight ([5, 2, 3, 3] in the file, [4, 2, 3, 3] in the');
    expect(hint).toContain('`weights.partial`');

    const { values, report } = await loadWeights(file, tinyGraph(), partial);
    expect([...values.keys()].sort()).toEqual(
      graphParameters(tinyGraph())
        .map(({ name }) => name)
        .filter((name) => name !== 'conv1.weight' && name !== 'bn2.running_mean')
        .sort(),
    );
    expect(report).toMatchObject({ loaded: 10, newHead: false, missing: ['bn2.running_mean'] });
    expect(report.unexpected).toHaveLength(9);
  });

  it('are refused where a deeper network of the same kind has all that is needed, and more', async () => {
    const more = { shape: [4, 4, 3, 3], data: new Float32Array(elements([4, 4, 3, 3])) };
    await writeSafetensors(file, tensorsOf(tinyGraph()).set('conv3.weight', more));
    expect((await refusal(tinyGraph())).message).toContain('1 unknown to the network: conv3.weight');
  });

  it.each(['module.', 'model.', '_orig_mod.', '_orig_mod.module.', 'net.model.'])(
    'may all begin with %s',
    async (prefix) => {
      const own = tensorsOf(tinyGraph());
      await writeSafetensors(file, new Map([...own].map(([name, tensor]) => [`${prefix}${name}`, tensor])));
      const { values, report } = await loadWeights(file, tinyGraph(), strict);
      expect(report).toMatchObject({ loaded: own.size, missing: [], unexpected: [], newHead: false });
      expect(values.get('conv1.weight')).toEqual(own.get('conv1.weight')!.data);
    },
  );

  it.each([strict, partial])('are refused where nothing fits', async (options) => {
    await writeSafetensors(file, new Map([['module.conv1.weight', { shape: [1], data: Float32Array.of(1) }]]));
    expect((await refusal(tinyGraph(), options)).message).toContain(`Nothing in ${file} fits tiny`);
  });

  it.each([NaN, Infinity])('are refused where they hold %d', async (value) => {
    const tensors = tensorsOf(tinyGraph());
    tensors.get('bn1.bias')!.data[2] = value;
    await writeSafetensors(file, tensors);
    expect((await refusal(tinyGraph())).message).toContain(`holds ${value} in bn1.bias`);
  });

  it.each([NaN])('may hold %d where nobody needs it', async (value) => {
    const tensors = tensorsOf(withClasses(7));
    tensors.get('fc.bias')!.data[2] = value;
    await writeSafetensors(file, tensors);
    expect((await loadWeights(file, tinyGraph(), strict)).report.newHead).toBe(true);
  });
});

describe('a training that begins with weights', () => {
  const settings = (more: TrainConfigInput = {}): TrainConfigInput => ({
    weights: { file },
    averageDecay: 0.9,
    ...more,
  });

  async function loaded(graph = tinyGraph()): Promise<InitialWeights> {
    await writeSafetensors(file, tensorsOf(graph));
    return loadWeights(file, tinyGraph(), strict);
  }

  /** Trains; after so many steps it is left alone, as a killed process leaves it. */
  async function trainFor(steps: number, options: TrainingParts): Promise<TrainEvent[]> {
    const events: TrainEvent[] = [];
    for await (const event of trainParts(options)) {
      events.push(event);
      const enough = steps === 0 ? event.type === 'start' : event.type === 'step' && event.step + 1 === steps;
      if (enough) break;
    }
    return events;
  }

  it('starts from them, says so, and has their fingerprint in its record and its summary', async () => {
    const run = join(folder, 'run');
    const initial = await loaded(withClasses(9));
    const events = await trainFor(Infinity, { ...tinyOptions(run, settings({ epochs: 1 })), initial });
    const notes = events.flatMap((event) => (event.type === 'start' ? event.notes : []));
    expect(notes[0]).toContain(`weights: 10 entries from ${file} (SHA-256 ${initial.report.sha256.slice(0, 12)}`);
    expect(notes[1]).toContain('2 of another shape: fc.weight ([9, 4] in the file, [3, 4] in the network)');
    expect(notes[2]).toContain('the classifier is new');
    expect((await readRunRecord(run)).weights).toEqual(initial.report);
    expect(events.at(-1)).toMatchObject({ type: 'done', summary: { weights: initial.report } });
  });

  it('has the very values before its first step, averages included, and draws what the file lacks', async () => {
    const [run, drawn] = [join(folder, 'run'), join(folder, 'drawn')];
    const initial = await loaded(withClasses(9));
    await trainFor(0, { ...tinyOptions(run, settings()), initial });
    await trainFor(0, { ...tinyOptions(drawn, settings()), initial: { ...initial, values: new Map() } });
    const first = async (begun: string, name: string) =>
      (await readSafetensors(join(begun, 'checkpoints', 'step-00000000', name))).tensors;
    const [model, fresh] = [await first(run, 'model.safetensors'), await first(drawn, 'model.safetensors')];
    for (const [name, { data }] of model) {
      expect(data).toEqual(name.startsWith('fc.') ? fresh.get(name)!.data : initial.values.get(name));
    }
    const averages = [...(await first(run, 'optimizer.safetensors'))].filter(([name]) => name.includes('average'));
    expect(averages.length).toBeGreaterThan(5);
    const values = [...model.values()].map(({ data }) => data.join());
    for (const [, { data }] of averages) expect(values).toContain(data.join());
  });

  it.each([0, 3, 8])('goes on to the same bits without their file after %i steps', async (steps) => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const initial = await loaded();
    await trainFor(Infinity, { ...tinyOptions(whole, settings()), initial });
    await trainFor(steps, { ...tinyOptions(killed, settings()), initial });
    await rm(file);
    await trainFor(Infinity, { ...tinyOptions(killed, settings()), resume: true });
    const [a, b] = await Promise.all([whole, killed].map((run) => readFile(join(run, 'model.safetensors'))));
    expect(a!.equals(b!)).toBe(true);
    expect((await readRunRecord(killed)).weights).toEqual(initial.report);
  });

  describe('frozen for the first epochs', () => {
    const frozen = (frozenEpochs: number) => settings({ weights: { file, frozenEpochs } });

    /** The names of the parameters that differ between two files of a run's checkpoints. */
    async function changed(run: string, from: number, to: number): Promise<string[]> {
      const [before, after] = await Promise.all(
        [from, to].map(async (step) => {
          const path = join(run, 'checkpoints', `step-${String(step).padStart(8, '0')}`, 'model.safetensors');
          return (await readSafetensors(path)).tensors;
        }),
      );
      return [...before!]
        .filter(([name, { data }]) => !isDeepStrictEqual(data, after!.get(name)!.data))
        .map(([name]) => name);
    }
    const learned = (names: readonly string[]) => names.filter((name) => !name.includes('running')).toSorted();

    it('trains the classifier alone, and all weights afterwards', async () => {
      const run = join(folder, 'run');
      const initial = await loaded(withClasses(9));
      await trainFor(6, { ...tinyOptions(run, frozen(1)), initial });
      expect(learned(await changed(run, 0, 5))).toEqual(['fc.bias', 'fc.weight']);
      await trainFor(Infinity, { ...tinyOptions(run, frozen(1)), resume: true });
      expect(learned(await changed(run, 10, 15))).toContain('conv1.weight');
    });

    it.each([0, 3, 5, 8])('goes on to the same bits after %i steps', async (steps) => {
      const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
      const initial = await loaded(withClasses(9));
      await trainFor(Infinity, { ...tinyOptions(whole, frozen(1)), initial });
      await trainFor(steps, { ...tinyOptions(killed, frozen(1)), initial });
      await trainFor(Infinity, { ...tinyOptions(killed, frozen(1)), resume: true });
      const [a, b] = await Promise.all([whole, killed].map((run) => readFile(join(run, 'model.safetensors'))));
      expect(a!.equals(b!)).toBe(true);
    });
  });

  it('cannot go on once the checkpoint that holds them is gone', async () => {
    const run = join(folder, 'run');
    await trainFor(3, { ...tinyOptions(run, settings()), initial: await loaded() });
    for (const name of await readdir(join(run, 'checkpoints'))) {
      await rm(join(run, 'checkpoints', name), { recursive: true });
    }
    await expect(trainFor(Infinity, { ...tinyOptions(run, settings()), resume: true })).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining('the checkpoint that held them is gone'),
    });
  });
});
