/** The forest plot: each ratio's difference to the baseline, with its interval. */

import type { ArmResult, GroupResult } from '../results.js';
import type { Difference } from '../statistics/index.js';
import {
  armColor,
  estimateMark,
  figure,
  figureWidth,
  intervalMark,
  linearScale,
  place,
  rowLines,
  seedMark,
  textMark,
  type ColorName,
} from '../../draw/chart.js';

const plot = { left: 24, right: figureWidth - 24 };
/** A line of text, and below it the interval and the seeds. */
const rowHeight = 52;
/** The part of a row where lines run, below its text. */
const plotHeight = 28;
const top = 56;
const plotTop = (row: number): number => top + (row + 1) * rowHeight - plotHeight;

interface Row {
  readonly arm: ArmResult;
  readonly difference: Difference;
  readonly color: ColorName;
}

/** The differences of a group; undefined if there is none yet. */
export function forestPlot(group: GroupResult): string | undefined {
  const [baseline] = group.arms;
  const rows = group.arms.flatMap((arm, index): Row[] =>
    arm.difference === null ? [] : [{ arm, difference: arm.difference, color: armColor(index) }],
  );
  if (rows.length === 0) return undefined;
  const values = rows.flatMap(({ difference: { values: seeds, ci } }) => [...seeds, ...(ci ? [ci.low, ci.high] : [])]);
  const x = linearScale([0, ...values], plot.left, plot.right, 6);
  const bottom = top + rows.length * rowHeight;
  const marks = [
    textMark(16, 24, `Test error against ${baseline!.arm.label}, in points`, { kind: 'strong' }),
    textMark(plot.left, top - 12, '◀ better', { kind: 'small' }),
    textMark(plot.right, top - 12, 'worse ▶', { anchor: 'end', kind: 'small' }),
    ...rowLines(
      x,
      rows.map((_, index) => plotTop(index)),
      plotHeight,
      bottom,
    ),
    ...rows.flatMap((row, index) => rowMarks(row, top + index * rowHeight, x.at)),
    textMark(16, bottom + 42, 'Dots are seeds. Bars are 95 % intervals, over other seeds', { kind: 'small' }),
    textMark(16, bottom + 58, 'and other test images.', { kind: 'small' }),
  ];
  return figure(
    figureWidth,
    bottom + 74,
    {
      title: `Differences in test error: ${group.name}`,
      description: rows.map(({ arm, difference }) => `${arm.arm.label}: ${difference.verdict.text}`).join('. '),
    },
    marks,
  );
}

function rowMarks({ arm, difference, color }: Row, above: number, at: (value: number) => number): string[] {
  const { mean, ci, values, pHolm } = difference;
  const control = arm.arm.role === 'control' ? ' (control)' : '';
  const y = above + 33;
  const p = pHolm === null ? '' : `, p ${formatP(pHolm)}`;
  return [
    textMark(16, above + 17, `${arm.arm.label}${control}`, { color }),
    textMark(figureWidth - 16, above + 17, `${formatDifference(difference)}${p}`, { anchor: 'end' }),
    ...values.map((value) => seedMark(at(value), y + 9, color, `${arm.arm.label}, a seed: ${signed(value)} points`)),
    ...(ci === null ? [] : [intervalMark(`M${place(at(ci.low))} ${place(y)}H${place(at(ci.high))}`, color)]),
    estimateMark(at(mean), y, color, `${arm.arm.label}: ${formatDifference(difference)} points`),
  ];
}

/** `+0.42 [−0.1, +0.9]`. */
export function formatDifference({ mean, ci }: Pick<Difference, 'mean' | 'ci'>): string {
  return ci === null ? signed(mean) : `${signed(mean)} [${signed(ci.low)}, ${signed(ci.high)}]`;
}

/** Two digits, with a sign that is as wide as a plus. */
export function signed(points: number): string {
  const text = Math.abs(points).toFixed(2);
  if (Number(text) === 0) return '0.00';
  return `${points < 0 ? '−' : '+'}${text}`;
}

/** `= 0.031`, or `< 0.001`. */
export function formatP(p: number): string {
  return p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`;
}
