/** Gradients at initial weights, by the depth of the convolution: one curve for each ratio. */

import type { GradientArm, GradientReport, LayerGradients, Spread } from '../inspect/index.js';
import { armColor, axes, figure, filled, legend, linearScale, place, stroked, textMark, type Frame } from './chart.js';

const width = 640;
const left = 60;
const right = 616;
const panelHeight = 170;

interface Panel {
  readonly frame: Frame;
  readonly label: string;
  readonly sizeOf: (layer: LayerGradients) => Spread | null;
  /** The theory's value for log₁₀ of the first size over the last, if it has one for this panel. */
  readonly theoryOf: (arm: GradientArm) => number | null;
}

const panels: readonly Panel[] = [
  {
    frame: { left, right, top: 78, bottom: 78 + panelHeight },
    label: 'log₁₀ size of the gradient with respect to what the convolution reads',
    sizeOf: ({ input }) => input,
    theoryOf: ({ theory }) => theory,
  },
  {
    frame: { left, right, top: 324, bottom: 324 + panelHeight },
    label: "log₁₀ size of the convolution's weight gradient",
    sizeOf: ({ weight }) => weight,
    theoryOf: () => null,
  },
];

/** A convolution's place, from 1, with log₁₀ of its gradient's size. */
interface Point extends Spread {
  readonly index: number;
}

/**
 * Draws the report of `inspectGradients`: the sizes over the depth, the mean and range over seeds, and the theory's slope as a
 * dashed line where it applies.
 * @returns an SVG document that follows the reader's light or dark scheme
 */
export function drawGradients(report: GradientReport): string {
  return gradientFigure(report).svg;
}

/** A document with its size, so that it can stand in another drawing. */
export interface Figure {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

export function gradientFigure(report: GradientReport): Figure {
  const { model, arms, batch, data, seeds } = report;
  const named = arms.map(({ ratio }, index) => ({ name: ratio, color: armColor(index) }));
  const last = panels.at(-1)!.frame.bottom;
  const names = legend(named, left, right - left, last + 62);
  const theory = arms.some((arm) => arm.theory !== null);
  const how = `${batch} images of ${data}, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`;
  const height = last + 56 + names.height;
  const svg = figure(width, height, { title: `Gradients at initial weights: ${model}`, description: report.meaning }, [
    textMark(16, 24, `${model}: gradients before training, through the depth`, { kind: 'strong' }),
    textMark(16, 42, `${how}; mean and range over seeds${theory ? '; dashed: mean-field theory' : ''}`, {
      kind: 'small',
    }),
    ...panels.flatMap((panel) => panelMarks(panel, arms)),
    ...names.marks,
  ]);
  return { svg, width, height };
}

function panelMarks({ frame, label, sizeOf, theoryOf }: Panel, arms: readonly GradientArm[]): string[] {
  const curves = arms.map((arm, index) => {
    const points = pointsOf(arm, sizeOf);
    return { color: armColor(index), points, theory: theoryLine(points, theoryOf(arm)) };
  });
  const all = curves.flatMap(({ points, theory }) => [...points, ...theory]);
  if (all.length === 0) return [];
  const count = Math.max(...arms.map(({ layers }) => layers.length));
  const x = linearScale([1, count], frame.left, frame.right, 10);
  const whole = { ...x, ticks: x.ticks.filter((tick) => Number.isInteger(tick) && tick >= 1), format: String };
  const y = linearScale(
    all.flatMap(({ low, high }) => [low, high]),
    frame.bottom,
    frame.top,
  );
  return [
    ...axes(frame, whole, y, 'convolution of the main path, from the first to the last', label),
    ...curves.map(({ points, color }) => bandMark(points, color, x.at, y.at)),
    ...curves.flatMap(({ theory: [from, to], color }) =>
      from === undefined || to === undefined
        ? []
        : [
            `<path ${stroked(color)} stroke-dasharray="4 3" d="M${place(x.at(from.index))} ${place(y.at(from.mean))}` +
              `L${place(x.at(to.index))} ${place(y.at(to.mean))}"/>`,
          ],
    ),
    ...curves.map(({ points, color }) => curveMark(points, color, x.at, y.at)),
  ];
}

/** Sizes of 0 have no logarithm and no point. */
function pointsOf({ layers }: GradientArm, sizeOf: Panel['sizeOf']): Point[] {
  return layers.flatMap((layer, index) => {
    const size = sizeOf(layer);
    if (size === null || size.low <= 0) return [];
    const [low, mean, high] = [size.low, size.mean, size.high].map(Math.log10);
    return [{ index: index + 1, low: low!, mean: mean!, high: high! }];
  });
}

/** From the last point back to the first, at the theory's slope. */
function theoryLine(points: readonly Point[], decades: number | null): Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (decades === null || first === undefined || last === undefined) return [];
  const at = ({ index }: Point, value: number): Point => ({ index, low: value, mean: value, high: value });
  return [at(last, last.mean), at(first, last.mean + decades)];
}

type At = (value: number) => number;

function bandMark(points: readonly Point[], color: string, x: At, y: At): string {
  const upper = points.map(({ index, high }) => `${place(x(index))} ${place(y(high))}`);
  const lower = points.map(({ index, low }) => `${place(x(index))} ${place(y(low))}`).reverse();
  return points.length === 0 ? '' : `<path d="M${[...upper, ...lower].join('L')}Z" ${filled(color)} opacity=".14"/>`;
}

function curveMark(points: readonly Point[], color: string, x: At, y: At): string {
  if (points.length === 0) return '';
  const places = points.map(({ index, mean }) => `${place(x(index))} ${place(y(mean))}`);
  const dots = points.map(
    ({ index, mean }) => `<circle cx="${place(x(index))}" cy="${place(y(mean))}" r="2" ${filled(color)}/>`,
  );
  return `<path d="M${places.join('L')}" ${stroked(color, 1.6)}/>${dots.join('')}`;
}
