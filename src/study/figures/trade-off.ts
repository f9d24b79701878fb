/** Test error against the number of values that pass through an activation. */

import type { GroupResult } from '../results.js';
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
} from '../../draw/chart.js';

const frame = { left: 60, right: figureWidth - 20, top: 64, bottom: 310 };

/** Undefined if no seed is done yet. */
export function tradeOff(group: GroupResult): string | undefined {
  const points = group.arms.flatMap(({ arm, error, cost }, index) =>
    error === null || cost === null
      ? []
      : [{ name: arm.label, color: armColor(index), error, elements: cost.activationElements }],
  );
  if (points.length === 0) return undefined;
  const x = linearScale(
    points.map(({ elements }) => elements),
    frame.left + 20,
    frame.right - 20,
  );
  const y = linearScale(
    points.flatMap(({ error: { mean, ci } }) => [mean, ...(ci ? [ci.low, ci.high] : [])]),
    frame.bottom,
    frame.top,
  );
  const names = legend(points, frame.left, frame.right - frame.left, frame.bottom + 62);
  return figure(
    figureWidth,
    frame.bottom + 56 + names.height,
    {
      title: `Test error against activation elements: ${group.name}`,
      description: points
        .map(({ name, error, elements }) => `${name}: ${error.mean.toFixed(2)} % at ${elements} elements`)
        .join('. '),
    },
    [
      textMark(16, 24, 'Test error by values through an activation', { kind: 'strong' }),
      ...axes(frame, x, y, 'activation elements for one image', 'test error, %'),
      ...points.flatMap(({ name, color, error: { mean, ci }, elements }) => [
        ...(ci === null
          ? []
          : [
              `<path d="M${place(x.at(elements))} ${place(y.at(ci.low))}V${place(y.at(ci.high))}" ${stroked(color, 2)}/>`,
            ]),
        `<circle cx="${place(x.at(elements))}" cy="${place(y.at(mean))}" r="5" ${filled(color)}>${tooltip(`${name}: ${mean.toFixed(2)} % at ${elements} elements`)}</circle>`,
      ]),
      ...names.marks,
    ],
  );
}
