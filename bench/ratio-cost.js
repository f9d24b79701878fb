/**
 * What a ratio costs: each network's training step at a ratio and at 1:1, step by step in turn, as a table in Markdown.
 *
 *     node bench/ratio-cost.js [STEPS]      # 30 unless said otherwise; close other programs
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const steps = process.argv[2] ?? '30';
const rectio = fileURLToPath(new URL('../bin/rectio.js', import.meta.url));

/** Networks of every family, each with a ratio that suits its blocks and a batch that gives steps of 0.1 to 1 s. */
const networks = [
  { name: 'plain20', ratio: '2:1', batch: 128 },
  { name: 'plain56', ratio: '3:1', batch: 64 },
  { name: 'resnet20', ratio: '2:1', batch: 128 },
  { name: 'resnet20', ratio: '2:1@10', batch: 128 },
  { name: 'resnet56', ratio: '2:1@10', batch: 64 },
  { name: 'preresnet20', ratio: '2:1', batch: 128 },
  { name: 'cifar_vgg16_bn', ratio: '2:1', batch: 64 },
  { name: 'resnet29_bottleneck', ratio: '3:1', batch: 64 },
  { name: 'densenet_bc_100_12', ratio: '2:1', batch: 16 },
  { name: 'mobilenet_v2', ratio: '2:1', batch: 4 },
  { name: 'googlenet', ratio: '2:1', batch: 4 },
];

/** @param {readonly (string | number)[]} cells */
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
row(['network', 'batch', '1:1, images/s', 'ratio', 'images/s', 'step time against 1:1', '95 %', 'memory against 1:1']);
row(['---', '--:', '--:', '---', '--:', '--:', '---', '--:']);
for (const { name, ratio, batch } of networks) {
  const args = [
    'bench',
    name,
    '--ratio',
    ratio,
    '--against',
    '1:1',
    '--batch',
    String(batch),
    '--steps',
    steps,
    '--json',
  ];
  const result = JSON.parse(execFileSync(process.execPath, [rectio, ...args], { encoding: 'utf8' }));
  const { median, interval } = result.timeRatio;
  row([
    name,
    batch,
    result.against.imagesPerSecond.toFixed(0),
    ratio,
    result.imagesPerSecond.toFixed(0),
    median.toFixed(3),
    interval === null ? '–' : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`,
    result.memoryRatio.toFixed(3),
  ]);
}
