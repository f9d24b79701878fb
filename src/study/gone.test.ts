import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { beginStudy, openStudy, readFailure } from './folder.js';
import { resolvePlan } from './plan.js';
import { runStudy } from './run.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-gone-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const plan = resolvePlan({ networks: ['resnet20'], ratios: ['2:1'], seeds: 1 });

/** Runs a study whose trainings run this script in place of a training. */
async function runWith(path: string, script: string): Promise<string[]> {
  const { study } = await beginStudy(path, plan, { command: 'npx rectio compare resnet20', versions: {} });
  const rectio = { file: process.execPath, args: ['-e', script] };
  const types: string[] = [];
  for await (const { type } of runStudy({ study, rectio, signal: new AbortController().signal })) types.push(type);
  return types;
}

it('a study whose folder is removed under it ends in words', async () => {
  const path = join(folder, 'removed');
  const script = `require('node:fs').rmSync(${JSON.stringify(path)}, { recursive: true })`;
  await expect(runWith(path, script)).rejects.toMatchObject({
    code: 'disk',
    message: expect.stringContaining('its folder is gone'),
  });
});

it('of a long log, the reason of a failure is read from the end', async () => {
  const path = join(folder, 'long');
  await runWith(path, "for (let i = 0; i < 1e5; i++) console.log('a line'); console.log('rectio: no memory is left')");
  const [trial] = (await openStudy(path)).trials;
  expect((await readFailure(path, trial!))?.reason).toBe('no memory is left');
});
