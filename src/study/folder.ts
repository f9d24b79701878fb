/**
 * A study on disk. Its files are its whole state:
 *
 *     study.json        the plan, its hash, when it was made and with which versions
 *     seeds/N.json      added seeds, and when they were added
 *     settings/ARM.json the settings of an arm
 *     trials/TRIAL/     one ordinary run each
 *     claims/TRIAL      the process that works on it
 *     failures/TRIAL.json  why it failed, if it did
 *     logs/TRIAL.log    its output
 *     report/           tables, figures and the page
 */

import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { defined } from '../base/defined.js';
import { RectioError } from '../base/error.js';
import { aCount, aFileName, aNumber, aRecord, aText, fields, listOf, mapOf, oneOf, orElse } from '../base/parse.js';
import { recordedConfig } from '../config/index.js';
import { mostTrials, planHash, trialsOf, type Arm, type StudyPlan, type Trial, type WrittenPlan } from './plan.js';
import { exists, onDisk, whereGone } from '../system/errno.js';
import { replaceJson } from '../system/durable.js';
import { readJsonIfThere, readTextIfThere } from '../system/json-file.js';
import { withLock } from '../system/lock.js';
import { rememberStudy } from './consent.js';

/** `study.json`. */
export interface StudyRecord {
  readonly plan: StudyPlan;
  readonly hash: string;
  /** The command line that began it. */
  readonly command: string;
  /** When it was made, as ISO 8601. */
  readonly created: string;
  readonly versions: { readonly [name: string]: string };
  /** Processor and system of the machine where it began. Older studies have none. */
  readonly machine?: string;
}

/** Seeds that were added after the plan. */
export interface Addition {
  readonly seeds: readonly number[];
  /** ISO 8601. */
  readonly added: string;
}

export interface Study {
  readonly folder: string;
  readonly record: StudyRecord;
  readonly additions: readonly Addition[];
  /** All trials, those of added seeds included, in the order in which they run. */
  readonly trials: readonly Trial[];
}

/** Why a trial has no result. */
export interface Failure {
  readonly reason: string;
  /** ISO 8601. */
  readonly time: string;
}

export const runFolder = (study: string, trial: Trial): string => join(trialsFolder(study), trial.id);
export const settingsFile = (study: string, trial: Trial): string => join(study, 'settings', `${trial.arm.id}.json`);
export const claimFile = (study: string, trial: Trial): string => join(study, 'claims', trial.id);
export const logFile = (study: string, trial: Trial): string => join(study, 'logs', `${trial.id}.log`);
const failureFile = (study: string, trial: Trial): string => join(failuresFolder(study), `${trial.id}.json`);
export const recordFile = (study: string): string => join(study, recordName);
export const seedsFolder = (study: string): string => join(study, 'seeds');
const additionFile = (study: string, number: number): string => join(seedsFolder(study), `${number}.json`);
export const failuresFolder = (study: string): string => join(study, 'failures');
export const trialsFolder = (study: string): string => join(study, trialsName);

export const trialsName = 'trials';

/** The file that makes a folder a study. */
export const recordName = 'study.json';

/** The folders of a study that readers open. */
export const readFolders: readonly string[] = [trialsName, 'seeds', 'failures'];

/**
 * Begins a study in `folder`, or opens it if it exists there with the same plan.
 * @throws RectioError `usage` if another plan, or anything else, is in the folder; `disk` if it cannot be written
 */
export async function beginStudy(
  folder: string,
  plan: StudyPlan,
  about: Pick<StudyRecord, 'command' | 'versions' | 'machine'>,
): Promise<{ readonly study: Study; readonly found: boolean }> {
  const hash = planHash(plan);
  if (!(await holdsRecord(folder))) {
    await makeFolders(folder);
    for (const { arm, ...trial } of trialsOf(plan, plan.seeds.slice(0, 1))) {
      await replaceJson(settingsFile(folder, { arm, ...trial }), arm.config);
    }
    // Two processes may begin the same study at once: the first record counts.
    const record: StudyRecord = { plan, hash, created: new Date().toISOString(), ...about };
    if (await createRecord(folder, record)) {
      await rememberStudy(folder, plan, hash);
      return { study: await openStudy(folder), found: false };
    }
  }
  const study = await openStudy(folder);
  // A study that an earlier version began lacks the settings that are new since, which have their defaults.
  if (study.record.hash === hash || planHash(study.record.plan) === hash) {
    await rememberStudy(folder, plan, study.record.hash);
    return { study, found: true };
  }
  throw new RectioError(
    'usage',
    `${folder} holds a study with another plan (${study.record.hash}, not ${hash}), and a plan is never changed.`,
    'Give another folder with `study`; to add seeds to the study that is there, use `study` with `addSeeds` alone.',
  );
}

/**
 * The folder for a study of this plan: `base` if it is free or holds this study, else `base-2` and so on, as for runs.
 * @throws RectioError `usage` if a study on the way cannot be read
 */
export async function ownFolder(base: string, plan: StudyPlan): Promise<string> {
  const hash = planHash(plan);
  for (let number = 1; ; number++) {
    const folder = number === 1 ? base : `${base}-${number}`;
    if (!(await holdsRecord(folder))) {
      // A folder with anything else in it is somebody's.
      const entries = (await readdir(folder).catch(whereGone)) ?? [];
      if (entries.every(isOfStudy)) return folder;
    } else {
      const { record } = await openStudy(folder);
      if (record.hash === hash || planHash(record.plan) === hash) return folder;
    }
  }
}

/** What a study's folder may hold before its record is written. */
const isOfStudy = (entry: string): boolean => innerFolders.includes(entry) || entry.startsWith(recordName);

async function makeFolders(folder: string): Promise<void> {
  await onDisk(folder, async () => {
    await mkdir(folder, { recursive: true });
    const entries = await readdir(folder);
    const strange = entries.find((entry) => !isOfStudy(entry));
    if (strange !== undefined) {
      throw new RectioError(
        'usage',
        `The folder ${folder} holds ${strange}, which belongs to no study.`,
        'Give a new or an empty folder.',
      );
    }
  });
  await makeInnerFolders(folder);
}

const innerFolders: readonly string[] = ['settings', 'trials', 'claims', 'failures', 'logs', 'seeds'];

/** Makes the folders of a study that are not there: copies, and Git, leave empty ones out. @throws RectioError `disk` */
export async function makeInnerFolders(folder: string): Promise<void> {
  for (const name of innerFolders) {
    const path = join(folder, name);
    await onDisk(path, () => mkdir(path, { recursive: true }));
  }
}

/** Held while a record or an addition is written: both must exist once, and whole. */
const lockFile = (folder: string): string => `${recordFile(folder)}.lock`;

/** Writes a study's record. @returns false if there is one already */
function createRecord(folder: string, record: StudyRecord): Promise<boolean> {
  return withLock(lockFile(folder), {}, async () => {
    if (await holdsRecord(folder)) return false;
    const path = recordFile(folder);
    // Nothing in it can be used any more, but only its owner knows that for sure.
    if (await exists(path)) await onDisk(path, () => rename(path, `${path}.damaged`));
    await replaceJson(path, record);
    return true;
  });
}

/** Whether a study has a record: earlier versions wrote it in place, and a crash could cut it off. */
async function holdsRecord(folder: string): Promise<boolean> {
  const text = await readTextIfThere(recordFile(folder), { code: 'usage', hint: undoHint });
  if (text === undefined) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const undoHint =
  'Undo what was changed in it. If a crash damaged it, give the study\u2019s plan again together with `study`: it is then written anew.';

const parsePlan = fields<StudyPlan>({
  format: oneOf(1),
  name: aFileName,
  arms: listOf(
    fields<Arm>({
      id: aFileName,
      label: aText,
      group: aText,
      role: oneOf('baseline', 'variant', 'control'),
      config: recordedConfig,
    }),
  ),
  seeds: listOf(aCount),
  worthwhile: aNumber,
});

export const parseVersions = mapOf(aText);

const parseStudyRecord = fields<Omit<StudyRecord, 'machine'> & { readonly machine: string | undefined }>({
  plan: parsePlan,
  hash: aText,
  command: aText,
  created: aText,
  versions: parseVersions,
  machine: orElse(aText, undefined),
});

/** A study's record, and its plan as the file has it. */
function parseWritten(value: unknown, place: string): { readonly record: StudyRecord; readonly written: WrittenPlan } {
  const { machine, ...record } = parseStudyRecord(value, place);
  const written = fields<WrittenPlan>({
    format: oneOf(1),
    arms: listOf(aRecord),
    seeds: listOf(aCount),
    worthwhile: aNumber,
  })(aRecord(value, place)['plan'], 'plan');
  return { record: { ...record, ...defined({ machine }) }, written };
}

/** Opens the study in a folder. @throws RectioError `usage` if this version cannot read one there */
export async function openStudy(folder: string): Promise<Study> {
  const path = recordFile(folder);
  const hint = 'Give the folder of a study, which rectio compare makes.';
  // The hash covers the plan as it was written: this version may know settings that the plan does not have.
  const text = await readJsonIfThere(path, parseWritten, { code: 'usage', hint: undoHint });
  if (text === undefined)
    throw new RectioError('usage', `${folder} is not a study: there is no study.json in it.`, hint);
  const { record, written } = text;
  if (record.hash !== planHash(written)) {
    throw new RectioError(
      'usage',
      `${path} is not the plan of a study as it was made: it was changed, or another version wrote it.`,
      undoHint,
    );
  }
  const additions = await readAdditions(folder);
  const seeds = [...new Set([...record.plan.seeds, ...additions.flatMap((addition) => addition.seeds)])];
  if (record.plan.arms.length * seeds.length > mostTrials) {
    throw new RectioError(
      'usage',
      `${path} has more than ${mostTrials} trainings, the most that a study can have.`,
      undoHint,
    );
  }
  return { folder, record, additions, trials: trialsOf(record.plan, seeds) };
}

const parseAddition = fields<Addition>({ seeds: listOf(aCount), added: aText });

async function readAdditions(folder: string): Promise<Addition[]> {
  const names = (await readdir(seedsFolder(folder)).catch(whereGone)) ?? [];
  const numbers = names.filter((name) => /^\d+\.json$/.test(name)).map((name) => Number.parseInt(name, 10));
  const additions: Addition[] = [];
  for (const number of numbers.sort((a, b) => a - b)) {
    const path = additionFile(folder, number);
    const addition = await readJsonIfThere(path, parseAddition, { code: 'usage', hint: undoHint });
    if (addition !== undefined) additions.push(addition);
  }
  return additions;
}

/** Adds the lowest seeds that the study does not have. @throws RectioError `disk` */
export async function addSeeds(study: Study, count: number): Promise<Study> {
  const taken = new Set(study.trials.map(({ seed }) => seed));
  if (study.record.plan.arms.length * (taken.size + count) > mostTrials) {
    throw new RectioError(
      'usage',
      `A study can have ${mostTrials} trainings, and these would be more.`,
      'Add fewer seeds.',
    );
  }
  const seeds: number[] = [];
  for (let seed = 0; seeds.length < count; seed++) if (!taken.has(seed)) seeds.push(seed);
  const addition: Addition = { seeds, added: new Date().toISOString() };
  await withLock(lockFile(study.folder), {}, async () => {
    let number = study.additions.length + 1;
    while (await exists(additionFile(study.folder, number))) number++;
    await replaceJson(additionFile(study.folder, number), addition);
  });
  return openStudy(study.folder);
}

/** @throws RectioError `disk` */
export async function recordFailure(study: string, trial: Trial, reason: string): Promise<void> {
  await replaceJson(failureFile(study, trial), { reason, time: new Date().toISOString() } satisfies Failure);
}

export function readFailure(study: string, trial: Trial): Promise<Failure | undefined> {
  return readJsonIfThere(failureFile(study, trial), fields<Failure>({ reason: aText, time: aText }), {
    code: 'usage',
    hint: 'Delete this file; the training is then done again.',
  });
}
