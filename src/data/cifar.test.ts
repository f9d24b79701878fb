import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { openDataset } from './open.js';
import { cifarRecords, failureOf, pixelsOf, tarFile, temporaryFolder } from './testing/fixtures.js';
import { cpuTime } from '../testing/cpu-time.js';

const TRAIN_NAMES = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`);

/** A small CIFAR-10: four images per training file, three test images. */
function cifar10Files(): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  TRAIN_NAMES.forEach((name, n) => (files[name] = cifarRecords([n, 9 - n, 3, 7], 1, n + 1)));
  files['test_batch.bin'] = cifarRecords([5, 0, 9], 1, 9);
  files['batches.meta.txt'] = Buffer.from('airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n');
  return files;
}

async function writeFiles(folder: string, files: Record<string, Buffer>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}

describe('CIFAR-10', () => {
  it('reads the same from its folder, the parent folder and the archive', async () => {
    const dir = await temporaryFolder();
    const files = cifar10Files();
    const folder = join(dir, 'here', 'cifar-10-batches-bin');
    await writeFiles(folder, files);
    const inArchive = Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]),
    );
    await mkdir(join(dir, 'packed'));
    const archive = join(dir, 'packed', 'cifar-10-binary.tar.gz');
    await writeFile(archive, gzipSync(tarFile({ ...inArchive, 'cifar-10-batches-bin/readme.html': Buffer.from('x') })));

    const direct = await openDataset('cifar10', { dir: folder });
    expect(direct.name).toBe('cifar10');
    expect(direct.shape).toEqual([3, 32, 32]);
    expect(direct.classes[3]).toBe('cat');
    expect([...direct.train.labels]).toEqual([0, 9, 3, 7, 1, 8, 3, 7, 2, 7, 3, 7, 3, 6, 3, 7, 4, 5, 3, 7]);
    expect([...direct.test.labels]).toEqual([5, 0, 9]);
    const expected = TRAIN_NAMES.flatMap((name) =>
      [0, 1, 2, 3].map((image) => files[name]!.subarray(image * 3073 + 1, (image + 1) * 3073)),
    );
    expect(Buffer.compare(pixelsOf(direct.train), Buffer.concat(expected))).toBe(0);
    for (const place of [join(dir, 'here'), join(dir, 'packed'), archive]) {
      expect(await openDataset('cifar10', { dir: place })).toEqual(direct);
    }
  });

  it('has the mean and deviation of its training images, per channel', async () => {
    const dir = await temporaryFolder();
    await writeFiles(dir, cifar10Files());
    const dataset = await openDataset('cifar10', { dir });
    const pixels = pixelsOf(dataset.train);
    for (const channel of [0, 1, 2]) {
      const values = [...pixels].filter((_, at) => Math.floor(at / 1024) % 3 === channel).map((value) => value / 255);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(dataset.mean[channel]).toBeCloseTo(mean, 10);
      expect(dataset.deviation[channel]).toBeCloseTo(Math.sqrt(variance), 10);
    }
  });

  it('reads no more images than the limit', async () => {
    const dir = await temporaryFolder();
    await writeFiles(dir, cifar10Files());
    const dataset = await openDataset('cifar10', { dir, limit: 6 });
    expect([dataset.train.count, dataset.test.count]).toEqual([6, 3]);
    expect([...dataset.train.labels]).toEqual([0, 9, 3, 7, 1, 8]);
    expect((await failureOf(() => openDataset('cifar10', { dir, limit: 0 }))).code).toBe('usage');
  });

  it('has another fingerprint if a label, a pixel or the number of images differs', async () => {
    const changes: ((files: Record<string, Buffer>) => void)[] = [
      () => undefined,
      (files) => (files['data_batch_2.bin']![0] = 6),
      (files) => (files['test_batch.bin']![100]! ^= 1),
      (files) => (files['data_batch_5.bin'] = cifarRecords([4], 1, 5)),
    ];
    const prints: string[] = [];
    for (const change of changes) {
      const dir = await temporaryFolder();
      const files = cifar10Files();
      change(files);
      await writeFiles(dir, files);
      prints.push((await openDataset('cifar10', { dir })).fingerprint);
    }
    expect(new Set(prints).size).toBe(changes.length);
  });

  it('refuses broken files; the error names the file and the problem', async () => {
    const cases: [string, Buffer | undefined, RegExp][] = [
      [
        'data_batch_2.bin',
        cifarRecords([1, 2]).subarray(0, 6000),
        /data_batch_2\.bin has 6000 bytes.*multiple of 3073/,
      ],
      ['data_batch_4.bin', Buffer.alloc(0), /data_batch_4\.bin has 0 bytes/],
      ['data_batch_3.bin', cifarRecords([1, 2, 13]), /data_batch_3\.bin has label 13 > 9 at image 2/],
      ['test_batch.bin', cifarRecords([255]), /test_batch\.bin has label 255 > 9 at image 0/],
      ['data_batch_5.bin', undefined, /data_batch_5\.bin is missing/],
      ['test_batch.bin', undefined, /test_batch\.bin is missing/],
    ];
    for (const [name, bytes, message] of cases) {
      const dir = await temporaryFolder();
      const files = cifar10Files();
      if (bytes) files[name] = bytes;
      else delete files[name];
      await writeFiles(dir, files);
      const error = await failureOf(() => openDataset('cifar10', { dir }));
      expect(error.code).toBe('data');
      expect(error.message).toMatch(message);
      expect(error.message).toContain(dir);
      expect(error.hint).toContain('rectio data get cifar10');
    }
  });

  it('says how to get missing data', async () => {
    const dir = await temporaryFolder();
    const empty = await failureOf(() => openDataset('cifar10', { dir }));
    expect(empty).toMatchObject({ code: 'data', hint: expect.stringContaining('`npx rectio data get cifar10`') });
    const missing = await failureOf(() => openDataset('cifar10', { dir: join(dir, 'nowhere') }));
    expect(missing.message).toContain('does not exist');
  });

  it('recognizes the Python version, which is often mistaken for the binary one', async () => {
    const dir = await temporaryFolder();
    await writeFiles(join(dir, 'cifar-10-batches-py'), { data_batch_1: Buffer.from('pickle') });
    for (const place of [dir, join(dir, 'cifar-10-batches-py')]) {
      expect((await failureOf(() => openDataset('cifar10', { dir: place }))).message).toContain('Python version');
    }
  });

  it('numbers the classes if their names are missing', async () => {
    const dir = await temporaryFolder();
    const files = cifar10Files();
    delete files['batches.meta.txt'];
    await writeFiles(dir, files);
    expect((await openDataset('cifar10', { dir })).classes).toEqual([...'0123456789']);
  });

  it('unpacks no more of an archive than one of its kind can hold', async () => {
    const dir = await temporaryFolder();
    const bomb = gzipSync(tarFile({ 'c/data_batch_1.bin': Buffer.alloc(600 * 2 ** 20) }), { level: 1 });
    await writeFile(join(dir, 'cifar-10-binary.tar.gz'), bomb);
    const before = cpuTime();
    const error = await failureOf(() => openDataset('cifar10', { dir }));
    expect(error).toMatchObject({ code: 'data', message: expect.stringContaining('the most that such an archive') });
    expect(cpuTime() - before).toBeLessThan(2500);
  });

  it('refuses an archive that is truncated, damaged or not an archive', async () => {
    const dir = await temporaryFolder();
    const tar = tarFile(
      Object.fromEntries(Object.entries(cifar10Files()).map(([name, bytes]) => [`c/${name}`, bytes])),
    );
    const whole = gzipSync(tar);
    const damaged = Buffer.from(tar);
    damaged[20] = 1;
    const cases: [Buffer, RegExp][] = [
      [whole.subarray(0, whole.length >> 1), /cannot be unpacked: unexpected end of file/],
      [gzipSync(tar.subarray(0, 5000)), /ends in the middle of a file/],
      [gzipSync(tar.subarray(0, tar.length - 1024)), /end mark is missing/],
      [gzipSync(damaged), /header is damaged/],
      [Buffer.from('not an archive at all'), /incorrect header check/],
      [Buffer.alloc(0), /cannot be unpacked/],
      [gzipSync(tarFile({ 'c/data_batch_1.bin': cifarRecords([1]) })), /data_batch_2\.bin is missing/],
    ];
    for (const [bytes, message] of cases) {
      const archive = join(dir, 'cifar-10-binary.tar.gz');
      await writeFile(archive, bytes);
      const error = await failureOf(() => openDataset('cifar10', { dir }));
      expect(error.code).toBe('data');
      expect(error.message).toContain(archive);
      expect(error.message).toMatch(message);
    }
  });
});

describe('CIFAR-100', () => {
  it('uses the fine label, the second of the two', async () => {
    const dir = await temporaryFolder();
    await writeFiles(join(dir, 'cifar-100-binary'), {
      'train.bin': cifarRecords([0, 99, 42], 2),
      'test.bin': cifarRecords([7], 2),
      'fine_label_names.txt': Buffer.from(Array.from({ length: 100 }, (_, n) => `fine_${n}`).join('\n')),
    });
    const dataset = await openDataset('cifar100', { dir });
    expect([...dataset.train.labels]).toEqual([0, 99, 42]);
    expect(dataset.classes[42]).toBe('fine_42');
    expect(dataset.classes).toHaveLength(100);
  });

  it('refuses files of CIFAR-10 and fine labels above 99', async () => {
    const dir = await temporaryFolder();
    await writeFiles(dir, { 'train.bin': cifarRecords([1, 2], 1), 'test.bin': cifarRecords([7], 2) });
    expect((await failureOf(() => openDataset('cifar100', { dir }))).message).toContain('not a multiple of 3074');
    await writeFiles(dir, { 'train.bin': cifarRecords([1, 100], 2) });
    expect((await failureOf(() => openDataset('cifar100', { dir }))).message).toContain('label 100 > 99 at image 1');
  });
});

describe('a dataset by name', () => {
  it('is suggested after a typo', async () => {
    const error = await failureOf(() => openDataset('cifar-1O'));
    expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('cifar10') });
    expect((await failureOf(() => openDataset('toString'))).code).toBe('usage');
  });
});
