/** The board's server: the page, and the data that it requests. It never writes. */

import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { errorData, RectioError } from '../base/error.js';
import { drawGraph } from '../draw/index.js';
import { campaignPages, isCampaignFigure, type CampaignPages } from './campaign-page.js';
import { guard, inUrl, type Guard } from './guard.js';
import { live, type Live } from './live.js';
import { metricsReader, type MetricsReader } from './metrics-reader.js';
import { runPage } from './run-page.js';
import { scanner, type Place, type Scanner } from './scan.js';
import { studyPages, type StudyPages } from './study-page.js';
import { errorCode } from '../system/errno.js';
import { readRunRecord, readWrongPictures } from '../run/index.js';

export interface BoardOptions {
  readonly place: Place;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** The folder of the built page. Default: beside this module. */
  readonly page?: string;
}

export interface Board {
  /** The link to open, with its token if it needs one. */
  readonly link: string;
  close(): Promise<void>;
}

interface House {
  readonly scanner: Scanner;
  readonly reader: MetricsReader;
  readonly studies: StudyPages;
  readonly campaigns: CampaignPages;
  readonly live: Live;
  readonly files: ReadonlyMap<string, Answer>;
}

interface Answer {
  readonly type: string;
  readonly body: string | Uint8Array;
}

const types: { readonly [ending: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const json = 'application/json; charset=utf-8';

/** Nothing from anywhere else, no script or style within the page; a drawing brings its own styles. */
const policies = {
  page:
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  drawing: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  /** A report has styles and figures within, and nothing that runs. */
  report:
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
};

/**
 * Serves until it is closed.
 * @throws RectioError `usage` if the host or port is not available, or the folder does not exist
 */
export async function startBoard({ place, host, port, page }: BoardOptions): Promise<Board> {
  await refuseMissing(place);
  const scan = scanner(place);
  await scan.list();
  const reader = metricsReader();
  const house: House = {
    scanner: scan,
    reader,
    studies: studyPages(reader),
    campaigns: campaignPages(),
    live: live(scan),
    files: await pageFiles(page ?? fileURLToPath(new URL('./page/', import.meta.url))),
  };
  const rules = guard(host, () => (server.address() as AddressInfo).port);
  const server = createServer((request, response) => void handle(request, response, house, rules));
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : inUrl(host);
  const token = rules.token === undefined ? '' : `?token=${rules.token}`;
  return {
    link: `http://${name}:${address.port}/${token}`,
    async close() {
      server.close();
      // Those who listen for changes never end by themselves.
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function refuseMissing({ folder }: Place): Promise<void> {
  await readdir(folder).catch((error: unknown) => {
    throw new RectioError(
      'usage',
      `There is no folder ${folder} that can be read.`,
      'Give a folder of runs or studies.',
      {
        cause: error,
      },
    );
  });
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const taken = errorCode(error) === 'EADDRINUSE';
    throw new RectioError(
      'usage',
      taken ? `Port ${port} is taken.` : `One cannot listen on ${host}, port ${port}: ${(error as Error).message}.`,
      taken ? 'Give another `port`; 0 takes any that is free.' : 'Give another `host` or `port`.',
      { cause: error },
    );
  }
}

/** The page is small and does not change: it is kept, and no request names a file. */
async function pageFiles(folder: string): Promise<Map<string, Answer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => {
      const type = types[extname(path)] ?? 'application/octet-stream';
      return [path.slice(join(folder, '/').length), { type, body: await readFile(path) }] as const;
    }),
  );
  return new Map(files.map(([name, file]) => [`/${name.replaceAll('\\', '/')}`, file]));
}

async function handle(request: IncomingMessage, response: ServerResponse, house: House, rules: Guard): Promise<void> {
  response.setHeader('Content-Security-Policy', policies.page);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
  const url = addressOf(request.url ?? '/');
  const refusal = rules.refuses(request, url);
  if (refusal !== undefined) return send(response, refusal.status, { type: types['.html']!, body: refusal.message });
  const cookie = url.pathname === '/' ? rules.cookieFor(url) : undefined;
  if (cookie !== undefined) {
    // The token leaves the address: it would stay in the browser's history.
    response.writeHead(303, { 'Set-Cookie': cookie, Location: '/' }).end();
    return;
  }
  if (url.pathname === '/api/events') return stream(request, response, house);
  try {
    const answer = await answerTo(url, house);
    if (answer === undefined) return send(response, 404, { type: json, body: '{"message":"There is nothing here."}' });
    if (answer.type === types['.svg']) response.setHeader('Content-Security-Policy', policies.drawing);
    if (url.pathname === reportAddress) response.setHeader('Content-Security-Policy', policies.report);
    send(response, 200, answer);
  } catch (error) {
    const told = error instanceof RectioError ? errorData(error) : { message: `It failed: ${String(error)}` };
    send(response, 500, { type: json, body: JSON.stringify(told) });
  }
}

/** What is no address is answered like one that does not exist. */
function addressOf(asked: string): URL {
  try {
    return new URL(asked, 'http://board');
  } catch {
    return new URL('http://board/none');
  }
}

function send(response: ServerResponse, status: number, { type, body }: Answer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  // To HEAD, Node sends the head alone.
  response.end(body);
}

const reportAddress = '/api/study/report.html';

/** Undefined if there is nothing under this address. */
async function answerTo(url: URL, house: House): Promise<Answer | undefined> {
  const address = url.pathname === '/' ? '/index.html' : url.pathname;
  const id = url.searchParams.get('id') ?? '';
  switch (address) {
    case '/api/list':
      return jsonAnswer(await house.scanner.last());
    case '/api/run':
      return withRun(house, id, async (folder, row) => jsonAnswer(await runPage(folder, row, house.reader)));
    case '/api/run/drawing.svg':
      return withRun(house, id, async (folder) => {
        const { graph, proportion } = await readRunRecord(folder);
        return { type: types['.svg']!, body: drawGraph(graph, proportion) };
      });
    case '/api/run/wrong.png':
      return withRun(house, id, async (folder) => {
        const body = await readWrongPictures(folder);
        return body === undefined ? undefined : { type: types['.png']!, body };
      });
    case '/api/study':
      return withStudy(house, id, async (folder, row) => jsonAnswer(await house.studies.page(folder, row)));
    case '/api/study/forest.svg':
      return withStudy(house, id, async (folder, row) => {
        const body = await house.studies.forest(folder, row, Number(url.searchParams.get('group')));
        return body === undefined ? undefined : { type: types['.svg']!, body };
      });
    case reportAddress:
      return withStudy(house, id, async (folder, row) => ({
        type: types['.html']!,
        body: await house.studies.report(folder, row),
      }));
    case '/api/campaign':
      return withCampaign(house, id, async (folder, row) => jsonAnswer(await house.campaigns.page(folder, row)));
    case '/api/campaign/figure.svg':
      return withCampaign(house, id, async (folder, row) => {
        const name = url.searchParams.get('name') ?? '';
        const body = isCampaignFigure(name) ? await house.campaigns.figure(folder, row, name) : undefined;
        return body === undefined ? undefined : { type: types['.svg']!, body };
      });
    default:
      return house.files.get(address);
  }
}

function jsonAnswer(value: unknown): Answer {
  return { type: json, body: JSON.stringify(value) };
}

type Listed = Awaited<ReturnType<Scanner['list']>>;

/** Looks names up in the list, never on the disk. A name that is not listed does not exist. */
function listedBy<Row extends { readonly id: string }>(
  kind: 'run' | 'study' | 'campaign',
  rowsOf: (listing: Listed) => readonly Row[],
) {
  return async <T>(
    { scanner: scan }: House,
    id: string,
    work: (folder: string, row: Row) => Promise<T>,
  ): Promise<T | undefined> => {
    const row = rowsOf(await scan.list()).find((each) => each.id === id);
    const folder = scan.folderOf(kind, id);
    return row === undefined || folder === undefined ? undefined : work(folder, row);
  };
}

const withRun = listedBy('run', ({ runs }) => runs);
const withStudy = listedBy('study', ({ studies }) => studies);
const withCampaign = listedBy('campaign', ({ campaigns }) => campaigns);

/** Server-sent events: a line of JSON for every change. */
function stream(request: IncomingMessage, response: ServerResponse, house: House): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.write('retry: 1000\n\n');
  const stop = house.live.listen((changes) => response.write(`data: ${JSON.stringify(changes)}\n\n`));
  response.on('close', stop);
}
