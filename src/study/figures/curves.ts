/** Learning curves: each ratio's test (or validation) error by epoch, the mean over seeds with the range between them. */

import { rangeByEpoch, type EpochRange } from '../evaluations.js';
import type { ArmResult, GroupResult } from '../results.js';
import {
  armColor,
  axes,
  figure,
  figureWidth,
  filled,
  legend,
  linearScale,
  place,
  stroked,
  textMark,
  tooltip,
  type ColorName,
} from '../../draw/chart.js';
import { evaluatedName } from './evaluated-name.js';

const frame = { left: 60, right: figureWidth - 20, top: 64, bottom: 330 };

interface Curve {
  readonly name: string;
  readonly color: ColorName;
  readonly points: readonly EpochRange[];
}

/** Undefined if no run has finished an epoch yet. */
export function learningCurves(group: GroupResult): string | undefined {
  const curves = group.arms
    .map((arm, index) => ({ name: arm.arm.label, color: armColor(index), points: pointsOf(arm) }))
    .filter(({ points }) => points.length > 0);
  if (curves.length === 0) return undefined;
  const all = curves.flatMap(({ points }) => points);
  const x = linearScale(
    all.map(({ epoch }) => epoch),
    frame.left,
    frame.right,
    8,
  );
  const whole = { ...x, ticks: x.ticks.filter(Number.isInteger), format: String };
  const y = linearScale(
    all.flatMap(({ low, high }) => [low, high]),
    frame.bottom,
    frame.top,
  );
  const tested = evaluatedName(group);
  const names = legend(curves, frame.left, frame.right - frame.left, frame.bottom + 62);
  return figure(
    figureWidth,
    frame.bottom + 56 + names.height,
    {
      title: `Learning curves: ${group.name}`,
      description: curves
        .map(
          ({ name, points }) => `${name} ends at a mean ${tested.toLowerCase()} of ${points.at(-1)!.mean.toFixed(2)} %`,
        )
        .join('. '),
    },
    [
      textMark(16, 24, `${tested} by epoch: mean over seeds, and their range`, { kind: 'strong' }),
      ...axes(frame, whole, y, 'epoch', `${tested.toLowerCase()}, %`),
      ...curves.map((curve) => bandMark(curve, whole.at, y.at)),
      ...curves.map((curve) => lineOf(curve, whole.at, y.at)),
      ...names.marks,
    ],
  );
}

function pointsOf({ runs }: ArmResult): readonly EpochRange[] {
  return rangeByEpoch(
    runs.flatMap(({ curve }) =>
      curve.flatMap(({ epoch, evaluatedError: error }) => (error === null ? [] : [{ epoch, error }])),
    ),
  );
}

type At = (value: number) => number;

function bandMark({ color, points }: Curve, x: At, y: At): string {
  const upper = points.map(({ epoch, high }) => `${place(x(epoch))} ${place(y(high))}`);
  const lower = points.map(({ epoch, low }) => `${place(x(epoch))} ${place(y(low))}`).reverse();
  return `<path d="M${[...upper, ...lower].join('L')}Z" ${filled(color)} opacity=".14"/>`;
}

function lineOf({ name, color, points }: Curve, x: At, y: At): string {
  const places = points.map(({ epoch, mean }) => `${place(x(epoch))} ${place(y(mean))}`);
  // A single epoch makes no line, so a dot shows the last mean. The dots of the other epochs only hold what the pointer shows.
  const last = points.at(-1)!;
  const dots = points.map((point) => {
    const { epoch, mean, low, high } = point;
    const shown = point === last ? `r="3.5" ${filled(color)}` : 'r="6" fill-opacity="0"';
    const range = low === high ? '' : `, ${low.toFixed(2)} to ${high.toFixed(2)}`;
    const text = `${name}, epoch ${epoch}: ${mean.toFixed(2)} %${range}`;
    return `<circle cx="${place(x(epoch))}" cy="${place(y(mean))}" ${shown}>${tooltip(text)}</circle>`;
  });
  return `<path d="M${places.join('L')}" ${stroked(color, 2)}/>` + dots.join('');
}
