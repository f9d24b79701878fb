#!/usr/bin/env node
/**
 * Compares Rectio with PyTorch on this machine's CPU. The two take turns, A B A B …, so that changes in the machine's
 * speed affect both alike. PyTorch runs in both of its memory layouts, and the faster one counts. Prints a Markdown
 * table of medians and their ratio.
 *
 *     node bench/against-torch.js --python VENV/bin/python [--rounds 3] [--only resnet20,cifar_vgg16_bn] [--busy]
 *
 * bench/peers/torch_peer.py explains how to set up PyTorch. `--busy` measures instead how much of its idle speed each
 * keeps while other processes occupy every core.
 */

import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { median } from '../dist/base/median.js';

const rectio = fileURLToPath(new URL('../bin/rectio.js', import.meta.url));
const peer = fileURLToPath(new URL('peers/torch_peer.py', import.meta.url));

/** @typedef {{ model: string, peerModel: string, mode: 'train' | 'eval', batch: number, target: number }} Contest */

/** Rectio's targets, as multiples of PyTorch's throughput. @type {readonly Contest[]} */
const contests = [
  { model: 'resnet20', peerModel: 'resnet20', mode: 'train', batch: 128, target: 1.35 },
  { model: 'resnet20', peerModel: 'resnet20', mode: 'eval', batch: 128, target: 2 },
  { model: 'cifar_vgg16_bn', peerModel: 'vgg16', mode: 'train', batch: 128, target: 1.35 },
  { model: 'cifar_resnet18', peerModel: 'resnet18', mode: 'train', batch: 64, target: 1.2 },
  { model: 'resnet29_bottleneck', peerModel: 'resnet29-bottleneck', mode: 'train', batch: 128, target: 1.4 },
  ...['wrn_16_4', 'resnext29_8x16d', 'densenet_bc_100_12', 'mobilenet_v2', 'googlenet'].map((model) => ({
    model,
    peerModel: model,
    mode: /** @type {const} */ ('train'),
    batch: 128,
    target: 1.3,
  })),
];

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '12' },
    only: { type: 'string' },
    busy: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const chosen = contests.filter(({ model }) => !values.only || values.only.split(',').includes(model));
if (!Number.isInteger(rounds) || rounds < 1 || chosen.length === 0) {
  console.error(
    `Give --rounds of at least 1, and --only from: ${[...new Set(contests.map((c) => c.model))].join(', ')}`,
  );
  process.exit(2);
}

/** @typedef {{ imagesPerSecond: number, megabytes: number }} Sample */

/** @param {string} command @param {string[]} parameters @returns {any} the JSON it prints */
function measure(command, parameters) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (error || status !== 0) {
    console.error(`${command} ${parameters.join(' ')} failed:\n${error?.message ?? stderr}`);
    process.exit(1);
  }
  return JSON.parse(stdout);
}

/** @param {Contest} contest @returns {Sample} */
function ours({ model, mode, batch }) {
  const { imagesPerSecond, peakRssMb } = measure(process.execPath, [
    rectio,
    ...['bench', model, '--mode', mode, '--batch', String(batch), '--threads', values.threads, '--steps', values.steps],
    ...['--classes', '10', '--size', '32', '--json'],
  ]);
  return { imagesPerSecond, megabytes: peakRssMb };
}

/** @param {Contest} contest @param {boolean} channelsLast @returns {Sample} */
function theirs({ peerModel, mode, batch }, channelsLast) {
  const result = measure(values.python, [
    peer,
    ...['--model', peerModel, '--mode', mode, '--batch', String(batch), '--threads', values.threads],
    ...['--steps', values.steps, ...(channelsLast ? ['--channels-last'] : [])],
  ]);
  return { imagesPerSecond: result.images_per_s, megabytes: result.peak_rss_mb };
}

/** @param {readonly Sample[]} samples */
const speed = (samples) => median(samples.map((sample) => sample.imagesPerSecond));
/** @param {readonly Sample[]} samples */
const memory = (samples) => median(samples.map((sample) => sample.megabytes));

/** @param {Contest} contest @returns {string} a row of the table */
function compete(contest) {
  /** @type {Sample[]} */
  const rectioSamples = [];
  /** @type {[Sample[], Sample[]]} */
  const torchSamples = [[], []];
  for (let round = 0; round < rounds; round++) {
    rectioSamples.push(ours(contest));
    torchSamples[0].push(theirs(contest, false));
    rectioSamples.push(ours(contest));
    torchSamples[1].push(theirs(contest, true));
  }
  const channelsLast = speed(torchSamples[1]) > speed(torchSamples[0]);
  const best = torchSamples[channelsLast ? 1 : 0];
  const each = rectioSamples.map((sample) => sample.imagesPerSecond / speed(best));
  return [
    `${contest.model} ${contest.mode}, batch ${contest.batch}`,
    `${speed(rectioSamples).toFixed(0)}`,
    `${speed(best).toFixed(0)} (${channelsLast ? 'channels last' : 'channels first'})`,
    `**${(speed(rectioSamples) / speed(best)).toFixed(2)}** (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})`,
    `${contest.target}`,
    `${memory(rectioSamples).toFixed(0)} / ${memory(best).toFixed(0)} = ${(memory(rectioSamples) / memory(best)).toFixed(2)}`,
  ].join(' | ');
}

/** The share of idle speed that each keeps beside one busy loop per core. @param {Contest} contest @returns {string} */
function besideOthers(contest) {
  const loops = () =>
    Array.from({ length: availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    );
  /** @param {() => Sample} run @returns {number} */
  const kept = (run) => {
    const shares = Array.from({ length: rounds }, () => {
      const idle = run().imagesPerSecond;
      const others = loops();
      try {
        return run().imagesPerSecond / idle;
      } finally {
        for (const other of others) other.kill('SIGKILL');
      }
    });
    return median(shares);
  };
  const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(0)} %`;
  return [
    `${contest.model} ${contest.mode}, batch ${contest.batch}`,
    percent(kept(() => ours(contest))),
    percent(kept(() => theirs(contest, true))),
  ].join(' | ');
}

console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${values.threads} threads, Node ${process.versions.node}`,
);
console.log(`medians of ${rounds} rounds of ${values.steps} steps\n`);
if (values.busy) {
  console.log('| network | Rectio keeps | PyTorch (channels last) keeps |\n|---|---|---|');
  for (const contest of chosen) console.log(`| ${besideOthers(contest)} |`);
} else {
  console.log(
    '| network | Rectio, images/s | PyTorch, images/s | ratio (spread) | target | peak memory, MB |\n|---|---|---|---|---|---|',
  );
  for (const contest of chosen) console.log(`| ${compete(contest)} |`);
}
