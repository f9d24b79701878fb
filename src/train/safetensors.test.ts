import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import { readSafetensors, writeSafetensors, type StoredTensor } from './safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

function bytesOf(header: unknown, data: number, length?: bigint): Uint8Array {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(new TextEncoder().encode(json), 8);
  return bytes;
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'broken.safetensors');
  await writeFile(path, bytes);
  const error = await readSafetensors(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RectioError);
  expect(error).toMatchObject({ code: 'checkpoint', message: expect.stringContaining(path) });
  return (error as RectioError).message;
}

const entry = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('come back as they were written, whatever their names and shapes', async () => {
    const stream = randomStream(5);
    for (let trial = 0; trial < 20; trial++) {
      const tensors = new Map<string, StoredTensor>();
      for (let i = 0; i < stream.below(6); i++) {
        const shape = Array.from({ length: stream.below(4) }, () => stream.below(5));
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, stream.normal);
        tensors.set(`${['layer.weight', 'ü “quoted”', '7', '__proto__', 'a b'][i % 5]}`, { shape, data });
      }
      const path = join(folder, `trial-${trial}.safetensors`);
      await writeSafetensors(path, tensors, { format: 'pt', trial: String(trial) });
      const read = await readSafetensors(path);
      expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
      expect(read.metadata).toEqual({ format: 'pt', trial: String(trial) });
    }
  });

  it('keep every bit of a value', async () => {
    const data = Float32Array.from([0, -0, 1e-45, 3.4028234663852886e38, Infinity, -Infinity, NaN, 1 / 3]);
    const path = join(folder, 'bits.safetensors');
    await writeSafetensors(path, new Map([['x', { shape: [8], data }]]));
    const read = (await readSafetensors(path)).tensors.get('x')!.data;
    expect(new Uint32Array(read.buffer)).toEqual(new Uint32Array(data.buffer));
  });

  it('are laid out as the format says, aligned to eight bytes', async () => {
    const path = join(folder, 'layout.safetensors');
    await writeSafetensors(path, new Map([['w', { shape: [2], data: Float32Array.of(1, -2) }]]));
    const header = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ';
    expect(header.length % 8).toBe(0);
    const prefix = [header.length, 0, 0, 0, 0, 0, 0, 0];
    const values = [0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0];
    expect([...(await readFile(path))]).toEqual([...prefix, ...new TextEncoder().encode(header), ...values]);
  });

  it('are refused where the header lies or leaves something open', async () => {
    expect(await refusal(new Uint8Array(5))).toContain('too short');
    expect(await refusal(bytesOf({}, 0, 1n << 60n))).toContain('more than the format');
    expect(await refusal(bytesOf({}, 0, 1000n))).toContain('announces a header of 1000 bytes');
    expect(await refusal(bytesOf('[]', 0))).toContain('does not begin with {');
    expect(await refusal(bytesOf('{"a":', 0))).toContain('not JSON');
    expect(await refusal(bytesOf({ a: 3 }, 0))).toContain('no record for tensor a');
    expect(await refusal(bytesOf({ a: { ...entry([1], 0, 2), dtype: 'F16' } }, 2))).toContain('F16');
    expect(await refusal(bytesOf({ a: entry([-1], 0, 4) }, 4))).toContain('shape');
    expect(await refusal(bytesOf({ a: entry([1.5], 0, 6) }, 6))).toContain('shape');
    expect(await refusal(bytesOf({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4))).toContain('offsets');
    expect(await refusal(bytesOf({ a: entry([2], 0, 4) }, 4))).toContain('needs 8');
    expect(await refusal(bytesOf({ a: entry([2 ** 40, 2 ** 40], 0, 4) }, 4))).toContain('needs');
    expect(await refusal(bytesOf({ a: entry([1], 0, 4), b: entry([1], 0, 4) }, 4))).toContain('overlapping');
    expect(await refusal(bytesOf({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12))).toContain('hole of 4 bytes');
    expect(await refusal(bytesOf({ a: entry([1], 4, 8) }, 8))).toContain('hole');
    expect(await refusal(bytesOf({ a: entry([4], 0, 16) }, 15))).toContain('cut off');
    expect(await refusal(bytesOf({ a: entry([1], 0, 4) }, 5))).toContain('1 bytes behind');
    expect(await refusal(bytesOf({ a: entry([1], 0, 4), __metadata__: { n: 1 } }, 4))).toContain('metadata');
  });

  it('are refused before anything is allocated for a size that is not there', async () => {
    const gigabytes = 2 ** 34;
    expect(await refusal(bytesOf({ a: entry([gigabytes / 4], 0, gigabytes) }, 0))).toContain('cut off');
  });

  it('are refused at every place where a file can be cut off', async () => {
    const path = join(folder, 'whole.safetensors');
    await writeSafetensors(path, new Map([['w', { shape: [3], data: Float32Array.of(1, 2, 3) }]]));
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) await refusal(whole.subarray(0, length));
  });

  it('leave nothing behind where they cannot be written', async () => {
    const path = join(folder, 'no-such-folder', 'x.safetensors');
    const tensors = new Map([['x', { shape: [1], data: Float32Array.of(1) }]]);
    await expect(writeSafetensors(path, tensors)).rejects.toMatchObject({ code: 'disk' });
    const left = (await readdir(folder)).filter((name) => name.endsWith('.tmp') || name === 'no-such-folder');
    expect(left).toEqual([]);
  });
});
