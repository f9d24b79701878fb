#!/usr/bin/env node
/**
 * Compares networks of the zoo with their twins, the reference implementations: logits on the onednn engine and, if the
 * twin has data for it, a training step on the reference engine in float64. Prints the error of each network. The tests
 * check only the fast ones; all of them take about ten minutes on two idle cores.
 *
 *     node bench/check-twins.js [NETWORK ...]
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const names = process.argv.slice(2);

const { status } = spawnSync(
  process.execPath,
  // One at a time, because the engine's threads use all cores.
  [vitest, 'run', '--no-file-parallelism', '--test-timeout=3600000', 'twins.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, RECTIO_TWINS: names.join(',') || 'all' } },
);
process.exitCode = status ?? 1;
