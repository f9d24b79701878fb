/** Kill -9 at any moment, and the run goes on to the same bits. The processes run the sources as compiled here. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomStream } from '../base/random.js';
import { readMetrics } from './metrics.js';
import { readRunRecord } from './run-folder.js';

const root = resolve(import.meta.dirname, '../..');
let built: string;
let folder: string;

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true });
  built = await mkdtemp(join(root, '.cache', 'train-test-'));
  folder = await mkdtemp(join(tmpdir(), 'rectio-kill-'));
  const compilerOptions = { noEmit: false, noCheck: true, rootDir: join(root, 'src'), outDir: built };
  const files = ['train/testing/train-child.ts', 'data/loader-worker.ts'].map((file) => join(root, 'src', file));
  const config = join(built, 'tsconfig.json');
  await writeFile(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  );
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]);
}, 120_000);

afterAll(async () => {
  for (const path of [built, folder]) await rm(path, { recursive: true, force: true });
});

/** Runs the child to its end, or kills it so many milliseconds after the first thing it says. */
async function run(name: string, how: 'begin' | 'resume', killAfter?: number): Promise<'done' | 'killed'> {
  const child = spawn(process.execPath, [join(built, 'train/testing/train-child.js'), join(folder, name), how], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complaints = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (complaints += data.toString()));
  const ended = once(child, 'close');
  if (killAfter !== undefined) {
    await Promise.race([once(child.stdout, 'data'), ended]);
    await Promise.race([sleep(killAfter), ended]);
    child.kill('SIGKILL');
  }
  const [code, signal] = (await ended) as [number | null, string | null];
  if (signal === 'SIGKILL') return 'killed';
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(said.endsWith('done\n')).toBe(true);
  return 'done';
}

describe('a run that is killed again and again', () => {
  it('ends with the same weights, state and log as one that was left alone', async () => {
    expect(await run('whole', 'begin')).toBe('done');
    const stream = randomStream(Number(process.env['RECTIO_KILL_SEED'] ?? 1));
    let kills = 0;
    for (let how: 'begin' | 'resume' = 'begin'; ; how = 'resume') {
      // Somewhere between the first event and the end; in the end it is let through.
      const end = await run('killed', how, kills < 6 ? stream.uniform() * 60 : undefined);
      if (end === 'done') break;
      kills++;
    }
    expect(kills).toBeGreaterThan(1);

    const whole = join(folder, 'whole');
    const killed = join(folder, 'killed');
    const last = join('checkpoints', 'step-00000030');
    for (const file of ['model.safetensors', join(last, 'model.safetensors'), join(last, 'optimizer.safetensors')]) {
      expect((await readFile(join(killed, file))).equals(await readFile(join(whole, file)))).toBe(true);
    }
    const metrics = async (path: string) =>
      (await readMetrics(path)).map((line) => ({ ...line, time: 0, imagesPerSecond: 0, seconds: 0 }));
    expect(await metrics(killed)).toEqual(await metrics(whole));
    expect((await readdir(killed)).sort()).toEqual((await readdir(whole)).sort());
    expect(await readdir(join(killed, 'checkpoints'))).toEqual(await readdir(join(whole, 'checkpoints')));
    expect(await readRunRecord(killed)).toEqual(await readRunRecord(whole));
  }, 120_000);
});
