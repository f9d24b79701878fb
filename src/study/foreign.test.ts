/** Studies that come from somebody else, that were changed, or that a crash damaged. */

import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { tinyOptions, trainParts } from '../train/testing/tiny.js';
import { beginStudy, openStudy, runFolder, settingsFile, type Study } from './folder.js';
import { planHash, resolvePlan, type StudyPlan } from './plan.js';
import { runStudy, type StudyEvent } from './run.js';
import { cpuTime } from '../testing/cpu-time.js';

let folder: string;
let place: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-foreign-'));
  place = join(folder, 'study');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const plan = resolvePlan({ networks: ['resnet20'], ratios: ['2:1'], seeds: 1 });
const about = { command: 'npx rectio compare resnet20', versions: { rectio: '0.1.0' } };

/** Runs the trials; in place of a training stands a program that says what it was asked to do. */
async function run(study: Study, options: { readonly trustCode?: boolean } = {}): Promise<StudyEvent[]> {
  const events: StudyEvent[] = [];
  const rectio = { file: process.execPath, args: ['-e', 'console.log("rectio: asked for", ...process.argv.slice(1))'] };
  const { signal } = new AbortController();
  for await (const event of runStudy({ study, rectio, signal, ...options })) events.push(event);
  return events;
}

/** A study whose record is made up, with the hash that belongs to it. */
async function madeUp(change: (made: StudyPlan) => object): Promise<void> {
  await beginStudy(place, plan, about);
  const made = change(plan) as StudyPlan;
  const record = JSON.parse(await readFile(join(place, 'study.json'), 'utf8')) as object;
  await writeFile(join(place, 'study.json'), JSON.stringify({ ...record, plan: made, hash: planHash(made) }));
}

describe('names in a study are never paths', () => {
  it.each(['../../precious', '/etc', '..', '', 'a\\b', 'a/b', 'a\u0000b', 'x'.repeat(300)])(
    'an arm named %j is refused',
    async (id) => {
      await madeUp((made) => ({ ...made, arms: made.arms.map((arm, index) => (index === 0 ? { ...arm, id } : arm)) }));
      await expect(openStudy(place)).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('plan.arms[0].id is not a name without slashes'),
      });
    },
  );

  it('neither is the study’s own name, in a plan and in a record', async () => {
    for (const name of ['../../x', '/tmp/x', '..']) {
      expect(() => resolvePlan({ name, networks: ['resnet20'], ratios: ['2:1'], seeds: 1 })).toThrow('`name`');
      await madeUp((made) => ({ ...made, name }));
      await expect(openStudy(place)).rejects.toThrow('plan.name');
      await rm(place, { recursive: true });
    }
    expect(resolvePlan({ name: 'Größer, 2:1', networks: ['resnet20'], ratios: ['2:1'], seeds: 1 }).name).toContain(
      '2:1',
    );
  });

  it('a trial’s folder that is a link is refused, and what it leads to stays', async () => {
    const { study } = await beginStudy(place, plan, about);
    const precious = join(folder, 'precious');
    await mkdir(join(precious, 'checkpoints'), { recursive: true });
    await symlink(precious, runFolder(place, study.trials[0]!));
    await expect(run(study)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('is a link') });
    expect(await readdir(precious)).toEqual(['checkpoints']);
  });

  it.skipIf(process.platform === 'win32')('a log that is a link or a pipe is not written to', async () => {
    const { study } = await beginStudy(place, plan, about);
    const log = join(place, 'logs', `${study.trials[0]!.id}.log`);
    const precious = join(folder, 'precious.txt');
    await writeFile(precious, 'precious');
    await symlink(precious, log);
    await expect(run(study)).rejects.toMatchObject({ code: 'disk', message: expect.stringContaining(log) });
    expect(await readFile(precious, 'utf8')).toBe('precious');
    await rm(log);
    spawnSync('mkfifo', [log]);
    await expect(run(study)).rejects.toMatchObject({ code: 'disk', message: expect.stringContaining('a pipe') });
  });
});

describe('what is trained is what was hashed', () => {
  it('an edited settings file is refused by its name; a deleted one is written anew', async () => {
    const { study } = await beginStudy(place, plan, about);
    const file = settingsFile(place, study.trials[0]!);
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.replace('"epochs": 10', '"epochs": 1'));
    await expect(run(study)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(file) });
    await writeFile(file, '{');
    await expect(run(study)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(file) });
    await rm(file);
    await run(study);
    expect(await readFile(file, 'utf8')).toBe(whole);
  });

  it('where the data lie may differ', async () => {
    const { study } = await beginStudy(place, plan, about);
    const file = settingsFile(place, study.trials[0]!);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"dir": null', '"dir": "/elsewhere"'));
    expect((await run(study)).map(({ type }) => type)).toContain('failed');
  });

  it('a run that was begun with other settings is not gone on with', async () => {
    const { study } = await beginStudy(place, plan, about);
    const path = runFolder(place, study.trials[0]!);
    for await (const { type } of trainParts(tinyOptions(path))) if (type === 'checkpoint') break;
    await expect(run(study)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(join(path, 'config.json')),
    });
  });
});

describe('a study whose network is code', () => {
  const withCode = resolvePlan({ networks: ['./net.ts'], ratios: ['2:1'], seeds: 1 });

  it('runs where it was begun, and elsewhere only with consent', async () => {
    const { study } = await beginStudy(place, withCode, about);
    expect((await run(study)).map(({ type }) => type)).toContain('failed');
    const copy = join(folder, 'copy');
    await cp(place, copy, { recursive: true });
    await rm(join(copy, 'failures'), { recursive: true });
    const foreign = await openStudy(copy);
    await expect(run(foreign)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('./net.ts'),
      hint: expect.stringContaining('`trustCode`'),
    });
    expect((await run(foreign, { trustCode: true })).map(({ type }) => type)).toContain('failed');
  });

  it('runs once its plan is given by hand', async () => {
    await beginStudy(place, withCode, about);
    await rm(join(folder, 'cache'), { recursive: true });
    await expect(run(await openStudy(place))).rejects.toMatchObject({ code: 'usage' });
    expect((await run((await beginStudy(place, withCode, about)).study)).length).toBeGreaterThan(0);
  });

  it('asks again if the list of own studies is damaged', async () => {
    const { study } = await beginStudy(place, withCode, about);
    await writeFile(join(folder, 'cache', 'rectio', 'studies.json'), 'null');
    await expect(run(study)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a study that a crash damaged', () => {
  it.each(['', '{"plan": {"format": 1, "na'])('begins anew from its plan if its record holds %j', async (text) => {
    await beginStudy(place, plan, about);
    const file = join(place, 'study.json');
    await writeFile(file, text);
    await expect(openStudy(place)).rejects.toMatchObject({
      hint: expect.stringContaining('give the study’s plan again'),
    });
    const { study, found } = await beginStudy(place, plan, about);
    expect({ found, hash: study.record.hash }).toEqual({ found: false, hash: planHash(plan) });
    expect(await readFile(`${file}.damaged`, 'utf8')).toBe(text);
  });

  it('has one record, however many begin it at once', async () => {
    const begun = await Promise.all(Array.from({ length: 5 }, () => beginStudy(place, plan, about)));
    expect(begun.filter(({ found }) => !found)).toHaveLength(1);
    expect(new Set(begun.map(({ study }) => study.record.created)).size).toBe(1);
    expect((await readdir(place)).filter((name) => name.startsWith('study.json'))).toEqual(['study.json']);
  });

  it('trains anew what was killed before it began, and leaves what is in the folder to the training', async () => {
    const { study } = await beginStudy(place, plan, about);
    const path = runFolder(place, study.trials[0]!);
    await mkdir(join(path, 'checkpoints'), { recursive: true });
    const events = await run(study);
    expect(events[0]).toMatchObject({ type: 'begin', resumed: false });
    expect(events.find(({ type }) => type === 'failed')).toMatchObject({ reason: expect.stringContaining('--run') });
    expect(await readdir(path)).toEqual(['checkpoints']);
  });
});

describe('plans that would be too large', () => {
  const base = { networks: ['resnet20'], ratios: ['2:1'], seeds: 1 };
  const many = Array.from({ length: 10 }, (_, index) => index);
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];

  it.each([
    ['settings that vary', { vary: Object.fromEntries(names.map((name) => [name, many])) }],
    ['seeds by number', { seeds: 100_000 }],
    ['seeds in a list', { seeds: Array.from({ length: 150_000 }, (_, index) => index) }],
    ['ratios', { ratios: Array.from({ length: 50_000 }, (_, index) => `${index + 2}:1`) }],
  ])('are refused in words and at once: %s', (_what, given) => {
    const before = cpuTime();
    expect(() => resolvePlan({ ...base, ...given })).toThrow('trainings, and one can have 20,000');
    expect(cpuTime() - before).toBeLessThan(2000);
  });

  it('also in a study’s record', async () => {
    await madeUp((made) => ({ ...made, seeds: Array.from({ length: 50_000 }, (_, index) => index) }));
    await expect(openStudy(place)).rejects.toThrow('more than 20000 trainings');
  });
});
