/** The figures of a campaign: every hypothesis with its interval, and differences against depth or another number. */

import {
  armColor,
  axes,
  estimateMark,
  figure,
  figureWidth,
  filled,
  intervalMark,
  legend,
  linearScale,
  lineMark,
  place,
  rowLines,
  seedMark,
  stroked,
  textMark,
  type ColorName,
} from '../../../draw/chart.js';
import { formatDifference } from '../../figures/index.js';
import type { HypothesisResult } from '../judge.js';
import type { CampaignResult, ChartPoint, ChartResult } from '../results.js';
import type { Interval, MeanDifference } from '../../statistics/index.js';

interface Row {
  readonly label: string;
  readonly detail: string;
  readonly estimate: MeanDifference;
  readonly values: readonly number[];
  readonly expect: Interval | null;
  readonly color: ColorName;
}

const plot = { left: 24, right: figureWidth - 24 };
/** Two lines of text, and below them the interval and the seeds. */
const rowHeight = 70;
/** The part of a row where lines run, below its text. */
const plotHeight = 30;
const top = 56;
const plotTop = (row: number): number => top + (row + 1) * rowHeight - plotHeight;

/** Differences of all hypotheses; undefined if there is none yet. */
export function hypothesisPlot({ hypotheses, record }: CampaignResult): string | undefined {
  const rows = hypotheses.flatMap(rowsOf);
  if (rows.length === 0) return undefined;
  const values = rows.flatMap(({ estimate: { mean, ci }, values: seeds, expect }) => [
    mean,
    ...seeds,
    ...(ci ? [ci.low, ci.high] : []),
    ...(expect ? [expect.low, expect.high] : []),
  ]);
  const x = linearScale([0, ...values], plot.left, plot.right, 6);
  const bottom = top + rows.length * rowHeight;
  const marks = [
    textMark(16, 24, 'Differences in test error, in points', { kind: 'strong' }),
    textMark(plot.left, top - 12, '◀ lower error', { kind: 'small' }),
    textMark(plot.right, top - 12, 'higher error ▶', { anchor: 'end', kind: 'small' }),
    ...rowLines(
      x,
      rows.map((_, index) => plotTop(index)),
      plotHeight,
      bottom,
    ),
    ...rows.flatMap((row, index) => rowMarks(row, plotTop(index), x.at)),
    textMark(16, bottom + 44, 'Dots are seeds, bars 95 % intervals, pale bands what was predicted.', { kind: 'small' }),
  ];
  const description = rows.map(({ label, detail, estimate }) => `${label}, ${detail}: ${formatDifference(estimate)}`);
  return figure(
    figureWidth,
    bottom + 60,
    { title: `Hypotheses of ${record.name}`, description: description.join('. ') },
    marks,
  );
}

function rowsOf({ hypothesis, pairs, contrast, finding }: HypothesisResult, index: number): Row[] {
  const { name, expect } = hypothesis;
  const common = { color: armColor(index + 1), expect };
  if (hypothesis.kind === 'contrast') {
    if (contrast === null) return [];
    const { difference, minus } = hypothesis;
    const detail = `${difference.arm.group} minus ${minus.arm.group}`;
    return [{ label: `${name}: ${finding}`, detail, estimate: contrast, values: [], ...common }];
  }
  return pairs.flatMap((pair) => {
    if (pair === null) return [];
    const detail = `${pair.pair.arm.group} ${pair.pair.arm.arm}`;
    return [{ label: `${name}: ${finding}`, detail, estimate: pair, values: pair.values, ...common }];
  });
}

function rowMarks({ label, detail, estimate, values, expect, color }: Row, above: number, at: (v: number) => number) {
  const y = above + plotHeight / 2;
  const { mean, ci } = estimate;
  const predicted = expect && { left: at(expect.low), right: at(expect.high) };
  return [
    ...(predicted === null
      ? []
      : [
          `<rect x="${place(predicted.left)}" y="${place(y - 14)}" width="${place(Math.max(2, predicted.right - predicted.left))}" height="28" ${filled(color)} opacity=".14"/>`,
        ]),
    textMark(16, above - 21, label, { color }),
    textMark(16, above - 6, detail, { kind: 'small' }),
    textMark(figureWidth - 16, above - 6, formatDifference(estimate), { anchor: 'end' }),
    ...values.map((value) => seedMark(at(value), y + 9, color)),
    ...(ci === null ? [] : [intervalMark(`M${place(at(ci.low))} ${place(y)}H${place(at(ci.high))}`, color)]),
    estimateMark(at(mean), y, color),
  ];
}

const frame = { left: 64, right: figureWidth - 20, top: 64, bottom: 330 };

/** The difference against the number of the plan's figure, one line for each series; undefined if no point is known yet. */
export function differenceChart({ x: name, series }: ChartResult): string | undefined {
  const shown = series
    .map((line, index) => ({ ...line, color: armColor(index + 1) }))
    .filter(({ points }) => points.length > 0);
  if (shown.length === 0) return undefined;
  const points = shown.flatMap((line) => line.points);
  const places = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const scale = linearScale(places, frame.left, frame.right);
  const x = { ...scale, ticks: places, format: String };
  const reach = points.flatMap(({ difference: { mean, ci } }) => [mean, ...(ci ? [ci.low, ci.high] : [])]);
  const y = linearScale([0, ...reach], frame.bottom, frame.top);
  const names = legend(shown, frame.left, frame.right - frame.left, frame.bottom + 62);
  return figure(
    figureWidth,
    frame.bottom + 56 + names.height,
    {
      title: `Difference in test error against ${name}`,
      description: shown.map((line) => `${line.name}: ${line.points.map(pointText).join(', ')}`).join('. '),
    },
    [
      textMark(16, 24, `Difference in test error against ${name}; below 0 is better`, { kind: 'strong' }),
      ...axes(frame, x, y, name, 'difference, points'),
      lineMark('zero', frame.left, y.at(0), frame.right, y.at(0)),
      ...shown.flatMap((line, index) => seriesMarks(line, offset(index, shown.length), x.at, y.at)),
      ...names.marks,
    ],
  );
}

function pointText({ at, difference }: ChartPoint): string {
  return `${at}: ${formatDifference(difference)}`;
}

/** Points of several series at one place stand side by side. */
function offset(index: number, count: number): number {
  return (index - (count - 1) / 2) * 8;
}

interface Line {
  readonly points: readonly ChartPoint[];
  readonly color: ColorName;
}

function seriesMarks(
  { points, color }: Line,
  aside: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string[] {
  const sorted = [...points].sort((a, b) => a.at - b.at);
  const at = (point: ChartPoint) => x(point.at) + aside;
  const path = sorted.map((point, i) => `${i === 0 ? 'M' : 'L'}${place(at(point))} ${place(y(point.difference.mean))}`);
  return [
    `<path d="${path.join('')}" ${stroked(color, 1.5)} opacity=".6"/>`,
    ...sorted.flatMap((point) => {
      const { mean, ci } = point.difference;
      const bar = ci === null ? [] : [`M${place(at(point))} ${place(y(ci.low))}V${place(y(ci.high))}`];
      return [...bar.map((d) => intervalMark(d, color)), estimateMark(at(point), y(mean), color)];
    }),
  ];
}
