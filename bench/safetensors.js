#!/usr/bin/env node
/**
 * Compares the time of loading a safetensors file with that of reading its bytes.
 *
 *     npm run setup && node bench/safetensors.js [ROUNDS]
 *
 * The file holds the weights of resnet50 (102 MB, 267 tensors). After the first round it is in the system's cache, so
 * the comparison does not depend on the disk. The methods take turns, A B A B …, each with fresh memory, and the
 * medians count:
 *
 *     A        only the bytes: one read of the whole file (fs.readFile)
 *     B        loading: the header with all its checks, and every tensor as float32
 *     SHA-256  the file's fingerprint, which a run records
 */

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { median } from '../dist/base/median.js';
import { graphParameters, initializeWeights } from '../dist/graph/index.js';
import { openSafetensors, writeSafetensors } from '../dist/formats/index.js';
import { createModel } from '../dist/zoo/index.js';

const rounds = Number(process.argv[2] ?? 15);
const folder = await mkdtemp(join(tmpdir(), 'rectio-bench-'));
const path = join(folder, 'resnet50.safetensors');
// Collects one method's garbage, so that this does not count towards the next method's time.
setFlagsFromString('--expose-gc');
const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'));

/** @type {readonly { name: string, run: () => Promise<unknown>, times: number[] }[]} */
const ways = [
  { name: 'A', run: () => readFile(path), times: [] },
  { name: 'B', run: load, times: [] },
  { name: 'SHA-256', run: fingerprint, times: [] },
];

try {
  await writeWeights();
  const { size } = await stat(path);
  console.log(`${(size / 1e6).toFixed(1)} MB, ${rounds} rounds, Node ${process.versions.node}; milliseconds`);
  for (let round = 0; round <= rounds; round++) {
    for (const { run, times } of ways) {
      collectGarbage();
      const begin = performance.now();
      await run();
      // The first round fills the system's cache.
      if (round > 0) times.push(performance.now() - begin);
    }
  }
  for (const { name, times } of ways) {
    const range = `${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)}`;
    console.log(`${name.padEnd(8)} median ${median(times).toFixed(1)} (${range})`);
  }
  const [whole, loading] = ways.map(({ times }) => median(times));
  console.log(`B / A  ${(Number(loading) / Number(whole)).toFixed(2)}`);
} finally {
  await rm(folder, { recursive: true });
}

async function writeWeights() {
  const graph = createModel('resnet50');
  const values = initializeWeights(graph, 0);
  /** @type {Map<string, import('../dist/formats/index.js').StoredTensor>} */
  const tensors = new Map();
  for (const { name, shape } of graphParameters(graph)) {
    tensors.set(name, { shape, data: values.get(name) ?? new Float32Array() });
  }
  await writeSafetensors(path, tensors, { format: 'pt' });
}

async function load() {
  const file = await openSafetensors(path, 'weights');
  const tensors = new Map();
  for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
  await file.close();
  return tensors;
}

async function fingerprint() {
  const file = await openSafetensors(path, 'weights');
  const hash = await file.fingerprint();
  await file.close();
  return hash;
}
