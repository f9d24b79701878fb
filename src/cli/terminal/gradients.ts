/** The gradients at initial weights as text: a table through the depth, the figures that sum it up, and what they mean. */

import type { GradientArm, GradientReport, Spread } from '../../inspect/index.js';
import { formatTable } from './table.js';
import { wrapText } from './wrap.js';

/** Rows of the table unless every layer is asked for. */
const mostRows = 8;

/** @param all one row for every convolution instead of a few between the first and the last */
export function gradientText(report: GradientReport, all: boolean): string {
  const { arms, batch, data, seeds, engine, meaning } = report;
  const many = seeds.length === 1 ? '1 seed' : `${seeds.length} seeds`;
  return [
    `gradients at initial weights: one batch of ${batch} images of ${data}, ${many}, ${engine}`,
    '',
    sizeTable(arms, all),
    '',
    sumTable(arms),
    '',
    wrapText(meaning, 100),
  ].join('\n');
}

function sizeTable(arms: readonly GradientArm[], all: boolean): string {
  const columns = ['of what it reads', 'of its weight'].flatMap((what) =>
    arms.map(({ ratio }) => ({ title: `${what}, ${ratio}`, align: 'right' as const })),
  );
  const count = arms[0]!.layers.length;
  const shown = all || count <= mostRows ? [...Array(count).keys()] : evenly(count, mostRows);
  const rows = shown.map((index) => {
    const layers = arms.map((arm) => arm.layers[index]!);
    return [
      layers[0]!.name,
      ...layers.map(({ input }) => (input === null ? '' : formatSize(input.mean))),
      ...layers.map(({ weight }) => formatSize(weight.mean)),
    ];
  });
  return formatTable([{ title: 'gradient at' }, ...columns], rows);
}

/** `rows` places from the first to the last. */
const evenly = (count: number, rows: number): number[] =>
  Array.from({ length: rows }, (_, row) => Math.round((row * (count - 1)) / (rows - 1)));

const formatSize = (size: number): string => (size === 0 ? '0' : size.toExponential(1));

function sumTable(arms: readonly GradientArm[]): string {
  const theory = arms.some((arm) => arm.theory !== null);
  return formatTable(
    [
      { title: 'log10 of first over last' },
      { title: 'of what it reads', align: 'right' },
      { title: 'over seeds', align: 'right' },
      ...(theory ? [{ title: 'theory', align: 'right' as const }] : []),
      { title: 'of its weight', align: 'right' },
      { title: 'over seeds', align: 'right' },
    ],
    arms.map((arm) => [
      arm.ratio,
      ...spread(arm.decades),
      ...(theory ? [arm.theory === null ? '' : arm.theory.toFixed(2)] : []),
      ...spread(arm.weightDecades),
    ]),
  );
}

function spread(decades: Spread | null): [mean: string, range: string] {
  if (decades === null) return ['', ''];
  return [decades.mean.toFixed(2), `${decades.low.toFixed(2)} to ${decades.high.toFixed(2)}`];
}
