/** One study: the verdict first, then what it stands on. */

import type { GroupPage, Listing, RunRow, StudyPage } from '../api.js';
import { armChart } from './chart.js';
import { element, explained, table } from './element.js';
import type { View } from './view.js';
import { api, digits, progressText, runLink } from './words.js';

const fetchStudy = async (id: string): Promise<StudyPage | undefined> => {
  const response = await fetch(api('study', id));
  return response.ok ? ((await response.json()) as StudyPage) : undefined;
};

export async function studyView(id: string): Promise<View | undefined> {
  const [study, trials] = await Promise.all([fetchStudy(id), trialsOf(id)]);
  if (study === undefined) return undefined;
  const trainings = element('div', {}, trialTable(trials));
  const progress = element('p', { class: 'meta' }, progressText(study.row));
  const groups = study.groups.map((group, index) => groupPart(id, group, index));
  const notes = element('ul', {}, ...notesOf(study));
  const node = element(
    'div',
    {},
    element('h1', {}, `Study ${study.document.study}`),
    progress,
    element(
      'p',
      {},
      element('a', { href: api('study/report.html', id), target: '_blank' }, 'The report'),
      ' as one page',
    ),
    ...groups.map((group) => group.node),
    element('h2', {}, 'Trainings'),
    trainings,
    element('h2', {}, 'To know'),
    notes,
    element('h2', {}, 'Made with'),
    element('pre', { tabindex: '0' }, study.command),
  );
  return {
    title: `Study ${study.document.study}`,
    node,
    async change({ studies, gone }) {
      if (gone.includes(id)) progress.textContent = 'This study is gone from the disk.';
      if (!studies.some((changed) => changed.id === id)) return;
      const now = await fetchStudy(id);
      if (now === undefined) return;
      progress.textContent = progressText(now.row);
      now.groups.forEach((group, index) => groups[index]?.update(group));
      notes.replaceChildren(...notesOf(now));
      trainings.replaceChildren(trialTable(await trialsOf(id)));
    },
    close: () => groups.forEach((group) => group.close()),
  };
}

async function trialsOf(id: string): Promise<readonly RunRow[]> {
  const response = await fetch('./api/list');
  if (!response.ok) return [];
  return ((await response.json()) as Listing).runs.filter(({ study }) => study === id);
}

/** The trainings that have begun, each with a link to its curves. */
function trialTable(rows: readonly RunRow[]): HTMLElement {
  const sorted = [...rows].sort((a, b) => a.id.localeCompare(b.id, undefined, { numeric: true }));
  return table<RunRow>(
    'Trainings',
    [
      { title: 'training', cell: (row) => element('a', { href: runLink(row.id) }, row.id.split('/').at(-1) ?? row.id) },
      { title: 'ratio', cell: ({ ratio }) => ratio },
      { title: 'seed', align: 'right', cell: ({ seed }) => String(seed) },
      { title: 'state', cell: ({ state }) => state },
      { title: 'epochs', align: 'right', cell: ({ epoch, epochs }) => `${epoch} of ${epochs}` },
      { title: 'error, %', align: 'right', cell: ({ error }) => digits(error, 2) },
    ],
    sorted,
  );
}

function notesOf({ caveats, document: { failures }, row }: StudyPage): HTMLElement[] {
  const failed = failures.map(({ trial, reason }) =>
    element(
      'li',
      { class: 'problem' },
      element('a', { href: runLink(`${row.id}/trials/${trial}`) }, trial),
      `: ${reason}`,
    ),
  );
  return [...caveats.map((caveat) => element('li', {}, caveat)), ...failed];
}

function groupPart(id: string, group: GroupPage, index: number) {
  const verdict = element('p', { class: 'verdict' }, group.verdict);
  const chart = armChart(
    { title: 'Error after each epoch, %: mean over seeds and their range', x: 'epoch', log: true },
    group.curves,
  );
  const results = element('div', {}, resultTable(group));
  const forest = element('div', {}, ...forestPart(id, group, index));
  const node = element(
    'div',
    {},
    verdict,
    element('div', { class: 'charts' }, forest, chart.node),
    element('h2', {}, `Ratios of ${group.name}`),
    results,
    explained(group.columns),
  );
  let before = group;
  return {
    node,
    update(now: GroupPage) {
      chart.updateArms(now.curves);
      // What is read aloud, or loaded, again is only what says something else.
      if (JSON.stringify({ ...now, curves: [] }) === JSON.stringify({ ...before, curves: [] })) return;
      before = now;
      verdict.textContent = now.verdict;
      results.replaceChildren(resultTable(now));
      forest.replaceChildren(...forestPart(id, now, index));
    },
    close: () => chart.destroy(),
  };
}

function forestPart(id: string, { forest, name, rows }: GroupPage, index: number): HTMLElement[] {
  if (!forest) return [element('p', { class: 'meta' }, 'The differences show once two ratios have a seed in common.')];
  // The version only makes the browser ask again.
  const version = rows.flat().join(' ');
  const src = api('study/forest.svg', id, `&group=${index}&version=${encodeURIComponent(version)}`);
  return [
    element(
      'figure',
      {},
      element('img', { src, alt: `Differences in test error on ${name}; the table below has the numbers` }),
    ),
  ];
}

function resultTable({ name, columns, rows }: GroupPage): HTMLElement {
  const words = (title: string) => (title === 'verdict' ? { align: 'words' as const } : {});
  return table<readonly string[]>(
    `Ratios of ${name}`,
    columns.map(({ title, about }, index) => ({ title, about, ...words(title), cell: (row) => row[index] ?? '' })),
    rows,
  );
}
