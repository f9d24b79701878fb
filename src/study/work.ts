/** How much work a plan is, and how long it takes going by trainings that are finished. */

import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { readRunRecord, readSummary } from '../run/index.js';
import { trialsName } from './folder.js';
import type { Arm, StudyPlan } from './plan.js';

export interface PlannedWork {
  readonly trainings: number;
  /** Of all trainings together. */
  readonly epochs: number;
  /** Training images that all epochs show; null if a data set's size is known only when it is opened. */
  readonly images: number | null;
}

/** Training images of the data sets whose size never changes, if they lie where Rectio puts them. */
const sizes: { readonly [name: string]: number } = {
  ...{ synthetic: 8000, cifar10: 50_000, cifar100: 50_000, mnist: 60_000, 'fashion-mnist': 60_000 },
};

export function plannedWork({ arms, seeds }: Pick<StudyPlan, 'arms' | 'seeds'>): PlannedWork {
  const images = arms.map(({ config: { data, epochs } }) => {
    const size = data.dir === null ? sizes[data.name] : undefined;
    return size === undefined ? null : Math.min(size, data.limit ?? Infinity) * epochs;
  });
  return {
    trainings: arms.length * seeds.length,
    epochs: seeds.length * arms.reduce((sum, { config }) => sum + config.epochs, 0),
    images: images.some((count) => count === null)
      ? null
      : seeds.length * images.reduce<number>((sum, count) => sum + (count ?? 0), 0),
  };
}

export interface ExpectedTime {
  /** Of all trainings, one after the other. */
  readonly seconds: number;
  /** The number of finished trainings that it goes by. */
  readonly measured: number;
}

/** Finished trainings that are looked at; the newest studies have enough of them. */
const mostRuns = 200;

/**
 * The time of all trainings, going by finished ones of the same network on the same data and with the same batch: those of
 * this study, of those beside it, and of the folder `runs` beside the folder of studies. Null if there is none for one of the arms.
 */
export async function expectedTime(plan: StudyPlan, studyFolder: string): Promise<ExpectedTime | null> {
  const finished = await finishedRuns(studyFolder);
  let seconds = 0;
  const used = new Set<string>();
  for (const arm of plan.arms) {
    const like = finished.filter((run) => isLike(run, arm));
    if (like.length === 0) return null;
    for (const { folder } of like) used.add(folder);
    const perEpoch = like.reduce((sum, run) => sum + run.seconds / run.epochs, 0) / like.length;
    seconds += plan.seeds.length * arm.config.epochs * perEpoch;
  }
  return { seconds, measured: used.size };
}

interface FinishedRun {
  readonly folder: string;
  readonly model: string;
  readonly data: string;
  readonly limit: number | null;
  readonly batch: number;
  readonly epochs: number;
  readonly seconds: number;
}

function isLike({ model, data, limit, batch }: FinishedRun, { config }: Arm): boolean {
  return (
    model === config.model.name && data === config.data.name && limit === config.data.limit && batch === config.batch
  );
}

async function finishedRuns(studyFolder: string): Promise<FinishedRun[]> {
  const studies = dirname(studyFolder);
  const folders = [
    ...(await below(join(studyFolder, trialsName))),
    ...(await below(join(dirname(studies), 'runs'))),
    ...(await Promise.all((await below(studies)).map((study) => below(join(study, trialsName))))).flat(),
  ];
  const found: FinishedRun[] = [];
  for (const folder of [...new Set(folders)]) {
    if (found.length === mostRuns) break;
    const run = await finishedRun(folder);
    if (run !== undefined) found.push(run);
  }
  return found;
}

async function below(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.sort().map((entry) => join(folder, entry));
}

/** Undefined for anything that is no finished run; an estimate is worth no error. */
async function finishedRun(folder: string): Promise<FinishedRun | undefined> {
  try {
    const summary = await readSummary(folder);
    if (summary === undefined || summary.epochs === 0) return undefined;
    const { config } = await readRunRecord(folder);
    const { model, data, batch } = config;
    return {
      ...{ folder, model: model.name, data: data.name, limit: data.limit, batch },
      ...{ epochs: summary.epochs, seconds: summary.seconds },
    };
  } catch {
    return undefined;
  }
}
