/** One run: how it goes, what it is, what it got wrong. */

import type { Answered, Listing, RunCurves, RunPage, Series, WrongAnswer } from '../api.js';
import { overlayChart, runChart } from './chart.js';
import { element, scrolling, table } from './element.js';
import type { View } from './view.js';
import { api, digits, overlayLink, runLink, studyLink } from './words.js';

const fetchRun = async (id: string): Promise<RunPage | undefined> => {
  const response = await fetch(api('run', id));
  return response.ok ? ((await response.json()) as RunPage) : undefined;
};

const curveKinds = ['loss', 'error', 'learningRate', 'speed'] as const satisfies readonly (keyof RunCurves)[];

/** The curves of a run under another; those of single steps are left out, because two of them hide everything. */
function laidOver(own: readonly Series[], other: readonly Series[], name: string): Series[] {
  const means = (curves: readonly Series[]): readonly Series[] => (curves.length > 1 ? curves.slice(1) : curves);
  return [
    ...means(own).map((curve) => ({ ...curve, name: `this run, ${curve.name}` })),
    ...means(other).map((curve) => ({ ...curve, name: `${name}, ${curve.name}` })),
  ];
}

/** @param over the run whose curves are drawn over those of this one */
// oxlint-disable-next-line max-lines-per-function -- one page from top to bottom
export async function runView(id: string, over?: string): Promise<View | undefined> {
  const [run, others] = await Promise.all([fetchRun(id), otherRuns(id)]);
  if (run === undefined) return undefined;
  let other = over === undefined ? undefined : await fetchRun(over);
  const { row, proportion, config } = run;
  const curvesOf = (now: RunPage, kind: keyof RunCurves): readonly Series[] =>
    other === undefined
      ? now.curves[kind]
      : laidOver(now.curves[kind], other.curves[kind], other.row.id.split('/').at(-1)!);
  const make = other === undefined ? runChart : overlayChart;
  const x = 'step';
  const charts = {
    loss: make({ title: 'Loss', x, log: true }, curvesOf(run, 'loss')),
    error: make({ title: 'Error, %', x, log: true }, curvesOf(run, 'error')),
    learningRate: make({ title: 'Learning rate', x, log: true }, curvesOf(run, 'learningRate')),
    speed: make({ title: 'Images per second', x }, curvesOf(run, 'speed')),
  };
  let latest = run;
  const progress = element('p', { id: 'progress', class: 'meta' }, progressOf(run));
  const answers = element('div', {}, ...answersOf(id, run.answers));
  const drawing = `${row.model} at ${row.ratio}: ${proportion.kept} of ${proportion.sites} ReLUs kept`;
  const node = element(
    'div',
    {},
    element('h1', {}, row.id),
    progress,
    row.study === null
      ? null
      : element('p', {}, 'A trial of the study ', element('a', { href: studyLink(row.study) }, row.study)),
    element('h2', {}, 'Curves'),
    overlayChoice(id, over, others),
    element('div', { class: 'charts' }, ...Object.values(charts).map((chart) => chart.node)),
    answers,
    element('h2', {}, 'Network'),
    element(
      'p',
      { class: 'meta' },
      `${drawing}, pattern ${proportion.pattern ?? 'of its own'}, ${proportion.achieved} convolutions to ReLUs at its sites`,
    ),
    element(
      'figure',
      { class: 'drawing', tabindex: '0' },
      element('img', { src: api('run/drawing.svg', id), alt: `Drawing of ${drawing}` }),
    ),
    element('h2', {}, 'Settings'),
    element('p', { class: 'meta' }, `${run.dataset}. ${run.engine}.`),
    element('details', {}, element('summary', {}, 'All settings'), element('pre', {}, JSON.stringify(config, null, 2))),
  );
  return {
    title: row.id,
    node,
    async change({ runs, gone }) {
      if (gone.includes(id)) progress.textContent = 'This run is gone from the disk.';
      const changed = (name: string | undefined): boolean => runs.some((each) => each.id === name);
      if (!changed(id) && !changed(over)) return;
      if (over !== undefined && changed(over)) other = (await fetchRun(over)) ?? other;
      const now = changed(id) ? await fetchRun(id) : latest;
      if (now === undefined) return;
      latest = now;
      for (const kind of curveKinds) charts[kind].update(curvesOf(now, kind));
      progress.textContent = progressOf(now);
      if (now.answers !== null && answers.childElementCount === 0) answers.append(...answersOf(id, now.answers));
    },
    close: () => Object.values(charts).forEach((chart) => chart.destroy()),
  };
}

async function otherRuns(id: string): Promise<readonly string[]> {
  const response = await fetch('./api/list');
  if (!response.ok) return [];
  const { runs } = (await response.json()) as Listing;
  return runs.map((row) => row.id).filter((name) => name !== id);
}

/** Chooses the run whose curves are laid over these. */
function overlayChoice(id: string, over: string | undefined, others: readonly string[]): HTMLElement | null {
  if (others.length === 0) return null;
  const options = ['none', ...others].map((name, index) =>
    element('option', { value: index === 0 ? '' : name, selected: name === over }, name),
  );
  const select = element(
    'select',
    {
      change: () => {
        location.hash = select.value === '' ? runLink(id) : overlayLink(id, select.value);
      },
    },
    ...options,
  );
  const link = over === undefined ? null : element('a', { href: runLink(over) }, over);
  return element('div', { class: 'controls' }, element('label', {}, 'Lay another run over this one', select), link);
}

function progressOf({ row, summary }: RunPage): string {
  const speed = row.imagesPerSecond === null ? '' : `, ${digits(row.imagesPerSecond, 0)} images/s`;
  const error =
    row.error === null ? '' : `, ${summary === null ? 'last evaluated' : 'test'} error ${digits(row.error, 2)} %`;
  return `${row.model} at ${row.ratio}, seed ${row.seed}: ${row.state}, ${row.epoch} of ${row.epochs} epochs${error}${speed}`;
}

function answersOf(id: string, answers: Answered | null): Node[] {
  if (answers === null) return [];
  const { confusion, classes, wrong, images, pictures } = answers;
  return [
    ...(confusion === null
      ? []
      : [
          element('h2', {}, 'Confusion matrix'),
          element(
            'p',
            { class: 'meta' },
            `${images} test images: a row for each true class, a column for each answer.`,
          ),
          matrix(confusion, classes),
        ]),
    element('h2', {}, 'Most confidently wrong'),
    wrong.length === 0
      ? element('p', {}, 'Every answer is right.')
      : pictures === null
        ? wrongTable(wrong)
        : wrongPictures(api('run/wrong.png', id), wrong, pictures),
  ];
}

function wrongTable(wrong: readonly WrongAnswer[]): HTMLElement {
  return table<WrongAnswer>(
    'Most confidently wrong answers',
    [
      { title: 'image', cell: ({ index }) => String(index) },
      { title: 'is', cell: ({ label }) => label },
      { title: 'taken for', cell: ({ predicted }) => predicted },
      { title: 'confidence', align: 'right', cell: ({ confidence }) => percent(confidence) },
    ],
    wrong,
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Each picture above its words: the server's strip has one below the other. */
function wrongPictures(
  source: string,
  wrong: readonly WrongAnswer[],
  [height, width]: readonly [height: number, width: number],
): HTMLElement {
  const canvases = wrong.map(({ index }) =>
    element('canvas', {
      width: String(width),
      height: String(height),
      role: 'img',
      'aria-label': `image ${index} of the test split`,
    }),
  );
  const strip = new Image();
  strip.addEventListener('load', () => {
    canvases.forEach((canvas, row) => canvas.getContext('2d')?.drawImage(strip, 0, -row * height));
  });
  strip.src = source;
  return element(
    'ul',
    { class: 'pictures', 'aria-label': 'Most confidently wrong answers' },
    ...wrong.map(({ index, label, predicted, confidence }, row) =>
      element(
        'li',
        {},
        canvases[row]!,
        element('span', {}, element('strong', {}, label), ' taken for ', element('strong', {}, predicted)),
        element('span', { class: 'meta' }, `${percent(confidence)} sure, image ${index}`),
      ),
    ),
  );
}

function matrix(confusion: readonly (readonly number[])[], classes: readonly string[]): HTMLElement {
  const heads = classes.map((name) => element('th', { scope: 'col' }, name));
  const rows = confusion.map((counts, label) => {
    const all = counts.reduce((a, b) => a + b, 0);
    const kind = (count: number, answer: number): string =>
      answer === label ? 'right-answer' : count > 0.1 * all ? 'often' : '';
    const cells = counts.map((count, answer) => element('td', { class: kind(count, answer) }, String(count)));
    return element('tr', {}, element('th', { scope: 'row' }, classes[label] ?? String(label)), ...cells);
  });
  return scrolling(
    'Confusion matrix',
    element(
      'table',
      { class: 'matrix' },
      element('thead', {}, element('tr', {}, element('td'), ...heads)),
      element('tbody', {}, ...rows),
    ),
  );
}
