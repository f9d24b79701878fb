/**
 * A run on disk:
 *
 *     config.json           what it is: config, network, data, engine, versions (`RunRecord`)
 *     metrics.jsonl         what happened, one event per line
 *     events.out.tfevents…  the same for TensorBoard
 *     checkpoints/          the last two states it can go on from
 *     chosen.safetensors    where images are held out, the weights that did best on them so far
 *     epochs.csv            the epochs as a table, once it is done
 *     model.safetensors     the final weights, once it is done
 *     predictions.safetensors  what they answer to each test image, once it is done
 *     wrong.png             the wrong answers that it was surest of, one picture below the other, once it is done
 *     summary.json          the final numbers, once it is done
 */

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { RectioError } from '../base/error.js';
import type { Tuning } from '../engines/engine.js';
import { graphFromJson, graphToJson, type Graph } from '../graph/index.js';
import type { ProportionReport } from '../proportion/index.js';
import { isRecord } from '../base/check.js';
import type { TrainConfig } from '../config/index.js';
import { errorNumber, onDisk, replaceJson, syncFolder } from '../system/files.js';
import type { WeightsReport } from './weights-report.js';

/** `config.json`: everything that has to be the same for the run to go on. */
export interface RunRecord {
  readonly format: 1;
  /** Of Rectio, Node and the engine's libraries, by name. */
  readonly versions: { readonly [name: string]: string };
  readonly engine: { readonly name: string; readonly device: string; readonly threads: number };
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
  /** What it began with of a file of weights; null where all weights were drawn. */
  readonly weights: WeightsReport | null;
  /** What the rewrite to the ratio kept and dropped. */
  readonly proportion: ProportionReport;
}

/** The final weights, once a run is done. */
export const modelPath = (run: string): string => join(run, 'model.safetensors');

/** The weights that did best on the held-out images so far. */
export const chosenWeightsPath = (run: string): string => join(run, 'chosen.safetensors');

/** `resnet20-2to1-seed0`: network, ratio (or pattern, and what is dropped besides) and seed. */
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
 * Makes a new run's folder: `folder` where given, else the first of `runs/NAME`, `runs/NAME-2`, … that is free.
 * @throws RectioError `usage` where `folder` holds something already, `disk` where it cannot be made
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

/** @returns false where it was there already */
async function makeNew(path: string): Promise<boolean> {
  return onDisk(path, async () => {
    try {
      await mkdir(path);
    } catch (error) {
      if (errorNumber(error) === 'EEXIST') return false;
      throw error;
    }
    await syncFolder(dirname(resolve(path)));
    return true;
  });
}

/** @throws RectioError `disk` */
export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  await replaceJson(join(folder, 'config.json'), record);
}

/** What a run is, from its folder. @throws RectioError `checkpoint` where the folder holds no run that began */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, 'config.json');
  const hint = 'Give the folder of a run, such as runs/resnet20-1to1-seed0.';
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const what = errorNumber(error) === 'ENOENT' ? 'there is no' : 'one cannot read';
    throw new RectioError('checkpoint', `${folder} is no run: ${what} ${basename(path)} in it.`, hint, {
      cause: error,
    });
  }
  const record = parseJson(text, path);
  if (record.format !== 1 || !isRecord(record.config) || !isRecord(record.graph)) {
    throw new RectioError('checkpoint', `${path} is not the record of a run that this version can read.`, hint);
  }
  return { ...(record as RunRecord), graph: storedGraph(record.graph, path) };
}

/** The record may have been edited: its network is checked like any other that comes out of a file. */
function storedGraph(graph: Graph, path: string): Graph {
  try {
    return graphFromJson(graphToJson(graph));
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    throw new RectioError('checkpoint', `${path} holds no network: ${error.message}`, 'Undo what was changed in it.', {
      cause: error,
    });
  }
}

function parseJson(text: string, path: string): Partial<RunRecord> {
  try {
    const record: unknown = JSON.parse(text);
    return isRecord(record) ? (record as Partial<RunRecord>) : {};
  } catch (error) {
    throw new RectioError('checkpoint', `${path} is not JSON.`, 'Undo what was changed in it.', { cause: error });
  }
}
