/**
 * Measures the board with 2,000 runs: the time until its first view is usable in Chromium, and the server's peak
 * memory.
 *
 *     node scripts/build.js && node bench/board.js [RUNS]
 *
 * Bounds: 1 s and 300 MB. This script writes the runs: the settings of a resnet20, 39 logged steps, and, for nine runs
 * in ten, a summary.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { applyRatio } from '../dist/proportion/index.js';
import { createModel } from '../dist/zoo/index.js';

const runs = Number(process.argv[2] ?? 2000);
const folder = mkdtempSync(join(tmpdir(), 'rectio-board-'));
const { graph, report } = applyRatio(createModel('resnet20'));

function writeRun(/** @type {number} */ number) {
  const run = join(folder, `resnet20-1to1-seed${number}`);
  mkdirSync(run);
  const config = { seed: number, epochs: 8, evaluation: { validation: null } };
  const record = { format: 1, config, graph, proportion: report };
  writeFileSync(join(run, 'config.json'), JSON.stringify(record, null, 2));
  const score = { loss: 1, error: 30 };
  const lines = Array.from({ length: 39 }, (_, step) => ({
    ...{ time: step, type: 'step', step, epoch: 0, train: score, learningRate: 0.1, imagesPerSecond: 300 },
  }));
  writeFileSync(join(run, 'metrics.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (number % 10 === 0) return;
  const summary = { model: 'resnet20', ratio: '1:1', seed: number, epochs: 8, train: score, test: score };
  writeFileSync(join(run, 'summary.json'), JSON.stringify({ ...summary, imagesPerSecond: 300 }));
}

function memoryOf(/** @type {number} */ pid) {
  const peak = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(peak) / 1024;
}

try {
  for (let number = 0; number < runs; number++) writeRun(number);
  const command = fileURLToPath(new URL('../bin/rectio.js', import.meta.url));
  const server = spawn(process.execPath, [command, 'board', folder, '--port', '0']);
  const link = await new Promise((resolve) =>
    server.stdout.on('data', (data) => resolve(/http:\S+/.exec(String(data))?.[0])),
  );
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const times = [];
  for (let view = 0; view < 5; view++) {
    const page = await browser.newPage();
    const began = performance.now();
    await page.goto(link);
    await page.locator('#runs tbody a').first().waitFor();
    times.push(performance.now() - began);
    await page.getByRole('searchbox').fill('seed1999');
    await page.getByText(`of ${runs} runs`).waitFor();
    await page.close();
  }
  const [first, ...again] = times.map((time) => Math.round(time));
  console.log(`${runs} runs: first view after ${first} ms, again after ${again.join(', ')} ms`);
  console.log(`server: ${Math.round(memoryOf(/** @type {number} */ (server.pid)))} MB at most`);
  await browser.close();
  server.kill('SIGINT');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
