import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createLoader } from '../../data/index.js';
import { createReferenceEngine } from '../../engines/reference/index.js';
import { graphBuilder, type Graph } from '../../graph/index.js';
import { applyRatio } from '../../proportion/index.js';
import { readRunWeights } from '../../deploy/index.js';
import { readSummary } from '../../run/index.js';
import { tinyDataset, tinyGraph, tinyOptions, trainParts } from '../../train/testing/tiny.js';
import { ensembleFigure, measureEnsemble, writeEnsemble, type EnsembleOptions } from './index.js';
import { logitsOf, withMeasuredStatistics } from './forward.js';
import { drawMask, leakySites, maskedGraph } from './masks.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-ensemble-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A finished run of the network with leaky ReLUs at every site. */
async function trained(name: string, graph: Graph, leak?: number): Promise<string> {
  const run = join(folder, name);
  const { graph: rewritten, report } = applyRatio(graph, leak === undefined ? {} : { drop: ['*'], leak });
  const parts = { ...tinyOptions(run, { epochs: 1 }), graph: rewritten, proportion: report };
  for await (const _ of trainParts(parts)) void _;
  return run;
}

const measure = (run: string, options: EnsembleOptions = {}) =>
  measureEnsemble(run, { data: tinyDataset(), masks: 4, images: 16, ...options });

/** One hidden layer without a norm, and a linear readout. */
function shallow(): Graph {
  const net = graphBuilder('shallow', [2, 6, 6]);
  const x = net.relu('relu', net.convolution('conv', net.input, { outChannels: 4, kernel: 3, padding: 1 }));
  net.linear('fc', net.flatten('flatten', x), { outFeatures: 3 });
  return net.build();
}

describe('an ensemble of masks', () => {
  it('is the network itself at slope 0: every mask is all ReLUs', async () => {
    const run = await trained('slope0', tinyGraph(), 0);
    const same = { r2: 1, r2Fitted: expect.closeTo(1, 12) as number, agreement: 100 };
    const kept = await measure(run, { images: 0 });
    expect(kept.remeasured).toBeNull();
    for (const { ensemble } of kept.parts) expect(ensemble.at(-1)).toMatchObject({ ...same, error: kept.leaky.error });
    // With statistics measured anew it is the network with such statistics.
    const anew = await measure(run);
    for (const { single } of anew.parts) expect(single.r2).toEqual(range(anew.remeasured!.r2!));
  });

  it('differs from a single hidden layer only by how often the masks kept the ReLU', async () => {
    const slope = 0.4;
    const run = await trained('shallow', shallow(), slope);
    const { record, tensors } = await readRunWeights(run);
    const weights = new Map([...tensors].map(([name, { data }]) => [name, data]));
    const engine = createReferenceEngine();
    const loader = createLoader({ dataset: tinyDataset(), split: 'test', batch: 8, workers: 0 });
    const sites = leakySites(record.graph);
    const masked = (relu: boolean) => maskedGraph(record.graph, new Map([['relu', relu]]), { sites });
    const leaky = await logitsOf(engine, record.graph, weights, loader);
    const [relu, nothing] = [
      await logitsOf(engine, masked(true), weights, loader),
      await logitsOf(engine, masked(false), weights, loader),
    ];
    // The readout is linear, so the expectation over the masks is the leaky network.
    const largest = Math.max(...leaky.map(Math.abs));
    leaky.forEach((value, i) => {
      // Both sides are float32.
      expect(Math.abs((1 - slope) * relu[i]! + slope * nothing[i]! - value)).toBeLessThan(1e-6 * largest);
    });

    // With a share f of ReLUs, the mean is off by (f − (1 − slope))·(relu − nothing), image by image.
    const masks = 8;
    const f = Array.from({ length: masks }, (_, i) => drawMask(sites, 5, i).get('relu')).filter(Boolean).length / masks;
    const { parts } = await measure(run, { masks, seed: 5 });
    expect(parts.map(({ part }) => part)).toEqual(['all']);
    const square = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0);
    const means = [0, 1, 2].map((c) => average([...leaky].filter((_, i) => i % 3 === c)));
    const residual = (f - (1 - slope)) ** 2 * square([...relu].map((value, i) => value - nothing[i]!));
    const total = square([...leaky].map((value, i) => value - means[i % 3]!));
    expect(f).not.toBe(0.5);
    expect(parts[0]!.ensemble.at(-1)!.r2).toBeCloseTo(1 - residual / total, 6);
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const run = await trained('seeds', tinyGraph(), 0.5);
    const first = await measure(run, { seed: 1 });
    expect(await measure(run, { seed: 1 })).toEqual(first);
    expect((await measure(run, { seed: 2 })).parts).not.toEqual(first.parts);
    // More masks go on where fewer ended.
    const more = await measure(run, { seed: 1, masks: 5 });
    expect(more.parts[0]!.ensemble.slice(0, 3)).toEqual(first.parts[0]!.ensemble);
    expect(more.parts[0]!.ensemble.map(({ masks }) => masks)).toEqual([1, 2, 4, 5]);
  });

  it('says what it measured, and finds the error of the leaky network that the run has', async () => {
    const run = await trained('said', tinyGraph(), 0.3);
    const networks: number[] = [];
    const result = await measure(run, { images: 1000, onNetwork: (done, total) => void networks.push(done / total) });
    expect(result).toMatchObject({
      model: 'tiny',
      ratio: '1:1 without * leaking 0.3',
      masks: 4,
      images: 40,
      testImages: 14,
    });
    expect(result.sites).toEqual([
      { name: 'relu1', slope: 0.3 },
      { name: 'relu2', slope: 0.3 },
    ]);
    expect(result.leaky.error).toBeCloseTo((await readSummary(run))!.test.error, 10);
    expect(result.parts.map(({ part, sites }) => [part, sites])).toEqual([
      ['all', 2],
      ['first third', 1],
      ['last third', 1],
    ]);
    expect(networks).toHaveLength(14);
    expect(networks.at(-1)).toBe(1);
    expect((await measure(run, { testImages: 6 })).testImages).toBe(6);
  });

  it('is written beside the run or into another folder, with a figure', async () => {
    const run = await trained('written', tinyGraph(), 0.3);
    const result = await measure(run);
    const own = await writeEnsemble(result);
    expect(own).toEqual({ numbers: join(run, 'ensemble.json'), figure: join(run, 'ensemble.svg') });
    expect(JSON.parse(await readFile(own.numbers, 'utf8'))).toEqual(result);
    const figure = await readFile(own.figure, 'utf8');
    expect(figure).toBe(ensembleFigure(result));
    expect(figure).toMatch(/^<svg [^]*last third[^]*<\/svg>\n$/);
    expect(figure).not.toMatch(/NaN|undefined|Infinity/);
    // Colors that every renderer knows.
    expect(figure).toMatch(/<circle [^>]*fill="#[0-9a-f]{6}"/);
    expect(figure).not.toMatch(/style=|var\(/);
    const other = await writeEnsemble(result, join(folder, 'new', 'place'));
    expect(await readFile(other.figure, 'utf8')).toBe(figure);
  });

  it('refuses runs without leaky sites, other data, and numbers that make no sense', async () => {
    const plain = await trained('plain', tinyGraph());
    await expect(measure(plain)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('no leaky') });
    const run = await trained('refusing', tinyGraph(), 0.3);
    await expect(measure(run, { data: tinyDataset(41) })).rejects.toMatchObject({ code: 'checkpoint' });
    await expect(measure(run, { masks: 0 })).rejects.toMatchObject({ code: 'usage' });
    await expect(measure(run, { images: 1 })).rejects.toMatchObject({ code: 'usage' });
    await expect(measure(run, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('statistics measured anew', () => {
  it('are the mean over batches of what the norm sees', async () => {
    const net = graphBuilder('normed', [2, 6, 6]);
    net.linear('fc', net.flatten('flatten', net.batchNorm('bn', net.input)), { outFeatures: 3 });
    const weights = new Map([
      ['bn.weight', Float32Array.of(1, 1)],
      ['bn.bias', Float32Array.of(0, 0)],
      ['bn.running_mean', Float32Array.of(7, 7)],
      ['bn.running_var', Float32Array.of(7, 7)],
      ['fc.weight', new Float32Array(216)],
      ['fc.bias', new Float32Array(3)],
    ]);
    const loader = createLoader({ dataset: tinyDataset(), split: 'train', batch: 8, workers: 0 });
    const found = await withMeasuredStatistics(createReferenceEngine(), net.build(), weights, loader);
    const batches: { mean: number; variance: number }[] = [];
    for await (const { images } of loader.epoch(0)) {
      // The second channel's values in this batch.
      const values = [...images].filter((_, i) => Math.floor(i / 36) % 2 === 1);
      const mean = average(values);
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
      batches.push({ mean, variance });
    }
    expect(batches).toHaveLength(5);
    expect(found.get('bn.running_mean')![1]).toBeCloseTo(average(batches.map(({ mean }) => mean)), 5);
    expect(found.get('bn.running_var')![1]).toBeCloseTo(average(batches.map(({ variance }) => variance)), 5);
    expect(found.get('fc.weight')).toBe(weights.get('fc.weight'));
  });
});

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const range = (value: number) => ({
  mean: expect.closeTo(value, 12) as number,
  low: value,
  high: value,
});
