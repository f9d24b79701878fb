/**
 * Measures how long the report of a large study takes. Copies the finished study STUDY into a separate folder and
 * multiplies its trials to TRIALS (500) with additional seeds.
 *
 *     node scripts/build.js && node bench/report.js STUDY [TRIALS]
 *
 * Bound: 3 s for 500 trials, for the complete command.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { addSeeds, openStudy } from '../dist/study/index.js';

const [source, wanted = '500'] = process.argv.slice(2);
if (source === undefined) throw new Error('Give the folder of a finished study.');
const folder = mkdtempSync(join(tmpdir(), 'rectio-report-'));
try {
  const original = await openStudy(source);
  const arms = original.record.plan.arms.length;
  for (const part of ['study.json', 'seeds', 'settings', 'failures']) {
    cpSync(join(source, part), join(folder, part), { recursive: true });
  }
  const more = Math.ceil(Number(wanted) / arms) - original.trials.length / arms;
  const { trials } = await addSeeds(await openStudy(folder), more);
  for (const [index, { id }] of trials.entries()) {
    // Trials are listed seed by seed, so equal positions modulo the number of original trials belong to the same arm.
    const model = original.trials[index % original.trials.length];
    for (const file of ['config.json', 'metrics.jsonl', 'summary.json', 'predictions.safetensors']) {
      cpSync(join(source, 'trials', String(model?.id), file), join(folder, 'trials', id, file));
    }
  }
  const command = fileURLToPath(new URL('../bin/rectio.js', import.meta.url));
  const times = Array.from({ length: 3 }, () => {
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [command, 'report', folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return ((performance.now() - began) / 1000).toFixed(2);
  });
  console.log(`report of ${trials.length} trials: ${times.join(', ')} s`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
