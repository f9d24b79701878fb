import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { applyRatio } from '../proportion/index.js';
import { readRunRecord, writeRunRecord, type RunRecord } from '../run/index.js';
import { tinyOptions, trainParts } from '../train/testing/tiny.js';
import { createModel } from '../zoo/index.js';
import { beginStudy, runFolder } from './folder.js';
import { resolvePlan } from './plan.js';
import { runStudy } from './run.js';
import { keepsSites } from './same-sites.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-sites-'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A study of two seeds, in which one training at 2:1 has begun with the sites of the given scope. */
async function begunWith(scope: 'network' | 'block') {
  const plan = resolvePlan({ networks: ['squeezenet1_1'], ratios: ['2:1'], seeds: 2 });
  const { study } = await beginStudy(join(folder, 'study'), plan, { command: 'npx rectio compare', versions: {} });
  const trial = study.trials.find(({ arm }) => arm.role === 'variant')!;
  const run = runFolder(study.folder, trial);
  for await (const { type } of trainParts(tinyOptions(run))) if (type === 'checkpoint') break;
  const { graph, report } = applyRatio(createModel('squeezenet1_1'), { ratio: '2:1', scope });
  const config = { ...trial.arm.config, seed: trial.trainingSeed };
  await writeRunRecord(run, { ...(await readRunRecord(run)), config, graph, proportion: report });
  return { study, run };
}

async function eventsOf(study: Parameters<typeof runStudy>[0]['study']): Promise<string[]> {
  const types: string[] = [];
  const rectio = { file: process.execPath, args: ['-e', ''] };
  for await (const { type } of runStudy({ study, rectio, signal: new AbortController().signal })) types.push(type);
  return types;
}

describe('a study whose trainings have begun', () => {
  it('goes on if this version keeps the same sites', async () => {
    const { study } = await begunWith('network');
    expect((await eventsOf(study)).filter((type) => type === 'begin')).toHaveLength(4);
  });

  it('gets no new training if this version keeps other sites', async () => {
    // When each branch started the pattern anew, 2:1 kept what it keeps block by block today.
    const { study, run: begun } = await begunWith('block');
    await expect(eventsOf(study)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(begun) });
  });
});

describe('the sites of a record', () => {
  const record = async () => {
    const { run: begun } = await begunWith('network');
    return readRunRecord(begun);
  };

  it.each(['resnet20', 'densenet_40_12', 'preresnet20', 'googlenet', 'inception_v3', 'shufflenet_v2_x1_0'])(
    'are found again: %s',
    async (name) => {
      const known = await record();
      for (const ratio of [
        { ratio: '3:2' },
        { ratio: '2:1@10', scope: 'stage' },
        { ratio: '2:1', leak: 0.3, drop: ['*'] },
      ] as const) {
        const { graph, report } = applyRatio(createModel(name), ratio);
        const config = { ...known.config, ratio: { ...known.config.ratio, ...ratio } } satisfies RunRecord['config'];
        expect(keepsSites({ ...known, graph, proportion: report, config })).toBe(true);
        const other = { ...config, ratio: { ...config.ratio, ratio: '4:1', drop: [] } };
        expect(keepsSites({ ...known, graph, proportion: report, config: other })).toBe(false);
      }
    },
  );
});
