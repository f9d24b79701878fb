/** One run: how it goes, what it is, what it got wrong. */

import type { Answered, RunPage, WrongAnswer } from '../api.js';
import { runChart } from './chart.js';
import { element, scrolling, table } from './element.js';
import type { View } from './view.js';
import { api, digits, studyLink } from './words.js';

const fetchRun = async (id: string): Promise<RunPage | undefined> => {
  const response = await fetch(api('run', id));
  return response.ok ? ((await response.json()) as RunPage) : undefined;
};

export async function runView(id: string): Promise<View | undefined> {
  const run = await fetchRun(id);
  if (run === undefined) return undefined;
  const { row, proportion, config } = run;
  const x = 'step';
  const charts = {
    loss: runChart({ title: 'Loss', x }, run.curves.loss),
    error: runChart({ title: 'Error, %', x }, run.curves.error),
    learningRate: runChart({ title: 'Learning rate', x }, run.curves.learningRate),
    speed: runChart({ title: 'Images per second', x }, run.curves.speed),
  };
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
      if (!runs.some((changed) => changed.id === id)) return;
      const now = await fetchRun(id);
      if (now === undefined) return;
      for (const key of ['loss', 'error', 'learningRate', 'speed'] as const) charts[key].update(now.curves[key]);
      progress.textContent = progressOf(now);
      if (now.answers !== null && answers.childElementCount === 0) answers.append(...answersOf(id, now.answers));
    },
    close: () => Object.values(charts).forEach((chart) => chart.destroy()),
  };
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
