/** A disk that is full in the middle of a training. It is a small one in memory, which only root may make. */

import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { tinyOptions, trainParts } from './testing/tiny.js';
import type { TrainConfigInput } from '../config/index.js';

const run = promisify(execFile);
let disk: string;
let mounted = false;

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'rectio-disk-'));
  mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]).then(
    () => true,
    () => false,
  );
});
afterAll(async () => {
  if (mounted) await run('umount', [disk]);
  await rm(disk, { recursive: true });
});

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    await file.close();
  }
}

/** Trains; once `event` has come so often, the disk is full. */
async function trainUntilFull(folder: string, settings: TrainConfigInput, event: string, count: number) {
  let seen = 0;
  for await (const { type } of trainParts(tinyOptions(folder, settings))) {
    if (type === event && ++seen === count) await fill(join(disk, 'filler'));
  }
}

describe('a disk that is full', () => {
  it('stops the training with one clear word, nothing half-written, and a run that goes on', async ({ skip }) => {
    if (!mounted) skip('a small disk can only be mounted by root');
    const elsewhere = await mkdtemp(join(tmpdir(), 'rectio-disk-'));
    for await (const _ of trainParts(tinyOptions(join(elsewhere, 'whole')))) void _;
    const expected = await readFile(join(elsewhere, 'whole', 'model.safetensors'));
    await rm(elsewhere, { recursive: true });

    const moments: [TrainConfigInput, string, number][] = [
      [{ log: { everySteps: 1 } }, 'step', 2], // the log cannot grow
      [{ log: { everySteps: 100 } }, 'step', 5], // nor the checkpoint be written
      [{}, 'checkpoint', 2],
    ];
    for (const [settings, event, count] of moments) {
      const folder = join(disk, 'run');
      await expect(trainUntilFull(folder, settings, event, count)).rejects.toMatchObject({
        code: 'disk',
        message: expect.stringMatching(/^Cannot write .*: the disk is full\.$/),
        hint: expect.stringMatching(/^Free some space .* Then go on with: `resume: .*run`$/),
      });
      const left = [...(await readdir(folder)), ...(await readdir(join(folder, 'checkpoints')))];
      expect(left.filter((name) => name.endsWith('.tmp') || name === 'lock')).toEqual([]);
      expect(await readFile(join(folder, 'metrics.jsonl'), 'utf8')).toMatch(/^(\{.*\}\n)*$/);

      await rm(join(disk, 'filler'));
      for await (const _ of trainParts({ ...tinyOptions(folder, settings), resume: true })) void _;
      expect((await readFile(join(folder, 'model.safetensors'))).equals(expected)).toBe(true);
      await rm(folder, { recursive: true });
    }
  });

  it('leaves no folder of a run that could not begin', async ({ skip }) => {
    if (!mounted) skip('a small disk can only be mounted by root');
    await fill(join(disk, 'filler'));
    const begin = async () => {
      for await (const _ of trainParts(tinyOptions(join(disk, 'run')))) void _;
    };
    await expect(begin()).rejects.toMatchObject({ code: 'disk' });
    expect(await readdir(disk)).toEqual(['filler']);
    await rm(join(disk, 'filler'));
  });
});
