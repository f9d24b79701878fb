import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import { openSafetensors, readSafetensors, writeSafetensors, type StoredTensor } from './safetensors.js';
import { cpuTime } from '../testing/cpu-time.js';

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

  it.each([
    ['PK\u0003\u0004....', 'PyTorch file'],
    ['\u0080\u0002}q......', 'pickle'],
    ['version https://git-lfs', 'Git LFS pointer'],
    ['<!DOCTYPE html>', 'web page'],
  ])('are told from other files, such as %j', async (text, what) => {
    expect(await refusal(Uint8Array.from(Buffer.from(text, 'latin1')))).toContain(what);
  });

  it('are read also if the length of the header has the bytes of a pickle', async () => {
    // 0x280 bytes of header: the file begins with 80 02, as pickles do.
    const name = 'w'.repeat(0x280 - JSON.stringify({ '': { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }).length);
    const path = join(folder, 'pickle-like.safetensors');
    await writeSafetensors(path, new Map([[name, { shape: [1], data: Float32Array.of(3) }]]));
    expect([...(await readFile(path)).subarray(0, 2)]).toEqual([0x80, 0x02]);
    expect((await readSafetensors(path)).tensors.get(name)?.data).toEqual(Float32Array.of(3));
  });

  it('are refused where the header lies or leaves something open', async () => {
    expect(await refusal(new Uint8Array(5))).toContain('too short');
    expect(await refusal(bytesOf({}, 0, 1n << 60n))).toContain('more than the format');
    expect(await refusal(bytesOf({}, 0, 1000n))).toContain('announces a header of 1000 bytes');
    expect(await refusal(bytesOf('[]', 0))).toContain('does not begin with {');
    expect(await refusal(bytesOf('{"a":', 0))).toContain('not JSON');
    expect(await refusal(bytesOf({ a: 3 }, 0))).toContain('expected a record of tensor a');
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
    expect(await refusal(bytesOf({ a: entry([1], 0, 4) }, 5))).toContain('1 bytes after');
    expect(await refusal(bytesOf({ a: entry([1], 0, 4), __metadata__: { n: 1 } }, 4))).toContain('metadata');
  });

  it('with more metadata than any program writes are refused at once', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`key ${index}`, 'x']));
    const bytes = bytesOf({ a: entry([1], 0, 4), __metadata__: many }, 4);
    const before = cpuTime();
    expect(await refusal(bytes)).toContain('more than 10000 entries of metadata');
    expect(cpuTime() - before).toBeLessThan(1000);
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

  it('are refused before anything is allocated for what a header only repeats', async () => {
    const whole = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    expect(await refusal(bytesOf(`{"a":${whole},"a":${whole}}`, 4))).toContain('is not yet in');
    expect(await refusal(bytesOf(`{"a":${whole},"\\u0061":${whole}}`, 4))).toContain('is not yet in');
    expect(await refusal(bytesOf(`{"a":${whole.replace('{', '{"shape":[1],')}}`, 4))).toContain('is not yet in');
    expect(await refusal(bytesOf(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`, 4))).toContain('at byte 5');
    expect(
      await refusal(
        bytesOf(
          {
            a: entry(
              Array.from({ length: 65 }, () => 1),
              0,
              4,
            ),
          },
          4,
        ),
      ),
    ).toContain('more than 64');
    const many = Array.from({ length: 20_001 }, (_, index) => [`t${index}`, entry([0], 0, 0)] as const);
    expect(await refusal(bytesOf(Object.fromEntries(many), 0))).toContain('more than 20000 tensors');
  });

  it.each(['NaN', '-0', '4.0', '4e0', '04', 'null', '"4"', '9007199254740993', '1'.repeat(400)])(
    'are refused where an offset is %s',
    async (offset) => {
      expect(await refusal(bytesOf(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,${offset}]}}`, 4))).toMatch(
        /at byte \d+: expected|but shape/,
      );
    },
  );

  it('are refused where they hold something other than float32, as checkpoints never do', async () => {
    expect(await refusal(bytesOf({ a: { ...entry([1], 0, 2), dtype: 'F16' } }, 2))).toContain('as F16, not as F32');
    expect(await refusal(bytesOf({ a: { ...entry([1], 0, 4), dtype: 'F31' } }, 4))).toContain(
      'F31, which is not a supported type',
    );
  });

  it('have no say over the terminal that tells what is wrong with them', async () => {
    const message = await refusal(bytesOf({ ['\u001b[2J\u0007' + 'x'.repeat(1000)]: entry([2], 0, 4) }, 4));
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(400);
  });
});

describe('safetensors of others', () => {
  const path = () => join(folder, 'foreign.safetensors');

  async function written(tensors: {
    readonly [name: string]: readonly [dtype: string, shape: number[], data: ArrayBufferView];
  }) {
    let offset = 0;
    const header = Object.entries(tensors).map(([name, [dtype, shape, { byteLength }]]) => {
      offset += byteLength;
      return [name, { dtype, shape, data_offsets: [offset - byteLength, offset] }] as const;
    });
    const data = Object.values(tensors).map(([, , { buffer, byteOffset, byteLength }]) =>
      Buffer.from(buffer, byteOffset, byteLength),
    );
    await writeFile(path(), Buffer.concat([bytesOf(Object.fromEntries(header), 0), ...data]));
    return openSafetensors(path(), 'weights');
  }

  it('become float32 whatever type of float they are, value by value', async () => {
    // Zero, the least and the largest subnormal, the least normal, 1/3, 1, -2, the largest, both infinities, NaN.
    const halves = Uint16Array.of(0, 0x8000, 1, 0x3ff, 0x400, 0x3555, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
    const file = await written({
      half: ['F16', [3, 4], halves],
      brain: ['BF16', [6], Uint16Array.of(0x3f80, 0xc000, 0x0001, 0x7f7f, 0x7f80, 0x8000)],
      double: ['F64', [3], Float64Array.of(1 / 3, -1e300, 2 ** -149)],
      single: ['F32', [2], Float32Array.of(0.1, -3)],
    });
    const half = await file.read('half');
    expect(half.shape).toEqual([3, 4]);
    expect([...half.data]).toEqual([
      ...[0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 0.333251953125, 1, -2, 65504, Infinity, -Infinity, NaN],
    ]);
    const brain = [1, -2, 2 ** -133, (2 - 2 ** -7) * 2 ** 127, Infinity, -0];
    expect([...(await file.read('brain')).data]).toEqual(brain);
    expect([...(await file.read('double')).data]).toEqual([Math.fround(1 / 3), -Infinity, 2 ** -149]);
    expect([...(await file.read('single')).data]).toEqual([Math.fround(0.1), -3]);
    await file.close();
  });

  it('are converted across the pieces that they are read in', async () => {
    const values = Uint16Array.from({ length: 1_300_000 }, (_, index) => (index * 7) % 0x7c00);
    const file = await written({ pad: ['U8', [2], new Uint8Array(2)], x: ['BF16', [1000, 1300], values] });
    const { data } = await file.read('x');
    const bits = new Uint32Array(data.buffer);
    expect(bits.every((word, index) => word === values[index]! * 0x1_0000)).toBe(true);
    await file.close();
  });

  it('may hold counts and other integers, which are refused only where weights are asked for', async () => {
    const file = await written({
      'bn.num_batches_tracked': ['I64', [], BigInt64Array.of(7n)],
      weight: ['F32', [1], Float32Array.of(5)],
    });
    expect([...(await file.read('weight')).data]).toEqual([5]);
    await expect(file.read('bn.num_batches_tracked')).rejects.toMatchObject({
      code: 'weights',
      message: expect.stringContaining('bn.num_batches_tracked as I64, but F32, F16, BF16 or F64 is needed'),
    });
    await file.close();
  });

  it('have names that mean nothing to JavaScript', async () => {
    const header = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"__proto__":"x"}}';
    await writeFile(path(), bytesOf(header, 4));
    const file = await openSafetensors(path(), 'weights');
    expect([...file.entries.keys()]).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(file.metadata)).toBe(Object.prototype);
    expect((await file.read('__proto__')).data).toHaveLength(1);
    await file.close();
  });

  it('have a fingerprint, the SHA-256 of their bytes', async () => {
    const file = await written({ x: ['F32', [400_000], new Float32Array(400_000).fill(0.5)] });
    expect(await file.fingerprint()).toBe(
      createHash('sha256')
        .update(await readFile(path()))
        .digest('hex'),
    );
    await file.close();
  });

  it('are refused where there is no file to read', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [where, what] of [
      [join(folder, 'absent'), 'is not there'],
      [folder, 'is no file'],
      [pipe, 'is no file'],
    ] as const) {
      const opening = openSafetensors(where, 'weights');
      await expect(opening).rejects.toMatchObject({ code: 'weights', message: `${where} ${what}.` });
    }
  });

  it('are refused where they become shorter while they are read', async () => {
    const file = await written({ x: ['F16', [100], new Uint16Array(100)] });
    await writeFile(path(), new Uint8Array(100));
    await expect(file.read('x')).rejects.toMatchObject({
      code: 'weights',
      message: expect.stringContaining('shorter'),
    });
    await file.close();
  });
});
