/** What the page of one study shows. */

import { lstat } from 'node:fs/promises';

import { RectioError } from '../base/error.js';
import {
  caveats,
  forestPlot,
  openStudy,
  rangeByEpoch,
  reportPage,
  runFolder,
  resultColumns,
  studyDocument,
  studyResult,
  verdictSentence,
  type Arm,
  type Evaluation,
  type Study,
  type StudyResult,
} from '../study/index.js';
import { filesToRead, inRun } from '../run/index.js';
import type { ArmCurve, StudyPage, StudyRow } from './api.js';
import type { MetricsReader } from './metrics-reader.js';

export interface StudyPages {
  page(folder: string, row: StudyRow): Promise<StudyPage>;
  /** The forest plot of a group as SVG; undefined if there is no such group or no difference yet. */
  forest(folder: string, row: StudyRow, group: number): Promise<string | undefined>;
  /** The report so far, as one HTML page. */
  report(folder: string, row: StudyRow): Promise<string>;
}

interface Known {
  readonly version: string;
  readonly study: Study;
  readonly result: StudyResult;
}

/** Of how many studies the statistics are kept. */
const kept = 8;

export function studyPages(reader: MetricsReader): StudyPages {
  const known = new Map<string, Promise<Known>>();
  /** The statistics change when a training ends, not with every step. */
  const resultOf = async (folder: string, row: StudyRow): Promise<Known> => {
    const { trials, done, failed } = row;
    const version = `${trials} ${done} ${failed}`;
    const before = await known.get(folder)?.catch(() => undefined);
    if (before?.version === version) return before;
    const now = readStudy(folder, version);
    known.delete(folder);
    known.set(folder, now);
    for (const oldest of [...known.keys()].slice(0, -kept)) known.delete(oldest);
    return now;
  };
  return {
    async page(folder, row) {
      const { study, result } = await resultOf(folder, row);
      return {
        row,
        document: studyDocument(result),
        groups: await Promise.all(
          result.groups.map(async (group) => ({
            name: group.name,
            verdict: verdictSentence(group),
            forest: group.arms.some(({ difference }) => difference !== null),
            columns: resultColumns.map(({ title, about }) => ({ title, about })),
            rows: group.arms.map((arm) => resultColumns.map(({ cell }) => cell(arm))),
            curves: await Promise.all(group.arms.map(({ arm }) => curveOf(study, arm, reader))),
          })),
        ),
        caveats: caveats(result),
        command: study.record.command,
      };
    },
    async forest(folder, row, index) {
      const group = (await resultOf(folder, row)).result.groups[index];
      return group === undefined ? undefined : forestPlot(group);
    },
    async report(folder, row) {
      const { study, result } = await resultOf(folder, row);
      return reportPage(study, result);
    },
  };
}

async function readStudy(folder: string, version: string): Promise<Known> {
  const study = await openStudy(folder);
  await refuseLinks(study);
  return { version, study, result: await studyResult(study) };
}

/** A trial's folder, or a file in it, that is a link may show what lies outside the board's folder. */
export async function refuseLinks({ folder, trials }: Study): Promise<void> {
  const paths = trials.flatMap((trial) => {
    const run = runFolder(folder, trial);
    return [run, ...filesToRead.map((file) => inRun(run, file))];
  });
  const found = await Promise.all(paths.map((path) => lstat(path).catch(() => undefined)));
  const link = found.findIndex((entry) => entry?.isSymbolicLink());
  if (link === -1) return;
  throw new RectioError('usage', `${paths[link]} is a link.`, 'The board follows no links; put the run itself there.');
}

/** The error after each epoch over an arm's seeds: those that are done, and those that are on their way. */
async function curveOf({ folder, trials }: Study, arm: Arm, reader: MetricsReader): Promise<ArmCurve> {
  const own = trials.filter((trial) => trial.arm.id === arm.id);
  const evaluations: Evaluation[] = [];
  let seeds = 0;
  for (const trial of own) {
    const { epochs } = await reader.read(runFolder(folder, trial));
    if (epochs.length > 0) seeds += 1;
    for (let row = 0; row < epochs.length; row++) {
      const error = epochs.evaluatedError[row]!;
      if (Number.isFinite(error)) evaluations.push({ epoch: epochs.epoch[row]! + 1, error });
    }
  }
  return { name: arm.label, seeds, points: rangeByEpoch(evaluations) };
}
