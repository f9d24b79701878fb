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

interface Kill {
  /** Counted from the first thing the child says. */
  readonly afterEvents: number;
  readonly thenMilliseconds: number;
}

/** Runs the child to its end, or until it is killed. @returns how it ended and at which step it began */
async function run(
  name: string,
  how: 'begin' | 'resume',
  kill?: Kill,
): Promise<{ readonly end: 'done' | 'killed'; readonly from: number }> {
  const child = spawn(process.execPath, [join(built, 'train/testing/train-child.js'), join(folder, name), how], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complaints = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
    if (kill && said.split('\n').length > kill.afterEvents) {
      void sleep(kill.thenMilliseconds).then(() => child.kill('SIGKILL'));
    }
  });
  child.stderr.on('data', (data: Buffer) => (complaints += data.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const from = Number(/^start (\d+)/.exec(said)?.[1]);
  if (signal === 'SIGKILL') return { end: 'killed', from };
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(said).toMatch(/\ndone \n$/);
  return { end: 'done', from };
}

describe('a run that is killed again and again', () => {
  it('ends with the same weights, state and log as one that was left alone', async () => {
    expect(await run('whole', 'begin')).toEqual({ end: 'done', from: 0 });
    const stream = randomStream(Number(process.env['RECTIO_KILL_SEED'] ?? 1));
    const begun: number[] = [];
    for (let how: 'begin' | 'resume' = 'begin'; ; how = 'resume') {
      // A few events further each time, anywhere between two of them; in the end it is let through.
      const kill = { afterEvents: 1 + stream.below(10), thenMilliseconds: stream.uniform() * 10 };
      const { end, from } = await run('killed', how, begun.length < 6 ? kill : undefined);
      begun.push(from);
      if (end === 'done') break;
    }
    // It went on from several places within the training.
    expect(new Set(begun).size).toBeGreaterThan(2);

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
