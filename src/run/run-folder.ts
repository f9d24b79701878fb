/** What a run is, and the folder that is made for a new one. */

import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { defined } from '../base/defined.js';
import { RectioError } from '../base/error.js';
import {
  aBoolean,
  aCount,
  aNumber,
  aRecord,
  aText,
  fields,
  listOf,
  mapOf,
  oneOf,
  orElse,
  orNull,
} from '../base/parse.js';
import type { Tuning } from '../engines/engine.js';
import { graphFromJson, graphToJson, type Graph } from '../graph/index.js';
import { scopes, type Counts, type ProportionReport, type SiteReport } from '../proportion/index.js';
import { recordedConfig, type TrainConfig } from '../config/index.js';
import { errorCode, exists, onDisk } from '../system/errno.js';
import { replaceJson, syncFolder } from '../system/durable.js';
import { readJsonIfThere } from '../system/json-file.js';
import type { Lock } from '../system/lock.js';
import { parseWeightsReport, type WeightsReport } from './weights-report.js';
import { holdsRun, inRun, ofLock } from './layout.js';
import { lockRun } from './lock.js';

/** `config.json`: everything that has to be the same for the run to go on. */
export interface RunRecord {
  readonly format: 1;
  /** Of Rectio, Node and the engine's libraries, by name. */
  readonly versions: { readonly [name: string]: string };
  readonly engine: { readonly name: string; readonly device: string; readonly threads: number | null };
  readonly tuning: { readonly training: Tuning; readonly inference: Tuning; readonly frozen: Tuning | null };
  readonly config: TrainConfig;
  readonly dataset: {
    readonly name: string;
    readonly fingerprint: string;
    readonly classes: readonly string[];
    readonly shape: readonly number[];
    readonly trainImages: number;
    readonly testImages: number;
    /** How inputs have to be normalized. */
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
  };
  readonly graph: Graph;
  /** What it began with of a file of weights; null if all weights were drawn. */
  readonly weights: WeightsReport | null;
  /** What the rewrite to the ratio kept and dropped. */
  readonly proportion: ProportionReport;
}

/** `resnet20-2to1-seed0`: network, ratio or pattern, names of dropped ReLUs, and seed. */
export function runName({ name }: Graph, { ratio, seed }: TrainConfig): string {
  const asked = ratio.pattern ?? (ratio.ratio ?? '1:1').replaceAll(':', 'to');
  // File systems take names of up to 255 bytes; runs of one name are numbered.
  const proportion = [asked, ...ratio.drop.map((dropped) => `no-${dropped}`)].join('-').slice(0, 120);
  return `${name}-${proportion}-seed${seed}`.replaceAll(/[^\w.-]+/g, '_');
}

/** A folder that is this run's alone: this process holds its lock. */
export interface NewRunFolder {
  readonly path: string;
  readonly lock: Lock;
  /** Takes away everything that was made, for a run that could not begin, and gives the lock back. */
  discard(): Promise<void>;
}

/**
 * Makes a new run's folder: `folder` if given, else the first of `runs/NAME`, `runs/NAME-2`, … that is free. Takes its lock
 * before it looks at what is inside, so that only what no other process uses is ever removed.
 * @throws RectioError `usage` if `folder` is not empty, `checkpoint` if another process works in it, `disk` if it cannot be
 * made
 */
export async function createRunFolder(folder: string | undefined, name: string): Promise<NewRunFolder> {
  return folder === undefined ? makeNumbered(name) : makeGiven(folder);
}

async function makeNumbered(name: string): Promise<NewRunFolder> {
  await makeFolder('runs');
  for (let number = 1; ; number++) {
    const path = join('runs', number === 1 ? name : `${name}-${number}`);
    if (await makeNew(path)) return claim(path, true);
  }
}

async function makeGiven(path: string): Promise<NewRunFolder> {
  await makeFolder(dirname(resolve(path)));
  const made = await makeNew(path);
  // Looked at before the lock is taken, so that nothing is written into a folder of somebody else's.
  if (!made) await refuseForeign(path);
  return claim(path, made);
}

/** Takes a folder's lock, and empties it of what a run left that was killed before it began. */
async function claim(path: string, made: boolean): Promise<NewRunFolder> {
  const lock = await lockRun(path).catch(async (error: unknown) => {
    // Refused by the disk, not by another process, which would need the folder.
    if (made && error instanceof RectioError && error.code === 'disk') await rmdir(path).catch(() => undefined);
    throw error;
  });
  const discard = async () => {
    try {
      await clear(path);
    } finally {
      await lock.release();
    }
    // An empty folder that somebody made stays; so does one that another process has entered in the meantime.
    if (made) await rmdir(path).catch(() => undefined);
  };
  try {
    await refuseForeign(path);
    await onDisk(path, () => clear(path));
    return { path, lock, discard };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Removes everything but the lock. */
async function clear(path: string): Promise<void> {
  for (const entry of await readdir(path)) {
    if (!ofLock(entry)) await rm(join(path, entry), { recursive: true, force: true });
  }
}

/** @throws RectioError `usage` if a folder holds anything but what a run leaves that was killed before it began */
async function refuseForeign(path: string): Promise<void> {
  const entries = (await onDisk(path, () => readdir(path))).filter((entry) => !ofLock(entry));
  if (
    !holdsRun(new Set(entries)) &&
    (await Promise.all(entries.map((entry) => isLeftover(path, entry)))).every(Boolean)
  ) {
    return;
  }
  throw new RectioError(
    'usage',
    `The folder ${path} is not empty, and a run is never overwritten.`,
    'Choose another folder, or go on with the run that is in it with `resume`.',
  );
}

/** Whether an entry of a folder without a record is from a run that was killed while it was made. */
async function isLeftover(run: string, entry: string): Promise<boolean> {
  const path = join(run, entry);
  if (path !== inRun(run, 'checkpoints'))
    return entry.startsWith(`${basename(inRun(run, 'record'))}.`) && entry.endsWith('.tmp');
  // Given weights are stored as a checkpoint before the record is.
  const inside = await readdir(path).catch(() => undefined);
  return inside !== undefined && inside.every((name) => /^step-0+(\.[\w.]*tmp)?$/.test(name));
}

async function makeFolder(path: string): Promise<void> {
  await onDisk(path, () => mkdir(path, { recursive: true }));
}

/** @returns false if it already exists */
async function makeNew(path: string): Promise<boolean> {
  return onDisk(path, async () => {
    try {
      await mkdir(path);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    }
    await syncFolder(dirname(resolve(path)));
    return true;
  });
}

/** @throws RectioError `disk` */
export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  await replaceJson(inRun(folder, 'record'), record);
}

const aTuning = mapOf(aText);
const theCounts = fields<Counts>({ convolutions: aCount, activations: aCount });

const parseRecord = fields<RunRecord>({
  format: oneOf(1),
  versions: mapOf(aText),
  engine: fields<RunRecord['engine']>({ name: aText, device: aText, threads: orElse(orNull(aCount), null) }),
  tuning: fields<RunRecord['tuning']>({ training: aTuning, inference: aTuning, frozen: orElse(orNull(aTuning), null) }),
  config: recordedConfig,
  dataset: fields<RunRecord['dataset']>({
    name: aText,
    fingerprint: aText,
    classes: listOf(aText),
    shape: listOf(aCount),
    trainImages: aCount,
    testImages: aCount,
    mean: listOf(aNumber),
    deviation: listOf(aNumber),
  }),
  // A record holds the bare network; checked, since it may have been edited.
  graph: (value, place) => graphFromJson({ ...graphToJson({ name: '', nodes: [] }), ...aRecord(value, place) }),
  weights: orElse(orNull(parseWeightsReport), null),
  proportion: fields<ProportionReport>({
    label: aText,
    asked: aText,
    achieved: aText,
    pattern: aText,
    scope: oneOf(...scopes),
    drop: listOf(aText),
    sites: listOf(parseSite),
    before: theCounts,
    after: theCounts,
  }),
});

function parseSite(value: unknown, place: string): SiteReport {
  const { stage, block, ...rest } = fields<Partial<SiteReport> & Pick<SiteReport, 'name' | 'kept'>>({
    name: aText,
    kept: aBoolean,
    stage: orElse(aText, undefined),
    block: orElse(aText, undefined),
  })(value, place);
  return { name: rest.name, ...defined({ stage, block }), kept: rest.kept };
}

/** What a run is, from its folder. @throws RectioError `checkpoint` if the folder holds no run that began */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = inRun(folder, 'record');
  const hint = 'Give the folder of a run, such as runs/resnet20-1to1-seed0.';
  const record = await readJsonIfThere(path, parseRecord, { code: 'checkpoint', hint });
  if (record !== undefined) return record;
  if (await exists(inRun(folder, 'checkpoints'))) {
    throw new RectioError(
      'checkpoint',
      `The run in ${folder} was stopped before it began: there is no ${basename(path)} in it.`,
      `Begin it again, with the same settings and \`run: ${folder}\`.`,
    );
  }
  throw new RectioError('checkpoint', `${folder} is no run: there is no ${basename(path)} in it.`, hint);
}
