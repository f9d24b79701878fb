/**
 * The long form of src/cli/kills.test.ts: kills trainings, and studies that two processes share, at randomly chosen file
 * operations, and lets disks refuse; then compares what they end with, bit by bit, with what an undisturbed one ends with.
 *
 *     node bench/kill-test.js [KILLS] [SEED]      1000 kills, seed 1; a kill takes one to three seconds
 *
 * Each round's count goes to standard error; so does each failure, with the operations that were struck. The exit code is 1
 * if there was one.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [kills = '1000', seed = '1'] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'src/cli/kills.test.ts', '--disable-console-intercept'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, RECTIO_KILLS: kills, RECTIO_KILL_SEED: seed } },
);
process.exitCode = status ?? 1;
