import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../plan/index.js';
import { addonPath, loadAddon, type NativeAddon, type NativeHandle } from './native.js';
import { onednnStatus } from './status.js';

const SIZE = 2 ** 19;

/** Many slow calls: one run takes about half a second. */
const slow: Plan = {
  name: 'slow',
  mode: 'inference',
  batch: 1,
  tensors: ['x', 'y'].map((name, id) => ({ id, name, role: 'activation', dims: [SIZE], type: 'float32' })),
  calls: Array.from({ length: 200 }, (_, index) => ({
    kind: 'activation',
    node: `gelu${index}`,
    in: { x: 0 },
    out: { y: 1 },
    update: {},
    function: { name: 'gelu' },
  })),
  inputs: { x: 0 },
  outputs: { y: 1 },
  scalars: [],
};

const images = new Float32Array(SIZE).fill(1);

async function start(addon: NativeAddon): Promise<NativeHandle> {
  const { handle, sizes } = await addon.prepare(slow, 2, {}, {});
  await addon.place(handle, [0, sizes[0]!, ...slow.calls.map(() => 0)], sizes[0]! + sizes[1]!);
  return handle;
}

/** Convolutions, for which oneDNN primitives are built, measured and run. */
const convolving: Plan = {
  ...slow,
  name: 'convolving',
  tensors: [
    { id: 0, name: 'x', role: 'activation', dims: [16, 64, 32, 32], type: 'float32' },
    { id: 1, name: 'y', role: 'activation', dims: [16, 64, 32, 32], type: 'float32' },
    { id: 2, name: 'weight', role: 'parameter', dims: [64, 64, 3, 3], type: 'float32' },
  ],
  calls: Array.from({ length: 60 }, (_, index) => ({
    kind: 'convolution',
    node: `conv${index}`,
    in: { x: 0, weight: 2 },
    out: { y: 1 },
    update: {},
    window: { kernel: [3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 },
    relu: false,
  })),
};

/** A script that loads the addon, executes `first`, compiles the plan, starts a hundred runs, and executes `last`. */
const busy = (plan: Plan, first: string, last: string): string => `
  const addon = require(${JSON.stringify(addonPath)});
  const plan = ${JSON.stringify(plan)};
  ${first}
  addon.prepare(plan, 2, {}, {}).then(async ({ handle, sizes }) => {
    let total = 0;
    await addon.place(handle, sizes.map((size) => (total += size) - size), sizes.reduce((sum, size) => sum + size));
    const count = plan.tensors[0].dims.reduce((product, dim) => product * dim);
    for (let i = 0; i < 100; i++) addon.run(handle, [new Float32Array(count)], [0, 0, 0]);
    ${last}
  });`;

const { available, reason } = onednnStatus();

describe.runIf(available)('the addon', () => {
  const loaded = loadAddon();
  const addon = 'addon' in loaded ? loaded.addon : (undefined as never);

  it('refuses more memory than the machine has, and says how much was asked for', async () => {
    const large: Plan = {
      ...slow,
      tensors: slow.tensors.map((tensor) => ({ ...tensor, dims: [2 ** 36] })),
      calls: slow.calls.slice(0, 1),
    };
    const { handle, sizes } = await addon.prepare(large, 1, {}, {});
    const place = addon.place(handle, [0, sizes[0]!, 0], 2 * sizes[0]!);
    await expect(place).rejects.toThrow(`not enough memory for ${2 ** 19} MiB`);
    await expect(addon.run(handle, [images], [0, 0, 0])).rejects.toThrow('no memory yet');
    await addon.dispose(handle);
  });

  it('gives memory back: far more than the machine has goes through, one after the other', async () => {
    const { handle, sizes } = await addon.prepare(slow, 1, {}, {});
    const offsets = [0, sizes[0]!, ...slow.calls.map(() => 0)];
    for (let i = 0; i < 1000; i++) await addon.place(handle, offsets, 2 ** 28);
    await addon.dispose(handle);
  });

  it('refuses a number of threads that is out of range', async () => {
    for (const threads of [0, -1, 1.5, NaN, 5000]) {
      await expect((async () => addon.prepare(slow, threads, {}, {}))()).rejects.toThrow('in range');
    }
  });

  it('finishes what was asked for before a program is disposed of, and refuses what comes after', async () => {
    const handle = await start(addon);
    const before = addon.run(handle, [images], [0, 0, 0]);
    const disposed = addon.dispose(handle);
    const after = addon.run(handle, [images], [0, 0, 0]);
    await expect(after).rejects.toThrow('disposed');
    expect((await before)[0]![0]).toBeCloseTo(0.8413, 3);
    await disposed;
  });

  it('goes on for one thread where another that uses it is ended amid its work', { timeout: 60_000 }, async () => {
    const handle = await start(addon);
    const script = busy(slow, '', 'require("node:worker_threads").parentPort.postMessage("running");');
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    const queued = addon.run(handle, [images], [0, 0, 0]);
    const began = performance.now();
    await worker.terminate();
    const [values] = await queued;
    expect(values).toHaveLength(SIZE);
    // The worker had asked for a hundred runs; they were dropped, the current one between two calls.
    expect(performance.now() - began).toBeLessThan(20_000);
    await addon.dispose(handle);
  });

  it('lets a process end at any moment, with the exit code it wants', { timeout: 120_000 }, () => {
    for (const delay of [0, 5, 10, 20, 40, 60, 80, 120, 200, 300]) {
      const script = busy(convolving, `setTimeout(() => process.exit(7), ${delay});`, '');
      const { status, signal, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
      expect({ status, signal, stderr }).toEqual({ status: 7, signal: null, stderr: '' });
    }
  });

  it('survives the thread that loaded it first', { timeout: 60_000 }, () => {
    const worker = busy(slow, '', 'setTimeout(() => process.exit(), 20);');
    const main = `
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
      worker.once('exit', () => { ${busy(slow, '', 'setTimeout(() => process.exit(7), 20);')} });`;
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', main], { encoding: 'utf8' });
    expect({ status, signal, stderr }).toEqual({ status: 7, signal: null, stderr: '' });
  });
});

describe.runIf(!available)('without the addon', () => {
  it('survives what happens around it', ({ skip }) => {
    skip(`the onednn engine does not load here: ${reason}. \`npm run setup\` builds it`);
  });
});
