import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readSummary } from '../run/index.js';
import { openStudy } from './folder.js';
import { resolvePlan } from './plan.js';
import { expectedTime, plannedWork } from './work.js';

const published = fileURLToPath(new URL('../../campaigns/depth/studies/p1-plain56', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-work-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the work of a plan', () => {
  it('is its trainings, epochs and images', () => {
    const plan = { networks: ['resnet20'], ratios: ['2:1', '3:2'], seeds: 4, settings: [{ epochs: 5 }] };
    expect(plannedWork(resolvePlan(plan))).toEqual({ trainings: 12, epochs: 60, images: 60 * 8000 });
    const limited = [{ epochs: 5, data: { name: 'cifar10', limit: 100 } }];
    expect(plannedWork(resolvePlan({ ...plan, settings: limited })).images).toBe(60 * 100);
  });

  it('has no number of images where only opening the data tells it', () => {
    const settings = [{ epochs: 5, data: { name: 'folder', dir: 'photos' } }];
    const plan = resolvePlan({ networks: ['resnet18'], ratios: ['2:1'], seeds: 1, settings });
    expect(plannedWork(plan).images).toBeNull();
  });
});

describe('the expected time of a plan', () => {
  it('is unknown before anything like it was trained', async () => {
    const { record } = await openStudy(published);
    expect(await expectedTime(record.plan, join(folder, 'empty', 'studies', 'mine'))).toBeNull();
  });

  it('goes by finished trainings of the same network, data and batch, and by no others', async () => {
    const { record } = await openStudy(published);
    const trial = join('trials', 'plain56-1to1-seed100');
    await mkdir(join(folder, 'studies', 'one', 'trials'), { recursive: true });
    await cp(join(published, trial), join(folder, 'studies', 'one', trial), { recursive: true });
    const { seconds, epochs } = (await readSummary(join(published, trial)))!;
    const all = record.plan.seeds.length * record.plan.arms.reduce((sum, { config }) => sum + config.epochs, 0);
    const expected = await expectedTime(record.plan, join(folder, 'studies', 'mine'));
    expect(expected).toEqual({ measured: 1, seconds: expect.closeTo((all * seconds) / epochs, 3) });
    const other = resolvePlan({ networks: ['resnet20'], ratios: ['2:1'], seeds: 1 });
    expect(await expectedTime(other, join(folder, 'studies', 'mine'))).toBeNull();
  });
});
