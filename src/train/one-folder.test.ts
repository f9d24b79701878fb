/** Several trainings that want one folder, and folders in which one was killed before it began. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { tinyOptions, trainParts } from './testing/tiny.js';
import type { TrainingParts } from './training.js';

let folder: string;
let run: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-one-folder-'));
  run = join(folder, 'run');
});
afterEach(() => rm(folder, { recursive: true }));

async function trainAll(options: TrainingParts): Promise<void> {
  for await (const _ of trainParts(options)) void _;
}

describe('trainings that want one folder', () => {
  it.each([
    ['is empty', true],
    ['is not there', false],
  ])('at once: if it %s, one trains undisturbed, and the others are refused', async (_what, there) => {
    if (there) await mkdir(run);
    const ends = await Promise.allSettled(Array.from({ length: 4 }, () => trainAll(tinyOptions(run))));
    const refused = ends.filter((end) => end.status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const { reason } of refused) expect(['usage', 'checkpoint']).toContain(reason.code);
    expect(await readdir(run)).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'summary.json']));
    expect(await readdir(run)).not.toContain('lock');
  });

  it('one after the other: the second takes nothing away from the first', async () => {
    const first = trainParts(tinyOptions(run));
    await first.next();
    const before = (await readdir(run)).sort();
    await expect(trainAll(tinyOptions(run))).rejects.toMatchObject({ code: 'usage' });
    expect((await readdir(run)).sort()).toEqual(before);
    for await (const _ of first) void _;
    expect(await readdir(run)).toContain('summary.json');
  });
});

describe('a run that was killed between the making of its folder and its record', () => {
  const leftovers = async () => {
    await mkdir(join(run, 'checkpoints', 'step-00000000'), { recursive: true });
    await writeFile(join(run, 'checkpoints', 'step-00000000', 'model.safetensors'), 'half');
    await writeFile(join(run, 'config.json.0a1b2c3d.tmp'), '{');
    await writeFile(join(run, 'lock'), '{"pid":0,"host":"');
  };

  it('begins in the same folder', async () => {
    await leftovers();
    await trainAll(tinyOptions(run));
    expect((await readdir(run)).filter((name) => name.endsWith('.tmp') || name === 'lock')).toEqual([]);
    expect(await readdir(run)).toContain('summary.json');
  });

  it('says how to begin it if it is to be gone on with', async () => {
    await leftovers();
    await expect(trainAll({ ...tinyOptions(run), resume: true })).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining('was stopped before it began'),
      hint: expect.stringContaining('`run: '),
    });
  });

  it('is told from a folder that holds anything else, which stays', async () => {
    for (const name of ['notes.txt', join('checkpoints', 'step-00000005'), join('checkpoints', 'mine')]) {
      await mkdir(join(run, 'checkpoints'), { recursive: true });
      await writeFile(join(run, name), 'precious');
      await expect(trainAll(tinyOptions(run))).rejects.toMatchObject({ code: 'usage' });
      expect(await readFile(join(run, name), 'utf8')).toBe('precious');
      await rm(run, { recursive: true });
    }
  });
});
