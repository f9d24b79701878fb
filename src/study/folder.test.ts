import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { readDocument } from '../cli/options/document-file.js';
import { beginStudy, openStudy, ownFolder } from './folder.js';
import { planHash, resolvePlan } from './plan.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let study: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-study-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  study = join(folder, 'study');
  await rm(study, { recursive: true, force: true });
});

const plan = resolvePlan({ networks: ['resnet20'], ratios: ['2:1'], seeds: 2 });
const about = { command: 'npx rectio compare resnet20', versions: { rectio: '0.1.0' } };

describe('studies made by earlier versions', () => {
  const published = ['docs/studies/resnet20', 'docs/studies/plain20', 'campaigns/depth/studies/p1-plain56'];
  it.each(published)('%s opens, with its plan unchanged', async (path) => {
    const { record, trials } = await openStudy(join(root, path));
    expect(trials.length).toBe(record.plan.arms.length * record.plan.seeds.length);
    expect(record.machine === undefined || typeof record.machine === 'string').toBe(true);
  });

  it.each([
    ['p1-plain56', 'c19425cc68e1721f'],
    ['p2-resnet56', '1d50fb0d135dd30a'],
    ['p4-resnet110', '730575bf7a64e98a'],
  ])('the plan %s still has the hash that was fixed before its first training', async (name, hash) => {
    const document = await readDocument(join(root, 'campaigns', 'depth', 'plans', `${name}.yaml`));
    expect(planHash(resolvePlan(document))).toBe(hash);
  });
});

describe('a study on disk', () => {
  it('has a folder of its own, next to those of other plans', async () => {
    expect(await ownFolder(study, plan)).toBe(study);
    await beginStudy(study, plan, about);
    expect(await ownFolder(study, plan)).toBe(study);
    const other = resolvePlan({ networks: ['resnet20'], ratios: ['3:2'], seeds: 2 });
    expect(await ownFolder(study, other)).toBe(`${study}-2`);
    await beginStudy(`${study}-2`, other, about);
    expect(await ownFolder(study, other)).toBe(`${study}-2`);
    await rm(`${study}-2`, { recursive: true });
  });

  it('is the same when it is opened again', async () => {
    const { study: begun } = await beginStudy(study, plan, { ...about, machine: 'a machine' });
    expect(await openStudy(study)).toEqual(begun);
    expect(begun.record).toMatchObject({ plan, hash: planHash(plan), machine: 'a machine' });
  });

  it.each([
    ['is empty', '', 'study.json is empty'],
    ['is cut off', '{"plan": {"format": 1, "na', 'study.json is not JSON'],
    ['holds null', 'null', 'study.json: it is not a record'],
    ['lacks its plan', '{}', 'study.json: plan is missing'],
    ['has arms of another kind', '{"plan": {"format": 1, "name": "x", "arms": 7}}', 'plan.arms is not a list'],
  ])('is refused by the file’s name if its record %s', async (_what, text, words) => {
    await beginStudy(study, plan, about);
    await writeFile(join(study, 'study.json'), text);
    await expect(openStudy(study)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(words) });
  });

  it('is refused if a setting in it was changed', async () => {
    await beginStudy(study, plan, about);
    const file = join(study, 'study.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"epochs": 10', '"epochs": 11'));
    await expect(openStudy(study)).rejects.toThrow('is not the plan of a study as it was made');
  });

  it('counts added seeds, and says which file of them is damaged', async () => {
    await beginStudy(study, plan, about);
    await cp(join(study, 'study.json'), join(folder, 'kept.json'));
    await writeFile(join(study, 'seeds', '1.json'), JSON.stringify({ seeds: [7], added: '2026-01-01T00:00:00Z' }));
    expect((await openStudy(study)).trials.map(({ seed }) => seed)).toContain(7);
    await writeFile(join(study, 'seeds', '1.json'), '{"seeds": "all"}');
    await expect(openStudy(study)).rejects.toThrow(join('seeds', '1.json'));
    expect(await readdir(join(study, 'trials'))).toEqual([]);
  });
});
