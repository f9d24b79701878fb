/** All runs and studies, filtered and sorted. */

import type { CampaignRow, Changes, Listing, RunRow, StudyRow, TrainingsRow } from '../api.js';
import { element, explained, scrolling, table, type Column } from './element.js';
import type { View } from './view.js';
import { campaignLink, digits, none, runLink, studyLink, when } from './words.js';

type Key = 'id' | 'model' | 'ratio' | 'seed' | 'state' | 'epoch' | 'error' | 'loss' | 'imagesPerSecond' | 'updated';

const columns: readonly {
  readonly key: Key;
  readonly title: string;
  readonly number: boolean;
  readonly about: string;
}[] = [
  { key: 'id', title: 'run', number: false, about: 'its folder' },
  { key: 'model', title: 'network', number: false, about: 'what is trained' },
  { key: 'ratio', title: 'ratio', number: false, about: 'convolutions to ReLUs, as asked for' },
  { key: 'seed', title: 'seed', number: true, about: 'fixes initial weights and the order of images' },
  {
    key: 'state',
    title: 'state',
    number: false,
    about: 'done, running, or stopped: begun, not done, and no process trains it',
  },
  { key: 'epoch', title: 'epochs', number: true, about: 'how many are done' },
  {
    key: 'error',
    title: 'error, %',
    number: true,
    about: 'of the last evaluation: on the test split, or on held-out images while the run is not done',
  },
  { key: 'loss', title: 'training loss', number: true, about: 'of the last epoch or step that was logged' },
  { key: 'imagesPerSecond', title: 'images/s', number: true, about: 'the speed of training' },
  { key: 'updated', title: 'updated', number: false, about: 'when its log last grew' },
];
/** Rows that are made at once: more of them are asked for by a button. */
const pageSize = 100;

/** Kept while one looks at a run and comes back. */
const state = { filter: '', kind: 'all', key: 'updated' as Key, down: true, shown: pageSize };

// oxlint-disable-next-line max-lines-per-function -- its functions share the rows and the elements that show them
export async function listView(): Promise<View> {
  const listing = (await (await fetch('./api/list')).json()) as Listing;
  const runs = new Map(listing.runs.map((row) => [row.id, row]));
  const studies = new Map(listing.studies.map((row) => [row.id, row]));
  const campaigns = new Map(listing.campaigns.map((row) => [row.id, row]));
  const count = element('p', { class: 'meta', role: 'status' });
  const body = element('tbody');
  const heads = columns.map(({ key, title, number, about }) => {
    const sort = (): void => {
      state.down = state.key === key ? !state.down : number || key === 'updated';
      state.key = key;
      show();
    };
    return element(
      'th',
      { scope: 'col', class: number ? 'number' : '', title: about },
      element('button', { type: 'button', click: sort }, title),
    );
  });
  const more = element(
    'button',
    {
      type: 'button',
      click: () => {
        state.shown += 5 * pageSize;
        show();
      },
    },
    'Show more',
  );
  const studyPlace = element('div');

  const show = (): void => {
    const wanted = state.filter.toLowerCase().split(/\s+/);
    const found = [...runs.values()]
      .filter((row) => state.kind === 'all' || row.state === state.kind)
      .filter((row) => wanted.every((word) => `${row.id} ${row.model} ${row.ratio}`.toLowerCase().includes(word)))
      .sort(compare);
    columns.forEach(({ key }, index) => {
      const sorted = key === state.key ? (state.down ? 'descending' : 'ascending') : 'none';
      heads[index]!.setAttribute('aria-sort', sorted);
    });
    body.replaceChildren(...found.slice(0, state.shown).map(rowOf));
    const shown = Math.min(found.length, state.shown);
    count.textContent = `${found.length} of ${runs.size} runs${shown < found.length ? `, the first ${shown} shown` : ''}`;
    more.hidden = shown === found.length;
    studyPlace.replaceChildren(
      ...(campaigns.size === 0 ? [] : [campaignTable([...campaigns.values()])]),
      ...(studies.size === 0 ? [] : [studyTable([...studies.values()])]),
    );
  };

  const filter = element('input', {
    type: 'search',
    value: state.filter,
    input: () => {
      state.filter = filter.value;
      show();
    },
  });
  const kinds = ['all', 'running', 'done', 'stopped'].map((kind) =>
    element('option', { selected: kind === state.kind }, kind),
  );
  const kind = element(
    'select',
    {
      change: () => {
        state.kind = kind.value;
        show();
      },
    },
    ...kinds,
  );
  const node = element(
    'div',
    {},
    element('h1', {}, 'Runs and studies'),
    element('p', { class: 'meta' }, listing.folder),
    studyPlace,
    element('h2', {}, 'Runs'),
    element(
      'div',
      { class: 'controls' },
      element('label', {}, 'Filter by name, network or ratio', filter),
      element('label', {}, 'State', kind),
    ),
    count,
    scrolling('Runs', element('table', { id: 'runs' }, element('thead', {}, element('tr', {}, ...heads)), body)),
    more,
    explained(columns),
    ...listing.problems.map(({ id, message }) => element('p', { class: 'problem' }, `${id}: ${message}`)),
  );
  if (runs.size + studies.size + campaigns.size === 0) {
    node.append(
      element(
        'p',
        {},
        'Nothing is here yet. A training started with rectio train or rectio compare shows up by itself.',
      ),
    );
  }
  show();
  return {
    title: 'Runs and studies',
    node,
    change({ runs: freshRuns, studies: freshStudies, campaigns: freshCampaigns, gone }: Changes) {
      for (const row of freshRuns) runs.set(row.id, row);
      for (const row of freshStudies) studies.set(row.id, row);
      for (const row of freshCampaigns) campaigns.set(row.id, row);
      for (const id of gone) {
        campaigns.delete(id);
        runs.delete(id);
        studies.delete(id);
      }
      // The rows are new elements: give the focus back to the link that had it.
      const focused = document.activeElement?.getAttribute('href');
      show();
      if (focused) [...node.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
    },
    close: () => undefined,
  };
}

function compare(a: RunRow, b: RunRow): number {
  const [x, y] = [a[state.key], b[state.key]];
  // What has no number stands last, whichever way one sorts.
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  const order =
    typeof x === 'number' && typeof y === 'number'
      ? x - y
      : String(x).localeCompare(String(y), undefined, { numeric: true });
  return state.down ? -order : order;
}

function rowOf(row: RunRow): HTMLTableRowElement {
  const cells: { readonly [K in Key]: string } = {
    id: row.id,
    model: row.model,
    ratio: row.ratio,
    seed: String(row.seed),
    state: row.state,
    epoch: `${row.epoch} of ${row.epochs}`,
    error: digits(row.error, 2),
    loss: digits(row.loss, 4),
    imagesPerSecond: digits(row.imagesPerSecond, 0),
    updated: when(row.updated),
  };
  return element(
    'tr',
    {},
    ...columns.map(({ key, number }) =>
      key === 'id'
        ? element('th', { scope: 'row' }, element('a', { href: runLink(row.id) }, row.id))
        : element('td', { class: number ? 'number' : key === 'state' ? `state-${row.state}` : '' }, cells[key] || none),
    ),
  );
}

/** How far the trainings are, as the last columns of a table. */
const progressColumns: readonly Column<TrainingsRow>[] = [
  { title: 'done', align: 'right', cell: ({ done, trials }) => `${done} of ${trials}` },
  { title: 'running', align: 'right', cell: ({ running }) => String(running) },
  { title: 'failed', align: 'right', cell: ({ failed }) => String(failed) },
  { title: 'updated', cell: ({ updated }) => when(updated) },
];

/** A heading, and below it the rows, the one that changed last first. */
function progressTable(
  title: string,
  names: readonly Column<TrainingsRow>[],
  rows: readonly TrainingsRow[],
): HTMLElement {
  const sorted = [...rows].sort((a, b) => b.updated - a.updated);
  return element(
    'div',
    {},
    element('h2', {}, title),
    table<TrainingsRow>(title, [...names, ...progressColumns], sorted),
  );
}

export function studyTable(rows: readonly StudyRow[]): HTMLElement {
  return progressTable(
    'Studies',
    [
      { title: 'study', cell: ({ id }) => element('a', { href: studyLink(id) }, id) },
      { title: 'network', cell: ({ name }) => name },
    ],
    rows,
  );
}

function campaignTable(rows: readonly CampaignRow[]): HTMLElement {
  return progressTable(
    'Campaigns',
    [
      { title: 'campaign', cell: ({ id }) => element('a', { href: campaignLink(id) }, id) },
      { title: 'name', cell: ({ name }) => name },
    ],
    rows,
  );
}
