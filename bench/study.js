/**
 * Measures a study's overhead: the time of a complete `rectio compare` with one job, divided by the sum of its trials'
 * times. A trial's time runs from the creation of its log, just before its process starts, to the last entry.
 *
 *     node scripts/build.js && node bench/study.js [EPOCHS]
 *
 * Bound: 1.03. The trials are resnet20 on the built-in dataset at 1:1 and 2:1, two seeds, EPOCHS (6) each.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const epochs = process.argv[2] ?? '6';
const command = fileURLToPath(new URL('../bin/rectio.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rectio-study-'));
try {
  const study = ['compare', 'resnet20', '--ratios', '2:1', '--seeds', '2', '--epochs', epochs, '--study', folder];
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [command, ...study], { encoding: 'utf8' });
  const whole = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(stderr);
  const trials = readdirSync(join(folder, 'trials')).map((trial) => {
    const { birthtimeMs, mtimeMs } = statSync(join(folder, 'logs', `${trial}.log`));
    return (mtimeMs - birthtimeMs) / 1000;
  });
  const sum = trials.reduce((a, b) => a + b);
  console.log(
    `study ${whole.toFixed(1)} s, its ${trials.length} trials ${sum.toFixed(1)} s: ${(whole / sum).toFixed(3)}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
