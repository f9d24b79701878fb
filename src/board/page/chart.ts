/** Curves. A chart lives on and takes new points; the page is not built anew while somebody reads it. */

import uPlot from 'uplot';

import { armProperty } from '../../base/colors.js';
import type { ArmCurve, Series } from '../api.js';
import { element } from './element.js';

export interface Chart {
  readonly node: HTMLElement;
  update(curves: readonly Series[]): void;
  destroy(): void;
}

/** A line, and where there are several values behind it the band between two other lines. */
interface Style {
  readonly color: string;
  readonly width: number;
  readonly points: boolean;
}

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const colorAt = (index: number): string => ink(armProperty(index));

interface ChartText {
  readonly title: string;
  readonly x: string;
  readonly log?: boolean;
}

/** Curves of one run, over steps. */
export function runChart(text: ChartText, curves: readonly Series[]): Chart {
  const styles = curves.map((_curve, index): Style => {
    const faint = curves.length > 1 && index === 0;
    return {
      color: faint ? `${ink('--muted')}80` : colorAt(curves.length === 1 ? 1 : index),
      width: faint ? 1 : 2,
      points: !faint && curves.length > 1,
    };
  });
  return chart(text, curves, styles, []);
}

/** Curves of a study: a mean and its band for each ratio. */
export function armChart(
  text: ChartText,
  arms: readonly ArmCurve[],
): Chart & { updateArms(arms: readonly ArmCurve[]): void } {
  const styles = arms.flatMap((_arm, index): Style[] => {
    const line = { color: colorAt(index), width: 2, points: true };
    return [line, { ...line, width: 0, points: false }, { ...line, width: 0, points: false }];
  });
  const bands = arms.map((_arm, index): uPlot.Band => ({
    series: [3 * index + 2, 3 * index + 3],
    fill: `${colorAt(index)}26`,
  }));
  const made = chart(text, seriesOf(arms), styles, bands);
  return { ...made, updateArms: (now) => made.update(seriesOf(now)) };
}

function seriesOf(arms: readonly ArmCurve[]): Series[] {
  return arms.flatMap(({ name, seeds, points }) => {
    const x = points.map(({ epoch }) => epoch);
    return [
      { name: `${name}, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`, x, y: points.map(({ mean }) => mean) },
      { name: `${name}, highest`, x, y: points.map(({ high }) => high) },
      { name: `${name}, lowest`, x, y: points.map(({ low }) => low) },
    ];
  });
}

// oxlint-disable-next-line max-lines-per-function -- one chart's settings, in the order in which it is drawn
function chart(
  { title, x }: ChartText,
  curves: readonly Series[],
  styles: readonly Style[],
  bands: uPlot.Band[],
): Chart {
  const holder = element('div', { class: 'chart' });
  const words = element('p', { class: 'unseen' }, describe(title, curves));
  const node = element('section', { 'aria-label': title }, element('h3', {}, title), holder, words);
  const axis = {
    stroke: ink('--muted'),
    grid: { stroke: ink('--line'), width: 1 },
    ticks: { stroke: ink('--line'), width: 1 },
  };
  const size = () => ({ width: Math.max(280, holder.clientWidth || 420), height: 260 });
  let plot: uPlot | undefined;
  let now = curves;
  const draw = (): void => {
    plot = new uPlot(
      {
        ...size(),
        scales: { x: { time: false } },
        bands,
        legend: { live: false },
        cursor: { drag: { x: true, y: false } },
        axes: [
          { ...axis, label: x, labelSize: 22 },
          { ...axis, size: 56 },
        ],
        series: [
          {},
          ...now.map(({ name }, index): uPlot.Series => {
            const { color, width, points } = styles[index]!;
            const shown = width > 0;
            return {
              label: name,
              class: shown ? 'shown' : 'edge',
              stroke: shown ? color : 'transparent',
              width,
              points: { show: points, size: 5 },
              spanGaps: true,
            };
          }),
        ],
      },
      dataOf(now),
      holder,
    );
  };
  // The width is known once the page holds the chart.
  const observer = new ResizeObserver(() => (plot === undefined ? draw() : plot.setSize(size())));
  observer.observe(holder);
  return {
    node,
    update(next) {
      now = next;
      words.textContent = describe(title, next);
      plot?.setData(dataOf(next));
    },
    destroy() {
      observer.disconnect();
      plot?.destroy();
    },
  };
}

function dataOf(curves: readonly Series[]): uPlot.AlignedData {
  return uPlot.join(curves.map(({ x, y }) => [[...x], [...y]]));
}

/** For those who do not see it: where each curve stands. */
function describe(title: string, curves: readonly Series[]): string {
  const ends = curves
    .filter(({ x }) => x.length > 0)
    .map(({ name, x, y }) => `${name}: ${y.at(-1)!.toPrecision(4)} at ${x.at(-1)}`);
  return `${title}. ${ends.length === 0 ? 'No points yet' : ends.join('; ')}.`;
}
