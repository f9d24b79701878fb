/** One campaign: the verdict on the whole, each hypothesis, and its studies. */

import type { CampaignPage, Listing, StudyRow } from '../api.js';
import { element, explained, table } from './element.js';
import { studyTable } from './list-view.js';
import type { View } from './view.js';
import { api, progressText } from './words.js';

const fetchCampaign = async (id: string): Promise<CampaignPage | undefined> => {
  const response = await fetch(api('campaign', id));
  return response.ok ? ((await response.json()) as CampaignPage) : undefined;
};

export async function campaignView(id: string): Promise<View | undefined> {
  const [campaign, rows] = await Promise.all([fetchCampaign(id), studiesOf(id)]);
  if (campaign === undefined) return undefined;
  const parts = element('div', {}, ...partsOf(id, campaign, rows));
  let before = JSON.stringify(campaign);
  const title = `Campaign ${campaign.document.campaign}`;
  return {
    title,
    node: element('div', {}, element('h1', {}, title), parts),
    async change({ campaigns, studies, gone }) {
      if (gone.includes(id)) parts.replaceChildren(element('p', {}, 'This campaign is gone from the disk.'));
      if (![...campaigns, ...studies].some((row) => row.id === id || belongs(row, id))) return;
      const [now, nowRows] = await Promise.all([fetchCampaign(id), studiesOf(id)]);
      // What is read aloud, or loaded, again is only what says something else.
      if (now === undefined || JSON.stringify(now) === before) return;
      before = JSON.stringify(now);
      parts.replaceChildren(...partsOf(id, now, nowRows));
    },
    close: () => undefined,
  };
}

const belongs = (row: { readonly id: string }, id: string): boolean => row.id.startsWith(`${id}/studies/`);

async function studiesOf(id: string): Promise<readonly StudyRow[]> {
  const response = await fetch('./api/list');
  if (!response.ok) return [];
  return ((await response.json()) as Listing).studies.filter((row) => belongs(row, id));
}

function partsOf(id: string, campaign: CampaignPage, rows: readonly StudyRow[]): HTMLElement[] {
  const { row, verdict, rule, columns, conclusions, caveats, command } = campaign;
  return [
    element('p', { class: 'meta' }, progressText(row)),
    element('p', { class: 'verdict' }, verdict),
    element('p', { class: 'meta' }, rule),
    table<readonly string[]>(
      'Hypotheses',
      columns.map(({ title, about, words }, index) => ({
        title,
        about,
        ...(words ? { align: 'words' as const } : {}),
        cell: (cells) => cells[index] ?? '',
      })),
      campaign.rows,
    ),
    explained(columns),
    ...(conclusions.length === 0 ? [] : [listOf(conclusions)]),
    element('div', { class: 'charts' }, ...campaign.figures.map((figure) => figureOf(id, campaign, figure))),
    ...(rows.length === 0 ? [] : [studyTable(rows)]),
    ...(caveats.length === 0 ? [] : [element('h2', {}, 'To know'), listOf(caveats)]),
    element('h2', {}, 'Made with'),
    element('pre', { tabindex: '0' }, command),
  ];
}

function figureOf(id: string, { rows }: CampaignPage, { name, title }: CampaignPage['figures'][number]): HTMLElement {
  // The version only makes the browser ask again.
  const version = encodeURIComponent(rows.map((cells) => cells.slice(0, 3).join(' ')).join(' '));
  const src = api('campaign/figure.svg', id, `&name=${name}&version=${version}`);
  return element('figure', {}, element('img', { src, alt: `${title}; the table has the numbers` }));
}

function listOf(texts: readonly string[]): HTMLElement {
  return element('ul', {}, ...texts.map((text) => element('li', {}, text)));
}
