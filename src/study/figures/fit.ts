/**
 * Test error over training error: each arm's curve along its training, and below it the difference to the baseline where both
 * were.
 */

import type { ArmResult, GroupResult } from '../results.js';
import {
  curvePairs,
  differenceAt,
  fitCurve,
  lastCrossing,
  sharedRange,
  type FitCurve,
} from '../same-training-error.js';
import type { Summary } from '../statistics/index.js';
import { evaluatedName } from './evaluated-name.js';
import {
  armColor,
  axes,
  figure,
  figureWidth,
  filled,
  legend,
  linearScale,
  lineMark,
  place,
  stroked,
  textMark,
  tooltip,
  type ColorName,
  type Scale,
} from '../../draw/chart.js';

const upper = { left: 52, right: figureWidth - 16, top: 62, bottom: 290 };
const lower = { left: 52, right: figureWidth - 16, top: 364, bottom: 474 };

/** Places along a range at which means are drawn. */
const samples = 80;

interface ArmCurves {
  readonly name: string;
  readonly color: ColorName;
  /** One for each seed with at least two evaluated epochs. */
  readonly seeds: readonly FitCurve[];
  readonly differences: readonly Sample[];
}

/** A mean over seeds at a training error. */
interface Sample extends Pick<Summary, 'mean' | 'deviation' | 'interval'> {
  readonly trainError: number;
}

/** Undefined if no finished run has two evaluated epochs. */
export function fitCurves(group: GroupResult): string | undefined {
  const [baseline] = group.arms;
  const arms = group.arms
    .map((arm, index) => armCurves(arm, baseline!, armColor(index)))
    .filter(({ seeds }) => seeds.length > 0);
  const points = arms.flatMap(({ seeds }) => seeds.flat());
  if (points.length === 0) return undefined;
  const errors = points.map(({ trainError }) => trainError);
  const x = linearScale(errors, upper.left, upper.right, 6);
  const compared = arms.filter(({ differences }) => differences.length > 0);
  const frame = compared.length === 0 ? upper : lower;
  const names = legend(arms, frame.left - 36, figureWidth - 32, frame.bottom + 86);
  const tested = evaluatedName(group);
  return figure(
    figureWidth,
    frame.bottom + 80 + names.height,
    {
      title: `${tested} over training error: ${group.name}`,
      description: arms.map(describe).join('. '),
    },
    [
      textMark(16, 24, `${tested} over training error, along training`, { kind: 'strong' }),
      ...upperPanel(arms, x, tested),
      ...(compared.length === 0 ? [] : lowerPanel(compared, x, baseline!.arm.label)),
      textMark(16, frame.bottom + 62, 'Thin: seeds. Thick: their mean. Dots above: last epoch.', { kind: 'small' }),
      ...names.marks,
    ],
  );
}

function armCurves(arm: ArmResult, baseline: ArmResult, color: ColorName): ArmCurves {
  const seeds = arm.runs.map(({ curve }) => fitCurve(curve)).filter((curve) => curve.length >= 2);
  return { name: arm.arm.label, color, seeds, differences: arm === baseline ? [] : differencesTo(baseline, arm) };
}

function differencesTo(baseline: ArmResult, { runs, sameTrainingError }: ArmResult): Sample[] {
  if (sameTrainingError?.kind !== 'shared') return [];
  const pairs = curvePairs(baseline.runs, runs);
  return along(sameTrainingError.range).map((trainError) => ({ trainError, ...differenceAt(pairs, trainError) }));
}

/** Training errors at equal distances, both ends included. */
function along({ low, high }: { readonly low: number; readonly high: number }): number[] {
  return Array.from({ length: samples + 1 }, (_, index) =>
    // The end itself, which a sum may miss by a rounding error.
    index === samples ? high : low + (index / samples) * (high - low),
  );
}

function describe({ name, seeds, differences: [first] }: ArmCurves): string {
  const ends = seeds.map((curve) => curve.at(-1)!);
  const mean = (values: readonly number[]): string => (values.reduce((a, b) => a + b, 0) / values.length).toFixed(2);
  const end = `${name} ends at a training error of ${mean(ends.map(({ trainError }) => trainError))} % and ${mean(ends.map(({ testError }) => testError))} % on images it was not trained on`;
  return first === undefined
    ? end
    : `${end}; at a training error of ${first.trainError.toFixed(2)} % it differs by ${first.mean.toFixed(2)} points`;
}

function upperPanel(arms: readonly ArmCurves[], x: Scale, tested: string): string[] {
  const errors = arms.flatMap(({ seeds }) => seeds.flat().map(({ testError }) => testError));
  const y = linearScale(errors, upper.bottom, upper.top);
  return [
    ...axes(upper, x, y, 'training error, % (training runs to the left)', `${tested.toLowerCase()}, %`),
    ...arms.flatMap((arm) => arm.seeds.flatMap((curve) => seedMarks(curve, arm, x, y))),
    ...arms.map(({ seeds, color }) => {
      const range = seeds.length < 2 ? undefined : sharedRange(seeds);
      const means =
        range === undefined ? [] : along(range).map((trainError) => [trainError, meanAt(seeds, trainError)]);
      return pathMark(
        means.map(([error, mean]) => [x.at(error!), y.at(mean!)]),
        color,
        2.4,
      );
    }),
  ];
}

function seedMarks(curve: FitCurve, { name, color }: ArmCurves, x: Scale, y: Scale): string[] {
  const places = curve.map(({ trainError, testError }): Place => [x.at(trainError), y.at(testError)]);
  const [endX, endY] = places.at(-1)!;
  const { trainError, testError } = curve.at(-1)!;
  const text = `${name} at the end: ${testError.toFixed(2)} % at a training error of ${trainError.toFixed(2)} %`;
  return [
    pathMark(places, color, 1, ' opacity=".45"'),
    `<circle cx="${place(endX)}" cy="${place(endY)}" r="3" ${filled(color)}>${tooltip(text)}</circle>`,
  ];
}

function meanAt(seeds: readonly FitCurve[], trainError: number): number {
  return seeds.reduce((sum, curve) => sum + lastCrossing(curve, trainError)!.testError, 0) / seeds.length;
}

function lowerPanel(arms: readonly ArmCurves[], x: Scale, baseline: string): string[] {
  const all = arms.flatMap(({ differences }) => differences);
  // With few seeds an interval can be very wide: the deviations set the scale, and the panel cuts the bands.
  const y = linearScale(
    [0, ...all.flatMap(({ mean, deviation }) => [mean - (deviation ?? 0), mean + (deviation ?? 0)])],
    lower.bottom,
    lower.top,
    4,
  );
  const inside = (value: number): number => Math.min(lower.bottom, Math.max(lower.top, y.at(value)));
  return [
    ...axes(lower, x, y, 'training error, %', `difference to ${baseline}, points, and 95 % interval`),
    lineMark('zero', lower.left, y.at(0), lower.right, y.at(0)),
    ...arms.flatMap(({ name, differences, color }) => {
      const { trainError: lowest, mean } = differences[0]!;
      const text = `${name} at a training error of ${lowest.toFixed(2)} %: ${mean.toFixed(2)} points from ${baseline}`;
      return [
        bandMark(differences, color, x, inside),
        pathMark(
          differences.map((sample) => [x.at(sample.trainError), y.at(sample.mean)]),
          color,
          2.4,
        ),
        `<circle cx="${place(x.at(lowest))}" cy="${place(y.at(mean))}" r="3" ${filled(color)}>${tooltip(text)}</circle>`,
      ];
    }),
  ];
}

type Place = readonly [x: number, y: number];

function pathMark(places: readonly Place[], color: ColorName, width: number, more = ''): string {
  return places.length === 0 ? '' : `<path d="M${pointsOf(places)}" ${stroked(color, width)}${more}/>`;
}

function bandMark(samplesOf: readonly Sample[], color: ColorName, x: Scale, y: (value: number) => number): string {
  const ends = samplesOf.flatMap(({ trainError, interval }) =>
    interval === null ? [] : [{ at: x.at(trainError), low: y(interval.low), high: y(interval.high) }],
  );
  if (ends.length === 0) return '';
  const outline: Place[] = [
    ...ends.map(({ at, high }): Place => [at, high]),
    ...ends.map(({ at, low }): Place => [at, low]).reverse(),
  ];
  return `<path d="M${pointsOf(outline)}Z" ${filled(color)} opacity=".14"/>`;
}

function pointsOf(places: readonly Place[]): string {
  return places.map(([x, y]) => `${place(x)} ${place(y)}`).join('L');
}
