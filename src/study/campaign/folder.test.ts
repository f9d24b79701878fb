import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { beginStudy } from '../folder.js';
import { resolvePlan } from '../plan.js';
import { beginCampaign, openCampaign } from './folder.js';
import { resolveCampaign } from './plan.js';
import { campaignResult } from './results.js';

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rectio-campaign-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = join(root, 'depth');
  await rm(folder, { recursive: true, force: true });
});

const study = (network: string) => ({ networks: [network], ratios: ['2:1'] });
const given = (more: object = {}) => ({
  name: 'depth',
  seeds: 2,
  studies: { deep: study('plain56'), shallow: study('plain20') },
  hypotheses: {
    P: { study: 'deep', arms: ['2:1'], claim: 'better', role: 'primary', expect: [-9, -1] },
    D: {
      contrast: [
        { study: 'deep', arm: '2:1' },
        { study: 'shallow', arm: '2:1' },
      ],
      claim: 'below',
    },
  },
  chart: { x: 'layers', series: { plain: [{ at: 56, study: 'deep', arm: '2:1' }] } },
  earlier: ['one try'],
  ...more,
});
const about = { command: 'npx rectio compare --plan depth.yaml', versions: { rectio: '0.1.0' } };
const begin = (more: object = {}) => beginCampaign(folder, resolveCampaign(given(more)), about);

describe('a campaign on disk', () => {
  it('is the same when it is opened again, with all its studies begun', async () => {
    const { campaign, found } = await begin();
    expect(found).toBe(false);
    expect(await openCampaign(folder)).toEqual(campaign);
    expect(campaign.record.claims).toEqual(resolveCampaign(given()).claims);
    expect(campaign.studies.map(({ name, study: own }) => [name, own?.trials.length])).toEqual([
      ['deep', 4],
      ['shallow', 4],
    ]);
    expect((await begin()).found).toBe(true);
  });

  it.each([
    ['hypotheses', { earlier: [] }],
    ['seeds', { seeds: 3 }],
    ['studies', { studies: { deep: study('plain56'), shallow: study('plain20'), more: study('resnet20') } }],
  ])('refuses a plan with other %s, and changes nothing', async (_what, more) => {
    await begin();
    const before = await readFile(join(folder, 'campaign.json'), 'utf8');
    await expect(begin(more)).rejects.toMatchObject({ code: 'usage' });
    expect(await readFile(join(folder, 'campaign.json'), 'utf8')).toBe(before);
    expect((await openCampaign(folder)).studies).toHaveLength(2);
  });

  it('takes over a study that is there, and its result says that it was begun before', async () => {
    const plan = resolvePlan({ ...study('plain56'), seeds: 2 });
    await beginStudy(join(folder, 'studies', 'deep'), plan, about);
    const { campaign } = await begin();
    const { studies } = await campaignResult(campaign);
    expect(studies.map(({ name, begunBefore }) => [name, begunBefore])).toEqual([
      ['deep', true],
      ['shallow', false],
    ]);
  });

  it('is refused if its claims were changed afterwards', async () => {
    await begin();
    const path = join(folder, 'campaign.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"low": -9', '"low": -8'));
    await expect(openCampaign(folder)).rejects.toThrow('it was changed');
  });

  it('is refused if a study was put in the place of another', async () => {
    await begin();
    await rm(join(folder, 'studies', 'deep'), { recursive: true });
    await beginStudy(join(folder, 'studies', 'deep'), resolvePlan({ ...study('plain56'), seeds: 4 }), about);
    await expect(openCampaign(folder)).rejects.toThrow('another study');
  });

  it('reads no study outside its folder', async () => {
    await begin();
    const path = join(folder, 'campaign.json');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"name": "deep"', '"name": "../../deep"'));
    await expect(openCampaign(folder)).rejects.toThrow('not the name of a folder');
  });

  it('opens without the studies that are not published yet; their hypotheses are pending', async () => {
    await begin();
    await rm(join(folder, 'studies', 'shallow'), { recursive: true });
    const result = await campaignResult(await openCampaign(folder));
    expect(result.whole).toBe('pending');
    expect(result.studies.map(({ trainings }) => trainings)).toEqual([{ all: 4, done: 0, failed: 0 }, null]);
  });

  it('names the file if it is not a campaign’s', async () => {
    await expect(openCampaign(root)).rejects.toThrow('is not a campaign');
    await begin();
    await writeFile(join(folder, 'campaign.json'), '{"format": 1}');
    await expect(openCampaign(folder)).rejects.toThrow('campaign.json: name is missing');
  });
});
