/** R² against the number of masks, and against the depth at which the masks are. */

import {
  armColor,
  axes,
  figure,
  figureWidth,
  filled,
  legend,
  lineMark,
  linearScale,
  place,
  stroked,
  textMark,
  tooltip,
  type ColorName,
  type Frame,
  type Scale,
} from '../../draw/chart.js';
import type { EnsembleResult, PartResult, ScoreRange } from './measure.js';

const byCount: Frame = { left: 60, right: figureWidth - 20, top: 76, bottom: 280 };
const byDepth: Frame = { ...byCount, top: 420, bottom: 624 };

/** Lower R² are drawn here: how far they are below 0 says little, and it would flatten everything above. */
const lowest = -0.25;
const drawn = (r2: number): number => Math.max(r2, lowest);

/** Two panels: R² by the number of masks, and R² of all masks by the sites that they mask. */
export function ensembleFigure(result: EnsembleResult): string {
  const { parts, model, ratio, testImages } = result;
  const means = parts.flatMap(valuesOfMeans);
  const values = [...means, ...parts.flatMap(rangeOfSingles)];
  const scaleOf = ({ bottom, top }: Frame, of: readonly number[]) => linearScale([...of.map(drawn), 1], bottom, top);
  const edge = values.some((value) => value < lowest) ? `; lower values are at −${-lowest}` : '';
  const colored = parts.map((part, index) => ({ name: part.part, color: armColor(index), part }));
  const names = legend(colored, byCount.left, byCount.right - byCount.left, byCount.bottom + 62);
  return figure(
    figureWidth,
    byDepth.bottom + 72,
    { title: `Leaky network and mean over masks: ${model} ${ratio}`, description: describe(result) },
    [
      textMark(16, 24, `Leaky network and mean over masks: ${model}`, { kind: 'strong' }),
      textMark(16, 42, `R² of the logits on ${testImages} test images${edge}`, { kind: 'small' }),
      ...countPanel(colored, scaleOf(byCount, means)),
      ...names.marks,
      ...depthPanel(colored, scaleOf(byDepth, values)),
      textMark(16, byDepth.bottom + 60, 'dashed and hollow: after the best scale and offsets', { kind: 'small' }),
    ],
  );
}

const valuesOfMeans = ({ ensemble }: PartResult): number[] =>
  ensemble.flatMap(({ r2, r2Fitted }) => [r2, r2Fitted]).filter((value) => value !== null);

const rangeOfSingles = ({ single: { r2 } }: PartResult): number[] => (r2 === null ? [] : [r2.low, r2.high]);

interface Colored {
  readonly color: ColorName;
  readonly part: PartResult;
}

type Fit = 'r2' | 'r2Fitted';

/** R² over the number of masks, which doubles from place to place. */
function countPanel(parts: readonly Colored[], y: Scale): string[] {
  const counts = parts[0]!.part.ensemble.map(({ masks }) => masks);
  const x = placesScale(counts.map(String), byCount);
  const line = ({ part, color }: Colored, fit: Fit): string => {
    const places = part.ensemble.flatMap((score, index) => {
      const value = score[fit];
      return value === null ? [] : [`${place(x.at(index))} ${place(y.at(drawn(value)))}`];
    });
    if (places.length === 0) return '';
    const dashes = fit === 'r2' ? '' : ' stroke-dasharray="5 4" opacity="0.7"';
    return `<path d="M${places.join('L')}" ${stroked(color, 2)}${dashes}/>`;
  };
  return [
    ...axes(byCount, x, y, 'masks in the mean', 'R²'),
    ...zeroLine(byCount, y),
    ...parts.flatMap((part) => [line(part, 'r2'), line(part, 'r2Fitted')]),
  ];
}

/** R² of the whole ensemble for each part, beside the mean and the range of single masks. */
function depthPanel(parts: readonly Colored[], y: Scale): string[] {
  const x = placesScale(
    parts.map(({ part }) => part.part),
    byDepth,
  );
  return [
    ...axes(byDepth, x, y, 'masked sites; bars: single masks', 'R²'),
    ...zeroLine(byDepth, y),
    ...parts.flatMap(({ part, color }, index) => {
      const { r2 = null, r2Fitted = null } = part.ensemble.at(-1) ?? {};
      return [
        ...rangeMark(part.single.r2, x.at(index) - 10, y, color),
        ...dot(r2, `${part.part}: R²`, x.at(index), y, filled(color)),
        ...dot(r2Fitted, `${part.part}, fitted: R²`, x.at(index), y, stroked(color, 2)),
      ];
    }),
  ];
}

function rangeMark(range: ScoreRange | null, x: number, y: Scale, color: ColorName): string[] {
  if (range === null) return [];
  const at = (value: number) => place(y.at(drawn(value)));
  return [
    `<path d="M${place(x)} ${at(range.low)}V${at(range.high)}" ${stroked(color, 2)} opacity="0.45"/>`,
    `<path d="M${place(x - 4)} ${at(range.mean)}H${place(x + 4)}" ${stroked(color, 2)} opacity="0.45"/>`,
  ];
}

function dot(value: number | null, name: string, x: number, y: Scale, look: string): string[] {
  if (value === null) return [];
  const words = tooltip(`${name} ${value.toFixed(3)}`);
  return [`<circle cx="${place(x)}" cy="${place(y.at(drawn(value)))}" r="5" ${look}>${words}</circle>`];
}

function zeroLine({ left, right }: Frame, y: Scale): string[] {
  return y.ticks.includes(0) ? [lineMark('zero', left, y.at(0), right, y.at(0))] : [];
}

/** Names at equal distances. */
function placesScale(names: readonly string[], { left, right }: Frame): Scale {
  const room = (right - left) / names.length;
  return {
    at: (index) => left + (index + 0.5) * room,
    ticks: names.map((_, index) => index),
    format: (index) => names[index] ?? '',
  };
}

function describe({ parts }: EnsembleResult): string {
  const number = (value: number | null | undefined) => value?.toFixed(3) ?? 'undefined';
  return parts
    .map(({ part, ensemble }) => {
      const last = ensemble.at(-1);
      return `${part}: R² ${number(last?.r2)} with ${last?.masks ?? 0} masks, ${number(last?.r2Fitted)} after a fit`;
    })
    .join('. ');
}
