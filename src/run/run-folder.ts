/** What a run is, and the folder that is made for a new one. */

import { mkdir, readdir, rm } from 'node:fs/promises';
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
import { parseSettings, resolveConfig, type TrainConfig } from '../config/index.js';
import { errorCode, onDisk } from '../system/errno.js';
import { replaceJson, syncFolder } from '../system/durable.js';
import { readJsonIfThere } from '../system/json-file.js';
import { parseWeightsReport, type WeightsReport } from './weights-report.js';
import { inRun } from './layout.js';

/** `config.json`: everything that has to be the same for the run to go on. */
export interface RunRecord {
  readonly format: 1;
  /** Of Rectio, Node and the engine's libraries, by name. */
  readonly versions: { readonly [name: string]: string };
  readonly engine: { readonly name: string; readonly device: string; readonly threads: number | null };
  readonly tuning: { readonly training: Tuning; readonly inference: Tuning };
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

/** A folder that is this run's alone. */
export interface NewRunFolder {
  readonly path: string;
  /** Takes away everything that was made, for a run that could not begin. */
  discard(): Promise<void>;
}

/**
 * Makes a new run's folder: `folder` if given, else the first of `runs/NAME`, `runs/NAME-2`, … that is free.
 * @throws RectioError `usage` if `folder` is not empty, `disk` if it cannot be made
 */
export async function createRunFolder(folder: string | undefined, name: string): Promise<NewRunFolder> {
  return folder === undefined ? makeNumbered(name) : makeGiven(folder);
}

async function makeNumbered(name: string): Promise<NewRunFolder> {
  await makeFolder('runs');
  for (let number = 1; ; number++) {
    const path = join('runs', number === 1 ? name : `${name}-${number}`);
    if (await makeNew(path)) return { path, discard: () => rm(path, { recursive: true, force: true }) };
  }
}

async function makeGiven(path: string): Promise<NewRunFolder> {
  await makeFolder(dirname(resolve(path)));
  if (await makeNew(path)) return { path, discard: () => rm(path, { recursive: true, force: true }) };
  if ((await onDisk(path, () => readdir(path))).length > 0) {
    throw new RectioError(
      'usage',
      `The folder ${path} is not empty, and a run is never overwritten.`,
      'Choose another folder, or go on with the run that is in it with `resume`.',
    );
  }
  // An empty folder that somebody made stays.
  const discard = async () => {
    for (const entry of await readdir(path)) await rm(join(path, entry), { recursive: true, force: true });
  };
  return { path, discard };
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
  tuning: fields<RunRecord['tuning']>({ training: aTuning, inference: aTuning }),
  config: (value) => resolveConfig(parseSettings(value)),
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
  throw new RectioError('checkpoint', `${folder} is no run: there is no ${basename(path)} in it.`, hint);
}
