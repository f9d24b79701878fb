import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { randomStream, type RandomStream } from '../base/random.js';
import { spoilBytes, spoilJson, spoilText } from '../testing/mutate.js';
import { dtypes } from './dtypes.js';
import { openSafetensors, safetensorsIn, type SafetensorsFile } from './safetensors.js';

const header = {
  __metadata__: { format: 'pt' },
  'layer1.0.conv1.weight': { dtype: 'F32', shape: [2, 1, 3], data_offsets: [0, 24] },
  'bn.weight': { dtype: 'F16', shape: [4], data_offsets: [24, 32] },
  'bn.bias': { dtype: 'BF16', shape: [4], data_offsets: [32, 40] },
  'bn.num_batches_tracked': { dtype: 'I64', shape: [], data_offsets: [40, 48] },
  empty: { dtype: 'F32', shape: [0, 5], data_offsets: [48, 48] },
  'fc.weight': { dtype: 'F64', shape: [1, 2], data_offsets: [48, 64] },
};
const data = Uint8Array.from({ length: 64 }, (_, index) => (index * 37) % 251);

function fileOf(text: string, behind: Uint8Array, announced?: bigint): Uint8Array {
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + behind.length);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(behind, 8 + json.length);
  return bytes;
}

const whole = fileOf(JSON.stringify(header), data);
const headerEnd = whole.length - data.length;
const lengths = [0n, 1n, 7n, 8n, 255n, 1n << 31n, 1n << 32n, 1n << 53n, (1n << 64n) - 1n, 100_000_001n];

/** One way after the other of spoiling the file. */
const ways: readonly ((stream: RandomStream) => Uint8Array)[] = [
  (stream) => spoilBytes(whole, stream),
  (stream) => spoilBytes(whole, stream, 8, headerEnd),
  (stream) => spoilBytes(whole, stream, 0, 8),
  (stream) => whole.slice(0, stream.below(whole.length)),
  (stream) => Buffer.concat([whole, whole.subarray(0, 1 + stream.below(whole.length))]),
  (stream) => fileOf(JSON.stringify(header), data, lengths[stream.below(lengths.length)]!),
  (stream) => fileOf(JSON.stringify(header), data, BigInt(headerEnd - 8 + stream.below(9) - 4)),
  (stream) => fileOf(spoilText(JSON.stringify(header), stream), data),
  (stream) => fileOf(JSON.stringify(spoilJson(header, stream)), data),
  (stream) => fileOf(JSON.stringify(spoilJson(header, stream)), data),
  (stream) => fileOf(JSON.stringify(spoilJson(spoilJson(header, stream), stream)), data),
  (stream) => fileOf(JSON.stringify(header).replace(/\d+(?=\]\})/, String(stream.below(100))), data),
];

const path = 'spoiled.safetensors';
const refuse = (what: string): never => {
  throw new RectioError('weights', `${path} ${what}.`, 'Get it again.');
};

function openBytes(bytes: Uint8Array): Promise<SafetensorsFile> {
  const readInto = async (into: Uint8Array, position: number) => {
    if (position + into.length > bytes.length) refuse('ends too early');
    into.set(bytes.subarray(position, position + into.length));
  };
  return safetensorsIn({ size: bytes.length, readInto, close: async () => {} }, refuse);
}

/** Reads all that there is. @returns whether it was accepted; throws where that was wrong, or the refusal is unclear */
async function tryFile(bytes: Uint8Array, opening: Promise<SafetensorsFile>): Promise<boolean> {
  try {
    const file = await opening;
    let covered = 0;
    for (const [name, { dtype, shape, begin, end }] of file.entries) {
      covered += end - begin;
      if (dtypes[dtype].toFloat32 === null) continue;
      const tensor = await file.read(name);
      if (tensor.data.length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${name} has other values`);
    }
    if (covered > bytes.length - 10) throw new Error('more was read than there is');
    return true;
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    // One sentence, without signs that a terminal would obey, and not longer than a person reads.
    const clear = /^\S+\.safetensors [a-z][^\p{Cc}]{5,400}\.$/u.test(error.message);
    if (!clear) throw new Error(`An unclear refusal: ${JSON.stringify(error.message)}`, { cause: error });
    return false;
  }
}

describe('spoiled safetensors files', () => {
  it('are read or refused in one sentence, 24,000 of them', async () => {
    const stream = randomStream(1709);
    const accepted = ways.map(() => 0);
    for (let round = 0; round < 2000; round++) {
      for (const [index, spoil] of ways.entries()) {
        const bytes = spoil(stream);
        const changed = Buffer.compare(bytes, whole) !== 0;
        if ((await tryFile(bytes, openBytes(bytes))) && changed) accepted[index]!++;
      }
    }
    const sum = accepted.reduce((a, b) => a + b);
    // Data may hold anything, and so may names.
    expect(sum).toBeGreaterThan(500);
    expect(sum).toBeLessThan(0.25 * 2000 * ways.length);
    // With another length of the header, cut off, or longer: none of these can be right.
    expect(accepted.slice(2, 6)).toEqual([0, 0, 0, 0]);
  });

  it('are treated alike where they lie on a disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rectio-spoiled-'));
    const stream = randomStream(6247);
    try {
      for (let round = 0; round < 10; round++) {
        for (const spoil of ways) {
          const bytes = spoil(stream);
          const file = join(folder, path);
          await writeFile(file, bytes);
          const opening = openSafetensors(file, 'weights');
          const accepted = await tryFile(bytes, opening);
          await opening.then((opened) => opened.close()).catch(() => undefined);
          expect(accepted).toBe(await tryFile(bytes, openBytes(bytes)));
        }
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
