import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { paint } from '../../data/testing/photos.js';
import { randomStream } from '../../base/random.js';
import type { StudyDocument } from '../../study/index.js';
import { build, rectio, start, tinyNetwork, writeTinyMnist } from '../testing/rectio.js';

let folder: string;

const study = (name: string, ...more: string[]): string[] => [
  ...['compare', 'tiny.json', '--ratios', '2:1', '--seeds', '2', '--epochs', '3', '--batch', '8', '--lr', '0.05'],
  ...['--data', 'mnist', '--data-dir', 'mnist', '--engine', 'reference', '--study', name, '--json', ...more],
];

const resultOf = (name: string) =>
  JSON.parse(readFileSync(join(folder, name, 'report', 'results.json'), 'utf8')) as StudyDocument;

/** All that must not depend on when and how often a study was stopped. */
const numbers = ({ ratios }: StudyDocument) => ratios.map(({ cost: _cost, ...rest }) => rest);

let whole: StudyDocument;
let wall: number;

beforeAll(async () => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'rectio-compare-'));
  writeTinyMnist(join(folder, 'mnist'), { train: 48, test: 60 });
  writeFileSync(join(folder, 'tiny.json'), tinyNetwork());
  const began = performance.now();
  const { code, stdout, stderr } = await rectio(study('whole'), folder);
  wall = performance.now() - began;
  if (code !== 0) throw new Error(stderr);
  whole = JSON.parse(stdout) as StudyDocument;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('rectio compare', () => {
  it('tells of a folder of images before it trains, and refuses a bad one before its first training', async () => {
    for (const [place, color] of [
      ['cat', 50],
      ['dog', 200],
    ] as const) {
      for (let n = 0; n < 10; n++) await paint(join(folder, 'photos', place, `${n}.png`), [color, n, 9]);
    }
    const arms = ['compare', 'tiny-rgb.json', '--seeds', '1', '--epochs', '1', '--batch', '8', '--engine', 'reference'];
    const photos = ['--data', 'folder', '--data-dir', 'photos', '--study'];
    writeFileSync(join(folder, 'tiny-rgb.json'), tinyNetwork(3, 2));
    const good = await rectio([...arms, ...photos, 'on-photos'], folder);
    expect(good.stdout.match(/images in /g)).toHaveLength(1);
    expect(good.stdout).toMatch(/classes \(training \+ test images\): cat 9 \+ 1, dog 9 \+ 1[^]*\[1\/2\]/);
    writeFileSync(join(folder, 'photos', 'dog', '0.png'), 'no image');
    const bad = await rectio([...arms, ...photos, 'on-bad-photos'], folder);
    expect([bad.code === 0, readdirSync(join(folder, 'on-bad-photos', 'trials'))]).toEqual([false, []]);
    expect(bad.stderr).toContain('cannot be decoded');
  });

  it('trains every ratio with every seed and says what came of it', () => {
    expect(whole).toMatchObject({ study: 'tiny', baseline: '1:1', trials: { all: 4, done: 4, failed: 0 } });
    expect(whole.ratios.map(({ ratio, n, pattern }) => [ratio, n, pattern])).toEqual([
      ['1:1', 2, '1'],
      ['2:1', 2, '01'],
    ]);
    const [baseline, variant] = whole.ratios;
    expect(baseline).toMatchObject({ difference: null, verdict: null });
    expect(variant!.difference!.mean).toBeCloseTo(variant!.error!.mean - baseline!.error!.mean, 9);
    expect(['better', 'worse', 'open']).toContain(variant!.verdict);
    // One ReLU of 4 channels of 8×8 is left of two.
    expect([baseline, variant].map((ratio) => ratio!.cost!.activationElements)).toEqual([512, 256]);
    expect(resultOf('whole')).toEqual(whole);
  });

  it('keeps each training as an ordinary run with the study’s seed', () => {
    expect(readdirSync(join(folder, 'whole', 'trials')).toSorted()).toEqual(
      ['tiny.json-1to1-seed0', 'tiny.json-1to1-seed1', 'tiny.json-2to1-seed0', 'tiny.json-2to1-seed1'].toSorted(),
    );
    const summary = readFileSync(join(folder, 'whole', 'trials', 'tiny.json-2to1-seed1', 'summary.json'), 'utf8');
    expect(JSON.parse(summary)).toMatchObject({ ratio: '2:1', seed: 1 });
  });

  it('writes the report in every form', () => {
    const files = readdirSync(join(folder, 'whole', 'report'));
    for (const name of ['index.html', 'report.md', 'results.csv', 'results.json', 'results.tex', 'differences.svg']) {
      expect(files).toContain(name);
    }
    const page = readFileSync(join(folder, 'whole', 'report', 'index.html'), 'utf8');
    expect(page).toContain('with 2 paired seeds');
    expect(page).toContain(`npx rectio compare tiny.json --ratios 2:1`);
    // Nothing is fetched from anywhere.
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import/);
  });

  it('does nothing again for a study that is done', async () => {
    const again = await rectio(study('whole'), folder);
    expect(again.code).toBe(0);
    expect(again.stderr).not.toContain('training');
    expect(numbers(JSON.parse(again.stdout) as StudyDocument)).toEqual(numbers(whole));
  });

  it('comes to the same numbers where it is killed at any moment', async () => {
    const stream = randomStream(4);
    for (let kill = 0; kill < 4; kill++) {
      const running = start(study('killed'), folder);
      await sleep((0.2 + 0.8 * stream.uniform()) * 0.4 * wall);
      running.kill('SIGKILL');
      await running.ended;
      // The training in progress too, every other time.
      if (kill % 2 === 0) killTrainings('killed');
    }
    const { code, stdout } = await rectio(study('killed'), folder);
    expect(code).toBe(0);
    const killed = JSON.parse(stdout) as StudyDocument;
    expect(numbers(killed)).toEqual(numbers(whole));
    expect(killed.hash).toBe(whole.hash);
  });

  it('is shared by two processes, each training done once', async () => {
    const both = await Promise.all([rectio(study('shared'), folder), rectio(study('shared'), folder)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    for (const { stdout } of both) expect(numbers(JSON.parse(stdout) as StudyDocument)).toEqual(numbers(whole));
    const done = both.map(({ stderr }) => stderr.match(/test error/g)?.length ?? 0);
    expect(done[0]! + done[1]!).toBe(4);
  });

  it('says which process it waits for', async () => {
    // Both trainings are one process's, and long enough that none ends before the other process looks.
    const long = (...more: string[]) => start(study('waited', '--seeds', '1', '--epochs', '5000', ...more), folder);
    const first = long('--jobs', '2');
    await first.said('[2/2] tiny.json 2:1, seed 0: training');
    const claim = join(folder, 'waited', 'claims', 'tiny.json-1to1-seed0');
    const { pid } = JSON.parse(readFileSync(claim, 'utf8')) as { pid: number };
    const second = long();
    await second.said(`waiting for process ${pid} on ${hostname()}, training 2 of these, such as [1/2] tiny.json 1:1`);
    for (const running of [first, second]) running.kill('SIGTERM');
    expect((await Promise.all([first.ended, second.ended])).map(({ code }) => code)).toEqual([143, 143]);
  });

  it('writes one report from several processes at once', async () => {
    const report = join(folder, 'whole', 'report');
    const before = readdirSync(report).toSorted();
    rmSync(report, { recursive: true });
    const all = await Promise.all([
      ...Array.from({ length: 3 }, () => rectio(['report', 'whole', '--json'], folder)),
      rectio(study('whole'), folder),
    ]);
    expect(all.map(({ code, stderr }) => [code, stderr.includes('rectio:')])).toEqual(all.map(() => [0, false]));
    for (const { stdout } of all) expect(numbers(JSON.parse(stdout) as StudyDocument)).toEqual(numbers(whole));
    // Each file is whole, and nothing temporary is left.
    expect(readdirSync(report).toSorted()).toEqual(before);
    expect(numbers(resultOf('whole'))).toEqual(numbers(whole));
    expect(readFileSync(join(report, 'index.html'), 'utf8').trimEnd()).toMatch(/<\/html>$/);
  });

  it('takes more seeds later, and says so', async () => {
    const { code, stdout } = await rectio(
      ['compare', '--study', 'shared', '--add-seeds', '1', '--engine', 'reference', '--json'],
      folder,
    );
    expect(code).toBe(0);
    const grown = JSON.parse(stdout) as StudyDocument;
    expect(grown.ratios.map(({ n }) => n)).toEqual([3, 3]);
    expect(grown.additions).toMatchObject([{ seeds: [2] }]);
    expect(grown.hash).toBe(whole.hash);
    expect(readFileSync(join(folder, 'shared', 'report', 'report.md'), 'utf8')).toContain('Seeds 2 were added');
  });

  it('records a training that fails, goes on with the others, and tells in the end', async () => {
    const { code, stdout } = await rectio(study('failing', '--lr', '1e30', '--seeds', '1'), folder);
    expect(code).toBe(1);
    const failed = JSON.parse(stdout) as StudyDocument;
    expect(failed.trials).toEqual({ all: 2, done: 0, failed: 2 });
    expect(failed.failures[0]!.reason).toContain('diverged');
    expect(failed.ratios[0]).toMatchObject({ n: 0, error: null, cost: null });
  });

  it('stops at a signal and says how to go on', async () => {
    const running = start(
      study('stopped').filter((word) => word !== '--json'),
      folder,
    );
    await running.said('seed 0: training');
    running.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect(code).toBe(143);
    expect(stderr).toContain('npx rectio compare --study stopped');
  });

  it('never changes the plan of a study', async () => {
    const other = await rectio(study('whole', '--epochs', '4'), folder);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('another plan');
    const mixed = await rectio(['compare', '--study', 'whole', '--add-seeds', '1', '--epochs', '4'], folder);
    expect(mixed.code).toBe(2);
    expect(mixed.stderr).toContain('--epochs');
  });

  it('reads a plan from a file, and names its line where it is broken', async () => {
    writeFileSync(
      join(folder, 'study.yaml'),
      'name: from-file\nnetworks: [resnet20]\nratios: ["2:1", "3:2"]\nseeds: 4\nsettings:\n  epochs: 2\n',
    );
    const plan = await rectio(['compare', '--plan', 'study.yaml', '--dry-run', '--json'], folder);
    expect(JSON.parse(plan.stdout)).toMatchObject({
      study: 'from-file',
      seeds: [0, 1, 2, 3],
      arms: [{}, {}, { ratio: '3:2' }],
      trainings: 12,
    });
    writeFileSync(join(folder, 'broken.yaml'), 'networks: [resnet20\nratios: 3');
    const broken = await rectio(['compare', '--plan', 'broken.yaml'], folder);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toContain('broken.yaml, line');
  });

  it.each([
    [['compare'], 'MODEL'],
    [['compare', 'resnet21'], 'resnet20'],
    [['compare', 'resnet20', '--ratios', '1:2'], '2:1'],
    [['compare', '--add-seeds', '2'], '--study'],
    [['report', 'nowhere'], 'study.json'],
  ])('refuses %o with what to do', async (args, hint) => {
    const { code, stderr } = await rectio(args, folder);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });
});

/** Kills what trains in a study, by the locks of its runs. */
function killTrainings(name: string): void {
  for (const trial of readdirSync(join(folder, name, 'trials'))) {
    try {
      const { pid } = JSON.parse(readFileSync(join(folder, name, 'trials', trial, 'lock'), 'utf8')) as { pid: number };
      process.kill(pid, 'SIGKILL');
    } catch {
      // It holds no lock, or has ended meanwhile.
    }
  }
}
