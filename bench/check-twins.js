#!/usr/bin/env node
/**
 * Compares networks of the zoo with their twins, the reference implementations: logits on the onednn engine, then, where
 * there are numbers for it, a step of training on the reference engine in float64. Says how far off each is. The tests
 * take the quick ones only; all of them take about ten minutes on two idle cores.
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
  // One after the other: the engine's threads take all cores.
  [vitest, 'run', '--no-file-parallelism', '--test-timeout=3600000', 'twins.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, RECTIO_TWINS: names.join(',') || 'all' } },
);
process.exitCode = status ?? 1;
