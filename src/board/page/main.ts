/** The page: shows the view that the address names, and hands it what changes. */

import { armColors, pageColors, themeRules } from '../../base/colors.js';
import type { Changes } from '../api.js';
import { element } from './element.js';
import { listView } from './list-view.js';
import { runView } from './run-view.js';
import { campaignView } from './campaign-view.js';
import { studyView } from './study-view.js';
import type { View } from './view.js';

const colors = new CSSStyleSheet();
colors.replaceSync(themeRules(':root', pageColors, armColors).join('\n'));
document.adoptedStyleSheets = [colors];

const main = document.querySelector('main')!;
const connection = document.querySelector('#connection')!;
const news = document.querySelector('#news')!;

let current: View | undefined;
/** Counts the views that were asked for: one that comes late is not shown. */
let asked = 0;
/** What changed while a view was fetched, which may or may not know of it. */
let missed: Changes[] | undefined;

async function open(): Promise<View | undefined> {
  const [, kind, id = '', other = ''] = location.hash.split('/');
  if (kind === 'run') return runView(decodeURIComponent(id), other === '' ? undefined : decodeURIComponent(other));
  if (kind === 'study') return studyView(decodeURIComponent(id));
  if (kind === 'campaign') return campaignView(decodeURIComponent(id));
  return listView();
}

async function show(): Promise<void> {
  const number = ++asked;
  missed = [];
  const view = await open().catch((error: unknown) => problem(`The board does not answer: ${String(error)}`));
  if (number !== asked) {
    view?.close();
    return;
  }
  current?.close();
  current = view ?? problem('There is no such run or study, or it cannot be read.');
  document.title = `${current.title} · Rectio board`;
  main.replaceChildren(current.node);
  for (const changes of missed ?? []) void current.change(changes);
  missed = undefined;
}

function problem(message: string): View {
  const node = element('div', {}, element('h1', {}, 'Nothing to show'), element('p', {}, message));
  return { title: 'Nothing to show', node, change: () => undefined, close: () => undefined };
}

function listen(): void {
  const events = new EventSource('./api/events');
  let lost = false;
  events.addEventListener('open', () => {
    connection.textContent = 'live';
    // Nobody was told of changes meanwhile.
    if (lost) void show();
    lost = false;
  });
  events.addEventListener('error', () => {
    connection.textContent = 'not connected; trying again';
    lost = true;
  });
  events.addEventListener('message', (event: MessageEvent<string>) => {
    const changes = JSON.parse(event.data) as Changes;
    if (missed === undefined) void current?.change(changes);
    else missed.push(changes);
    const done = changes.runs.filter(({ state }) => state === 'done');
    if (done.length > 0) news.textContent = done.map(({ id }) => `${id} is done.`).join(' ');
  });
}

addEventListener('hashchange', () => void show().then(() => main.focus()));
document.querySelector('.skip')!.addEventListener('click', (event) => {
  // The address names the view, so the link must not change it.
  event.preventDefault();
  main.focus();
});
// First, so that nothing falls between the first view and the first change.
listen();
await show();
