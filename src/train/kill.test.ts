/** Kill -9 at any moment, and the run goes on to the same bits. The processes run the sources as compiled here. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomStream } from '../base/random.js';
import { onednnStatus } from '../engines/onednn/index.js';
import { readMetrics } from '../run/metrics.js';
import { readRunRecord } from '../run/run-folder.js';

const root = resolve(import.meta.dirname, '../..');
/** Holds the compiled sources as `dist`, with the native engine beside them as in a clone. */
let built: string;
let folder: string;

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true });
  built = await mkdtemp(join(root, '.cache', 'train-test-'));
  folder = await mkdtemp(join(tmpdir(), 'rectio-kill-'));
  const compilerOptions = { noEmit: false, noCheck: true, rootDir: join(root, 'src'), outDir: join(built, 'dist') };
  const files = ['train/testing/train-child.ts', 'data/loader-worker.ts'].map((file) => join(root, 'src', file));
  const config = join(built, 'tsconfig.json');
  await writeFile(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  );
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]);
  await symlink(join(root, 'build'), join(built, 'build'));
}, 120_000);

afterAll(async () => {
  for (const path of [built, folder]) await rm(path, { recursive: true, force: true });
});

interface Training {
  readonly engine: string;
  /** Of five steps each. */
  readonly epochs: number;
}

interface Kill {
  /** Counted from the first thing the child says. */
  readonly afterEvents: number;
  readonly thenMilliseconds: number;
}

/** Runs the child to its end, or until it is killed. @returns how it ended and at which step it began */
async function run(
  { engine, epochs }: Training,
  path: string,
  how: 'begin' | 'resume',
  kill?: Kill,
): Promise<{ readonly end: 'done' | 'killed'; readonly from: number }> {
  const script = join(built, 'dist/train/testing/train-child.js');
  const child = spawn(process.execPath, [script, path, how, engine, `${epochs}`], {
    // What the native engine measures is remembered here, not in the home of whoever tests.
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
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

const { available, reason } = onednnStatus();
const absent = available ? undefined : `the onednn engine does not load here: ${reason}. \`npm run setup\` builds it`;

// The faster one has more to do: on a busy machine a kill comes late, and must not come after the end.
describe.each([
  { engine: 'reference', epochs: 6, skipped: undefined },
  { engine: 'onednn', epochs: 24, skipped: absent },
])('a run on the $engine engine that is killed again and again', ({ skipped, ...training }) => {
  it('ends with the same weights, state and log as one that was left alone', async ({ skip }) => {
    if (skipped !== undefined) skip(skipped);
    const whole = join(folder, `${training.engine}-whole`);
    const killed = join(folder, `${training.engine}-killed`);
    expect(await run(training, whole, 'begin')).toEqual({ end: 'done', from: 0 });
    const stream = randomStream(Number(process.env['RECTIO_KILL_SEED'] ?? 1));
    const begun: number[] = [];
    for (let how: 'begin' | 'resume' = 'begin'; ; how = 'resume') {
      // A few events further each time, anywhere between two of them; in the end it is let through.
      const kill = { afterEvents: 1 + stream.below(10), thenMilliseconds: stream.uniform() * 10 };
      const { end, from } = await run(training, killed, how, begun.length < 6 ? kill : undefined);
      begun.push(from);
      if (end === 'done') break;
    }
    // It went on from several places within the training.
    expect(new Set(begun).size).toBeGreaterThan(2);

    const last = join('checkpoints', `step-${String(5 * training.epochs).padStart(8, '0')}`);
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
