import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { resolveConfig } from '../config/index.js';
import { graphBuilder } from '../graph/index.js';
import { applyRatio } from '../proportion/index.js';
import { beginCampaign, resolveCampaign } from '../study/index.js';
import type { Changes, Listing, RunPage } from './api.js';
import { startBoard, type Board, type BoardOptions } from './server.js';

let folder: string;
let board: Board | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rectio-board-'));
  mkdirSync(join(folder, 'page'));
  writeFileSync(join(folder, 'page', 'index.html'), '<p>board</p>');
  mkdirSync(join(folder, 'shown'));
});
afterEach(async () => {
  await board?.close();
  board = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A run as a training leaves it after some steps. */
function writeRun(path: string, steps: number): string {
  const net = graphBuilder('tiny', [1, 8, 8]);
  const x = net.relu(
    'relu',
    net.convolution('conv', net.input, { outChannels: 4, kernel: 3, padding: 1, bias: false }),
  );
  net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', x)), { outFeatures: 10 });
  const { graph, report } = applyRatio(net.build());
  const record = {
    format: 1,
    versions: {},
    engine: { name: 'reference', device: 'CPU', threads: 1 },
    tuning: { training: {}, inference: {} },
    config: resolveConfig({ model: 'tiny', data: 'mnist', seed: 3, epochs: 9 }),
    dataset: {
      name: 'mnist',
      fingerprint: 'f',
      classes: ['0', '1'],
      shape: [1, 8, 8],
      trainImages: 16,
      testImages: 8,
      mean: [0.5],
      deviation: [0.5],
    },
    graph,
    weights: null,
    proportion: report,
  };
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'config.json'), JSON.stringify(record));
  writeFileSync(join(path, 'metrics.jsonl'), Array.from({ length: steps }, (_, step) => stepLine(step)).join(''));
  return path;
}

function stepLine(step: number): string {
  const loss = step === 4321 ? 99 : 2 / (1 + step);
  const line = { time: step, type: 'step', step, epoch: 0, train: { loss, error: 50 }, learningRate: 0.1 };
  return `${JSON.stringify({ ...line, imagesPerSecond: 100 })}\n`;
}

async function start(options: Partial<BoardOptions> = {}): Promise<Board> {
  const place = { folder: join(folder, 'shown'), starts: ['.'] };
  board = await startBoard({ place, host: '127.0.0.1', port: 0, page: join(folder, 'page'), ...options });
  return board;
}

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as it is written, `..` and Host header included. */
function ask({ link }: Board, { path = '/', method = 'GET', headers = {} }: Asked) {
  const { port } = new URL(link);
  return new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (data: Buffer) => (body += data.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, body, headers: response.headers }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

const list = async (from: Board): Promise<Listing> =>
  JSON.parse((await ask(from, { path: '/api/list' })).body) as Listing;

const campaignPlan = resolveCampaign({
  name: 'depth',
  studies: { deep: { networks: ['plain56'], ratios: ['2:1'] }, shallow: { networks: ['plain20'], ratios: ['2:1'] } },
  hypotheses: { P: { study: 'deep', arms: ['2:1'], claim: 'better', role: 'primary' } },
});
const about = { command: 'npx rectio compare --plan depth.yaml', versions: {} };

describe('a campaign on the board', () => {
  const begin = (path: string) => beginCampaign(path, campaignPlan, about);

  it('is listed with the trainings of its studies, and says what is claimed and found', async () => {
    await begin(join(folder, 'shown', 'mine'));
    const here = await start();
    const { campaigns, studies } = await list(here);
    expect(campaigns).toMatchObject([{ id: 'mine', name: 'depth', trials: 12, done: 0, failed: 0 }]);
    expect(studies.map(({ id }) => id).toSorted()).toEqual(['mine/studies/deep', 'mine/studies/shallow']);
    const { status, body } = await ask(here, { path: '/api/campaign?id=mine' });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      document: { campaign: 'depth', whole: 'pending' },
      rows: [['P', 'plain56 2:1 against 1:1: better', 'pending', '–', '–', '–', '–', '0', 'primary']],
      figures: [],
    });
    for (const path of ['/api/campaign?id=other', '/api/campaign/figure.svg?id=mine&name=hypotheses']) {
      expect((await ask(here, { path })).status).toBe(404);
    }
  });

  it('shows no study that lies outside the board’s folder', async () => {
    await begin(join(folder, 'elsewhere'));
    await begin(join(folder, 'shown', 'mine'));
    rmSync(join(folder, 'shown', 'mine', 'studies'), { recursive: true });
    symlinkSync(join(folder, 'elsewhere', 'studies'), join(folder, 'shown', 'mine', 'studies'));
    const { status, body } = await ask(await start(), { path: '/api/campaign?id=mine' });
    expect(status).toBe(500);
    expect(body).toContain('is a link');
  });

  it('whose file is sick is named, and ends nothing else', async () => {
    await begin(join(folder, 'shown', 'mine'));
    writeFileSync(join(folder, 'shown', 'mine', 'campaign.json'), '{"format": 1, "studies": 7}');
    const { campaigns, studies, problems } = await list(await start());
    expect(campaigns).toEqual([]);
    expect(studies).toHaveLength(2);
    expect(problems).toMatchObject([{ id: 'mine', message: expect.stringContaining('campaign.json') }]);
  });
});

describe('the board’s server', () => {
  it('answers for this machine’s own names alone', async () => {
    const here = await start();
    const { port } = new URL(here.link);
    const status = async (host: string) => (await ask(here, { headers: { host } })).status;
    expect(await status(`localhost:${port}`)).toBe(200);
    expect(await status(`[::1]:${port}`)).toBe(200);
    // Another port is that of a tunnel, and none is port 80: only a page of this machine has such a host.
    expect(await status('localhost:1')).toBe(200);
    expect(await status('localhost')).toBe(200);
    for (const host of [`evil.example:${port}`, `localhost.evil.example:${port}`, 'evil.example']) {
      expect(await status(host)).toBe(403);
    }
  });

  it('answers under any name to whoever has the token', async () => {
    const open = await start({ host: '0.0.0.0' });
    const token = new URL(open.link).searchParams.get('token')!;
    const status = async (path: string) => (await ask(open, { path, headers: { host: 'node7.example:9000' } })).status;
    expect(await status(`/?token=${token}`)).toBe(303);
    expect(await status(`/?token=${'0'.repeat(32)}`)).toBe(403);
  });

  it('refuses to write', async () => {
    const here = await start();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      expect((await ask(here, { method })).status).toBe(405);
    }
    expect(await ask(here, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it('lets the page load nothing from elsewhere', async () => {
    const { headers, body } = await ask(await start(), {});
    expect(body).toBe('<p>board</p>');
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('gives nothing from outside its folder', async () => {
    writeRun(join(folder, 'secret'), 3);
    const here = await start();
    for (const id of ['../secret', '/etc', `${folder}/secret`, '..%2Fsecret']) {
      expect((await ask(here, { path: `/api/run?id=${encodeURIComponent(id)}` })).status).toBe(404);
      expect((await ask(here, { path: `/api/run/drawing.svg?id=${encodeURIComponent(id)}` })).status).toBe(404);
    }
    for (const path of ['/../server.test.ts', '/%2e%2e/secret/config.json', '//etc/passwd', '/assets/../../secret']) {
      expect((await ask(here, { path })).status).toBe(404);
    }
  });

  it('follows no links', async () => {
    writeRun(join(folder, 'secret'), 3);
    symlinkSync(join(folder, 'secret'), join(folder, 'shown', 'linked'));
    mkdirSync(join(folder, 'shown', 'disguised'));
    symlinkSync(join(folder, 'secret', 'config.json'), join(folder, 'shown', 'disguised', 'config.json'));
    const run = writeRun(join(folder, 'shown', 'half'), 3);
    symlinkSync(join(folder, 'secret', 'config.json'), join(run, 'summary.json'));
    writeRun(join(folder, 'shown', 'own'), 3);
    expect((await list(await start())).runs.map(({ id }) => id)).toEqual(['own']);
  });

  it('asks for the token of the link where it listens to more than this machine', async () => {
    const open = await start({ host: '0.0.0.0' });
    const token = new URL(open.link).searchParams.get('token')!;
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect((await ask(open, { path: '/api/list' })).status).toBe(401);
    expect((await ask(open, { path: `/api/list?token=${'0'.repeat(32)}` })).status).toBe(401);
    const first = await ask(open, { path: `/?token=${token}` });
    expect(first).toMatchObject({ status: 303, headers: { location: '/' } });
    const [cookie] = first.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect((await ask(open, { path: '/api/list', headers: { cookie: cookie!.split(';')[0]! } })).status).toBe(200);
  });

  it('lists runs wherever they lie, and says which cannot be read', async () => {
    writeRun(join(folder, 'shown', 'deep', 'er', 'a'), 11);
    mkdirSync(join(folder, 'shown', 'broken'));
    writeFileSync(join(folder, 'shown', 'broken', 'config.json'), '{');
    const { runs, problems } = await list(await start());
    expect(runs).toMatchObject([
      { id: 'deep/er/a', model: 'tiny', ratio: '1:1', seed: 3, state: 'stopped', epochs: 9 },
    ]);
    expect(runs[0]!.loss).toBeCloseTo(2 / 11, 12);
    expect(problems).toMatchObject([{ id: 'broken' }]);
  });

  it('goes on and says which file is sick, whatever a study or a summary holds', async () => {
    writeRun(join(folder, 'shown', 'good'), 3);
    const here = await start();
    expect((await list(here)).problems).toEqual([]);
    mkdirSync(join(folder, 'shown', 'study'));
    writeRun(join(folder, 'shown', 'done'), 3);
    for (const text of ['', 'null', '[]', '{"plan": {"format": 1, "arms": [null]}}', '{"plan": 7, "hash": {}}']) {
      writeFileSync(join(folder, 'shown', 'study', 'study.json'), text);
      writeFileSync(join(folder, 'shown', 'done', 'summary.json'), text);
      // A listener makes the board look again.
      const changes = await fetch(`${here.link}api/events`);
      await expect.poll(async () => (await list(here)).problems.length, { timeout: 20_000 }).toBe(2);
      await changes.body?.cancel();
      const { runs, problems } = await list(here);
      expect(runs.map(({ id }) => id)).toEqual(['good']);
      expect(problems.map(({ id }) => id).toSorted()).toEqual(['done', 'study']);
      expect(problems.map(({ message }) => message).join()).toMatch(
        /summary\.json.*study\.json|study\.json.*summary\.json/,
      );
    }
  });

  it('sends at most 1,000 points of a curve of 100,000 steps, its spikes among them, and reads on where it stopped', async () => {
    const run = writeRun(join(folder, 'shown', 'long'), 100_000);
    const here = await start();
    const read = async () => JSON.parse((await ask(here, { path: '/api/run?id=long' })).body) as RunPage;
    const [steps] = (await read()).curves.loss;
    expect(steps!.x.length).toBeLessThanOrEqual(1000);
    expect(steps!.x.at(-1)).toBe(99_999);
    expect(Math.max(...steps!.y)).toBe(99);
    appendFileSync(join(run, 'metrics.jsonl'), stepLine(100_000) + stepLine(100_001).slice(0, 20));
    expect((await read()).curves.loss[0]!.x.at(-1)).toBe(100_000);
    appendFileSync(join(run, 'metrics.jsonl'), stepLine(100_001).slice(20));
    expect((await read()).curves.loss[0]!.x.at(-1)).toBe(100_001);
    // A training that goes on from a checkpoint cuts its log.
    writeFileSync(join(run, 'metrics.jsonl'), stepLine(0) + stepLine(1));
    expect((await read()).curves.loss[0]!.x).toEqual([0, 1]);
  });

  it('tells those who listen what changed', async () => {
    const run = writeRun(join(folder, 'shown', 'live'), 2);
    const here = await start();
    const response = await fetch(`${here.link}api/events`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<Changes> => {
      for (let text = ''; ;) {
        const { value } = await reader.read();
        text += value;
        const data = /data: (.*)\n\n/.exec(text)?.[1];
        if (data !== undefined) return JSON.parse(data) as Changes;
      }
    };
    // The first look is what changes are measured against.
    setTimeout(() => appendFileSync(join(run, 'metrics.jsonl'), stepLine(2)), 500);
    const changes = await next();
    expect(changes.runs).toMatchObject([{ id: 'live' }]);
    expect(changes.runs[0]!.loss).toBeCloseTo(2 / 3, 12);
    rmSync(run, { recursive: true });
    expect(await next()).toEqual({ runs: [], studies: [], campaigns: [], gone: ['live'] });
    await reader.cancel();
  });
});
