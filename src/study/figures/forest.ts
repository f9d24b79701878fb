/** The forest plot: each ratio's difference to the baseline, with its interval. */

import type { ArmResult, GroupResult } from '../results.js';
import type { Difference } from '../statistics/index.js';
import { armColor, figure, linearScale, lineMark, place, textMark } from './chart.js';

const width = 690;
const plot = { left: 190, right: 470 };
const rowHeight = 34;
const top = 56;

interface Row {
  readonly arm: ArmResult;
  readonly difference: Difference;
  readonly color: string;
}

/** The differences of a group; undefined if there is none yet. */
export function forestPlot(group: GroupResult): string | undefined {
  const [baseline] = group.arms;
  const rows = group.arms.flatMap((arm, index): Row[] =>
    arm.difference === null ? [] : [{ arm, difference: arm.difference, color: armColor(index) }],
  );
  if (rows.length === 0) return undefined;
  const values = rows.flatMap(({ difference: { values: seeds, ci } }) => [...seeds, ...(ci ? [ci.low, ci.high] : [])]);
  const x = linearScale([0, ...values], plot.left, plot.right, 4);
  const bottom = top + rows.length * rowHeight;
  const marks = [
    textMark(16, 24, `Test error against ${baseline!.arm.label}, in points`, { kind: 'strong' }),
    textMark(plot.left, top - 12, '◀ better', { kind: 'small' }),
    textMark(plot.right, top - 12, 'worse ▶', { anchor: 'end', kind: 'small' }),
    ...x.ticks.flatMap((tick) => [
      lineMark('axis', x.at(tick), top, x.at(tick), bottom),
      textMark(x.at(tick), bottom + 18, x.format(tick), { anchor: 'middle', kind: 'small' }),
    ]),
    lineMark('zero', x.at(0), top - 4, x.at(0), bottom + 4),
    ...rows.flatMap((row, index) => rowMarks(row, top + (index + 0.5) * rowHeight, x.at)),
    textMark(16, bottom + 44, 'Dots are seeds; bars are 95 % intervals over other seeds and other test images.', {
      kind: 'small',
    }),
  ];
  return figure(
    width,
    bottom + 60,
    {
      title: `Differences in test error: ${group.name}`,
      description: rows.map(({ arm, difference }) => `${arm.arm.label}: ${difference.verdict.text}`).join('. '),
    },
    marks,
  );
}

function rowMarks({ arm, difference, color }: Row, y: number, at: (value: number) => number): string[] {
  const { mean, ci, values, pHolm } = difference;
  const control = arm.arm.role === 'control' ? ' (control)' : '';
  return [
    textMark(16, y + 4, `${arm.arm.label}${control}`, { color }),
    ...values.map(
      (value) => `<circle cx="${place(at(value))}" cy="${place(y + 9)}" r="2.2" style="fill:${color};opacity:.45"/>`,
    ),
    ...(ci === null
      ? []
      : [
          `<path d="M${place(at(ci.low))} ${place(y)}H${place(at(ci.high))}" style="stroke:${color};stroke-width:2.5"/>`,
        ]),
    `<rect x="${place(at(mean) - 4.5)}" y="${place(y - 4.5)}" width="9" height="9" style="fill:${color}"/>`,
    textMark(plot.right + 16, y - 2, formatDifference(difference)),
    ...(pHolm === null ? [] : [textMark(plot.right + 16, y + 13, `p ${formatP(pHolm)}`, { kind: 'small' })]),
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
