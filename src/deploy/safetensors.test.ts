import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { graphBuilder } from '../graph/index.js';
import { applyRatio } from '../proportion/index.js';
import { tinyGraph, tinyOptions, trainParts } from '../train/testing/tiny.js';
import { exportSafetensors } from './index.js';
import { loadWeights } from '../prepare/weights.js';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.js';

const execute = promisify(execFile);

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-export-'));
  run = join(folder, 'run');
  for await (const _ of trainParts(tinyOptions(run, { epochs: 1, averageDecay: 0.9 }))) void _;
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of the run to spoil. */
async function copyOfRun(name: string): Promise<string> {
  const path = join(folder, name);
  await cp(run, path, { recursive: true });
  return path;
}

/** Spoils one key of a record. */
const replacing = (key: string, value: unknown) => (record: string) =>
  JSON.stringify({ ...JSON.parse(record), [key]: value });

describe('an export as safetensors', () => {
  it('holds the weights that the run was judged by, and says what it wrote', async () => {
    const output = join(folder, 'out.safetensors');
    const exported = await exportSafetensors(run, output);
    const judged = await readSafetensors(join(run, 'model.safetensors'));
    const written = await readSafetensors(output);
    expect(written).toEqual(judged);
    expect(written.metadata).toEqual({ format: 'pt', model: 'tiny', ratio: '1:1' });
    const values = [...judged.tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(exported).toEqual({ run, output, model: 'tiny', ratio: '1:1', tensors: 12, values });
    // Averages, not the last step's weights.
    const [checkpoint] = await readdir(join(run, 'checkpoints'));
    const last = await readSafetensors(join(run, 'checkpoints', checkpoint!, 'model.safetensors'));
    expect(written.tensors.get('fc.weight')).not.toEqual(last.tensors.get('fc.weight'));
  });

  it('gives the same bytes every time, and a training that begins with it has every value', async () => {
    const [a, b] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')];
    await exportSafetensors(run, a);
    await exportSafetensors(run, b);
    expect((await readFile(a)).equals(await readFile(b))).toBe(true);
    const publication = {
      entryOf: ({ name, shape }: { name: string; shape: readonly number[] }) => ({ name, shape }),
      leavesOut: () => false,
    };
    const { report } = await loadWeights(a, tinyGraph(), { publication, partial: false });
    expect(report).toMatchObject({ loaded: 12, newHead: false });
  });

  it('gives entries the names and shapes of their publication', async () => {
    const net = graphBuilder('convnext_tiny', [2, 6, 6]);
    const x = net.scale(
      'features.1.0.layer_scale',
      net.convolution('features.0.0', net.input, { outChannels: 3, kernel: 3 }),
    );
    net.linear('classifier.2', net.flatten('flatten', net.globalAveragePool('avgpool', net.gelu('gelu', x))), {
      outFeatures: 3,
    });
    const { graph, report } = applyRatio(net.build());
    const own = join(folder, 'renamed');
    for await (const _ of trainParts({ ...tinyOptions(own, { epochs: 1 }), graph, proportion: report })) void _;
    await exportSafetensors(own, join(folder, 'renamed.safetensors'));
    const judged = (await readSafetensors(join(own, 'model.safetensors'))).tensors;
    const { tensors } = await readSafetensors(join(folder, 'renamed.safetensors'));
    expect([...tensors.keys()]).not.toContain('features.1.0.layer_scale.weight');
    const { data } = judged.get('features.1.0.layer_scale.weight')!;
    expect(tensors.get('features.1.0.layer_scale')).toEqual({ shape: [3, 1, 1], data });
    expect(tensors.size).toBe(judged.size);
  });

  it('is refused for a folder that is no run, and for a run that is not finished', async () => {
    const output = join(folder, 'refused.safetensors');
    const empty = join(folder, 'empty');
    await mkdir(empty);
    for (const nothing of [empty, join(folder, 'absent')]) {
      await expect(exportSafetensors(nothing, output)).rejects.toMatchObject({
        code: 'checkpoint',
        message: `${nothing} is no run: there is no config.json in it.`,
      });
    }
    const unfinished = await copyOfRun('unfinished');
    await rm(join(unfinished, 'model.safetensors'));
    await expect(exportSafetensors(unfinished, output)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(`The run ${unfinished} is not finished`),
      hint: `Finish it with: \`resume: ${unfinished}\``,
    });
    expect(await readdir(folder)).not.toContain('refused.safetensors');
  });

  it.each([
    ['null', 'config.json: it is not a record', () => 'null'],
    ['a network of null', 'config.json: graph is not a record', replacing('graph', null)],
    ['a network without nodes', 'config.json: Network x', replacing('graph', { name: 'x', nodes: [] })],
    [
      'settings of another kind',
      'config.json: The setting epochs cannot be "many"',
      replacing('config', { epochs: 'many' }),
    ],
    ['half a text', 'config.json is not JSON', (record: string) => record.slice(0, 100)],
  ])('is refused for a run whose record was spoiled: %s', async (_what, what, spoil) => {
    const spoiled = await copyOfRun('spoiled-record');
    const path = join(spoiled, 'config.json');
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    await expect(exportSafetensors(spoiled, join(folder, 'x'))).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(what),
    });
  });

  it('is refused for a run whose weights are not those of its network', async () => {
    const path = join(await copyOfRun('spoiled-weights'), 'model.safetensors');
    const { tensors } = await readSafetensors(path);
    const without = new Map(tensors);
    without.delete('fc.bias');
    const changed = new Map(tensors).set('fc.bias', { shape: [4], data: new Float32Array(4) });
    const longer = new Map(tensors).set('fc2.bias', { shape: [4], data: new Float32Array(4) });
    for (const [spoiled, what] of [
      [without, 'has no fc.bias'],
      [changed, 'has fc.bias in shape [4], where'],
      [longer, 'has tensors that'],
    ] as const) {
      await writeSafetensors(path, spoiled);
      await expect(exportSafetensors(join(folder, 'spoiled-weights'), join(folder, 'x'))).rejects.toMatchObject({
        code: 'checkpoint',
        message: expect.stringContaining(what),
      });
    }
  });

  it('overwrites nothing, and makes no folders', async () => {
    const taken = join(folder, 'taken.safetensors');
    await writeFile(taken, 'mine');
    await expect(exportSafetensors(run, taken)).rejects.toMatchObject({
      code: 'usage',
      message: `${taken} is there already, and an export overwrites nothing.`,
    });
    expect(await readFile(taken, 'utf8')).toBe('mine');
    await expect(exportSafetensors(run, join(folder, 'no', 'x.safetensors'))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`There is no folder ${join(folder, 'no')}`),
    });
  });

  it('leaves nothing on a disk that is full', async ({ skip }) => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const mounted = await execute('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk]).then(
      () => true,
      () => false,
    );
    if (!mounted) skip('a small disk can only be mounted by root');
    try {
      await writeFile(join(disk, 'filler'), new Uint8Array(4096));
      await expect(exportSafetensors(run, join(disk, 'x.safetensors'))).rejects.toMatchObject({
        code: 'disk',
        message: `Cannot write ${join(disk, 'x.safetensors')}: the disk is full.`,
      });
      expect(await readdir(disk)).toEqual(['filler']);
    } finally {
      await execute('umount', [disk]);
    }
  });
});
