/** The results of a campaign so far, read from the runs of its studies. */

import { readTrials, resultOf, type ReadTrials, type StudyResult } from '../results.js';
import { judgeCampaign, measurePair, type CampaignVerdict, type Evidence, type PairResult } from './judge.js';
import type { Chart } from './plan.js';
import type { Campaign, CampaignRecord } from './folder.js';

export interface CampaignResult extends CampaignVerdict {
  readonly record: CampaignRecord;
  readonly studies: readonly StudyProgress[];
  /** The points of the plan's figure; null if it has none. */
  readonly chart: ChartResult | null;
}

/** Differences against the number that the campaign's studies differ in. */
export interface ChartResult {
  readonly x: string;
  readonly series: readonly { readonly name: string; readonly points: readonly ChartPoint[] }[];
}

export interface ChartPoint {
  readonly at: number;
  readonly difference: PairResult;
}

/** How far a study of a campaign is. */
export interface StudyProgress {
  readonly name: string;
  /** Null if its folder is not there. */
  readonly result: StudyResult | null;
  readonly trainings: { readonly all: number; readonly done: number; readonly failed: number } | null;
  /** Planned seeds that do not count in any arm, since a training with them failed. */
  readonly leftOut: readonly number[];
  /** Seeds that were added to the study after its plan; they do not count here. */
  readonly added: readonly number[];
  /** Begun before the campaign's plan was written. */
  readonly begunBefore: boolean;
}

/** @throws RectioError `checkpoint` if a finished run is damaged */
export async function campaignResult({ record, studies }: Campaign): Promise<CampaignResult> {
  const read = new Map<string, Read>();
  for (const { name, study } of studies) {
    if (study === undefined) continue;
    const trials = await readTrials(study);
    const planned = new Set(study.record.plan.seeds);
    const failed = new Set(trials.states.flatMap(({ trial, state }) => (state === 'failed' ? [trial.seed] : [])));
    const counted = study.record.plan.seeds.filter((seed) => !failed.has(seed));
    read.set(name, {
      trials,
      counted: new Set(counted),
      progress: {
        name,
        result: resultOf(study, trials),
        trainings: countsOf(trials),
        leftOut: study.record.plan.seeds.filter((seed) => failed.has(seed)),
        added: [...new Set(study.trials.map(({ seed }) => seed))].filter((seed) => !planned.has(seed)),
        begunBefore: study.record.created < record.created,
      },
    });
  }
  const evidence = evidenceOf(read);
  return {
    record,
    ...judgeCampaign(record.claims, evidence),
    chart: record.claims.chart && chartOf(record.claims.chart, evidence),
    studies: studies.map(({ name }) => read.get(name)?.progress ?? notThere(name)),
  };
}

function chartOf({ x, series }: Chart, { outcomes }: Evidence): ChartResult {
  return {
    x,
    series: series.map(({ name, points }) => ({
      name,
      points: points.flatMap(({ at, ...pair }) => {
        const difference = measurePair(pair, outcomes);
        return difference === null ? [] : [{ at, difference }];
      }),
    })),
  };
}

interface Read {
  readonly trials: ReadTrials;
  readonly counted: ReadonlySet<number>;
  readonly progress: StudyProgress;
}

function notThere(name: string): StudyProgress {
  return { name, result: null, trainings: null, leftOut: [], added: [], begunBefore: false };
}

function countsOf({ states }: ReadTrials): NonNullable<StudyProgress['trainings']> {
  const of = (wanted: string): number => states.filter(({ state }) => state === wanted).length;
  return { all: states.length, done: of('done'), failed: of('failed') };
}

function evidenceOf(read: ReadonlyMap<string, Read>): Evidence {
  return {
    outcomes: ({ study, group, arm }) => {
      const found = read.get(study);
      if (found === undefined) return [];
      return found.trials.done
        .filter(({ trial }) => trial.arm.group === group && trial.arm.label === arm && found.counted.has(trial.seed))
        .map(({ outcome }) => outcome);
    },
    // Failed seeds do not count, so their other trainings need not be waited for.
    finished: (study) => {
      const found = read.get(study);
      return (
        found !== undefined &&
        found.trials.states.every(({ trial, state }) => !found.counted.has(trial.seed) || state === 'done')
      );
    },
  };
}
