/** R² against the number of masks, and against the depth at which the masks are. */

import {
  armColor,
  axes,
  figure,
  legend,
  lineMark,
  linearScale,
  place,
  textMark,
  type Frame,
  type Scale,
} from '../figures/chart.js';
import type { EnsembleResult, PartResult, ScoreRange } from './measure.js';

const width = 760;
const byCount: Frame = { left: 60, right: 370, top: 76, bottom: 320 };
const byDepth: Frame = { left: 450, right: 736, top: 76, bottom: 320 };

/** Lower R² are drawn here: how far they are below 0 says little, and it would flatten everything above. */
const lowest = -0.25;
const drawn = (r2: number): number => Math.max(r2, lowest);

export function ensembleFigure(result: EnsembleResult): string {
  const { parts, model, ratio, testImages } = result;
  const values = allValues(parts);
  const y = linearScale([...values.map(drawn), 1], byCount.bottom, byCount.top);
  const edge = values.some((value) => value < lowest) ? `; lower values are drawn at −${-lowest}` : '';
  const colored = parts.map((part, index) => ({ name: part.part, color: armColor(index), part }));
  const names = legend(colored, byCount.left, byDepth.right - byCount.left, byCount.bottom + 62);
  return figure(
    width,
    byCount.bottom + 76 + names.height,
    { title: `Leaky network and mean over masks: ${model} ${ratio}`, description: describe(result) },
    [
      textMark(16, 24, `How much of the leaky network the mean over masks explains: ${model}`, { kind: 'strong' }),
      textMark(16, 42, `R² of the logits on ${testImages} test images${edge}`, { kind: 'small' }),
      ...countPanel(colored, y),
      ...depthPanel(colored, y),
      ...names.marks,
      textMark(
        byCount.left,
        byCount.bottom + 66 + names.height,
        'dashed and hollow: after the best scale and offsets',
        {
          kind: 'small',
        },
      ),
    ],
  );
}

/** Every R² in the figure. */
function allValues(parts: readonly PartResult[]): number[] {
  return parts
    .flatMap(({ single: { r2 }, ensemble }) => [
      ...(r2 === null ? [] : [r2.low, r2.high]),
      ...ensemble.flatMap((score) => [score.r2, score.r2Fitted]),
    ])
    .filter((value) => value !== null);
}

interface Colored {
  readonly color: string;
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
    const dashes = fit === 'r2' ? '' : ';stroke-dasharray:5 4;opacity:.7';
    return `<path d="M${places.join('L')}" style="stroke:${color};stroke-width:2;fill:none${dashes}"/>`;
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
        ...dot(r2, x.at(index), y, `fill:${color}`),
        ...dot(r2Fitted, x.at(index), y, `fill:none;stroke:${color};stroke-width:2`),
      ];
    }),
  ];
}

function rangeMark(range: ScoreRange | null, x: number, y: Scale, color: string): string[] {
  if (range === null) return [];
  const at = (value: number) => place(y.at(drawn(value)));
  return [
    `<path d="M${place(x)} ${at(range.low)}V${at(range.high)}" style="stroke:${color};stroke-width:2;opacity:.45"/>`,
    `<path d="M${place(x - 4)} ${at(range.mean)}H${place(x + 4)}" style="stroke:${color};stroke-width:2;opacity:.45"/>`,
  ];
}

function dot(value: number | null, x: number, y: Scale, style: string): string[] {
  if (value === null) return [];
  return [`<circle cx="${place(x)}" cy="${place(y.at(drawn(value)))}" r="5" style="${style}"/>`];
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
