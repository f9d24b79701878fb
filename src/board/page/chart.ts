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
  readonly dash?: readonly number[];
}

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const colorAt = (index: number): string => ink(armProperty(index));

interface ChartText {
  readonly title: string;
  readonly x: string;
  /** Whether the scale can be made logarithmic: no for what may be 0. */
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

/** Curves of two runs: each has a color; the last curve of a run is solid, those before it are dashed. */
export function overlayChart(text: ChartText, curves: readonly Series[]): Chart {
  const own = curves.length / 2;
  const styles = curves.map((_curve, index): Style => {
    const last = index % own === own - 1;
    return { color: colorAt(index < own ? 1 : 2), width: 2, points: false, ...(last ? {} : { dash: [5, 4] }) };
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

/** Steps and epochs are whole. */
const wholeSteps = [1, 2, 5]
  .flatMap((factor) => Array.from({ length: 9 }, (_, power) => factor * 10 ** power))
  .sort((a, b) => a - b);

// oxlint-disable-next-line max-lines-per-function -- one chart's settings, in the order in which it is drawn
function chart(
  { title, x, log = false }: ChartText,
  curves: readonly Series[],
  styles: readonly Style[],
  bands: uPlot.Band[],
): Chart {
  const holder = element('div', {
    class: 'chart',
    tabindex: '0',
    role: 'group',
    'aria-label': `${title}; the left and right arrow keys show values`,
    keydown: (event) => move(event),
  });
  const words = element('p', { class: 'unseen' }, describe(title, curves));
  const spoken = element('p', { class: 'spoken', role: 'status' });
  const logBox = element('input', { type: 'checkbox', change: () => redraw() });
  const node = element(
    'section',
    { 'aria-label': title },
    element('h3', {}, title),
    log ? element('label', { class: 'scale' }, logBox, 'logarithmic') : null,
    holder,
    words,
    spoken,
  );
  const axis = {
    stroke: ink('--muted'),
    grid: { stroke: ink('--line'), width: 1 },
    ticks: { stroke: ink('--line'), width: 1 },
  };
  const size = () => ({ width: Math.max(260, holder.clientWidth || 420), height: 260 });
  let plot: uPlot | undefined;
  let now = curves;
  const data = (): uPlot.AlignedData => dataOf(now, logBox.checked);
  const draw = (): void => {
    plot = new uPlot(
      {
        ...size(),
        scales: { x: { time: false }, y: { distr: logBox.checked ? 3 : 1 } },
        bands,
        legend: { live: true },
        cursor: { drag: { x: true, y: false }, points: { size: 7 } },
        axes: [
          { ...axis, label: x, labelSize: 22, incrs: wholeSteps, values: (_plot, ticks) => ticks.map(shortNumber) },
          { ...axis, size: 56 },
        ],
        series: [
          { label: x, value: (_plot, value: number | null) => (value === null ? '' : String(value)) },
          ...now.map(({ name }, index): uPlot.Series => {
            const { color, width, points, dash } = styles[index]!;
            const shown = width > 0;
            return {
              label: name,
              class: shown ? 'shown' : 'edge',
              stroke: shown ? color : 'transparent',
              width,
              ...(dash === undefined ? {} : { dash: [...dash] }),
              points: { show: points, size: 5 },
              spanGaps: true,
              value: (_plot, value: number | null | undefined) =>
                value === null || value === undefined ? '' : Number(value.toPrecision(4)).toString(),
            };
          }),
        ],
      },
      data(),
      holder,
    );
  };
  const redraw = (): void => {
    plot?.destroy();
    draw();
  };
  /** Moves the cursor from point to point with the keyboard. */
  const move = (event: Event): void => {
    if (!(event instanceof KeyboardEvent) || plot === undefined) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const places = plot.data[0];
    const index = Math.max(0, Math.min(places.length - 1, (plot.cursor.idx ?? (step > 0 ? -1 : places.length)) + step));
    const place = places[index];
    if (place === undefined) return;
    plot.setCursor({ left: plot.valToPos(place, 'x'), top: 10 });
    const values = now.flatMap(({ name, x: at, y }, row) => {
      const value = y[at.indexOf(place)];
      return value === undefined || styles[row]!.width === 0 ? [] : [`${name} ${value.toPrecision(4)}`];
    });
    spoken.textContent = `${x} ${place}: ${values.join(', ')}`;
  };
  // The width is known once the page holds the chart.
  const observer = new ResizeObserver(() => (plot === undefined ? draw() : plot.setSize(size())));
  observer.observe(holder);
  return {
    node,
    update(next) {
      now = next;
      words.textContent = describe(title, next);
      plot?.setData(data());
    },
    destroy() {
      observer.disconnect();
      plot?.destroy();
    },
  };
}

function shortNumber(value: number): string {
  if (Math.abs(value) >= 1e6) return `${value / 1e6} M`;
  return Math.abs(value) >= 1e4 ? `${value / 1e3} k` : String(value);
}

/** On a logarithmic scale, what is not positive has no place. */
function dataOf(curves: readonly Series[], log: boolean): uPlot.AlignedData {
  return uPlot.join(curves.map(({ x, y }) => [[...x], log ? y.map((value) => (value > 0 ? value : null)) : [...y]]));
}

/** For those who do not see it: where each curve stands. */
function describe(title: string, curves: readonly Series[]): string {
  const ends = curves
    .filter(({ x }) => x.length > 0)
    .map(({ name, x, y }) => `${name}: ${y.at(-1)!.toPrecision(4)} at ${x.at(-1)}`);
  return `${title}. ${ends.length === 0 ? 'No points yet' : ends.join('; ')}.`;
}
