/**
 * `npm test`: the set-up, type check, lint (import directions and cycles included), format check, and every test.
 * The last line is `N passed, N failed`, where each check counts as one test. Arguments, as in `npm test -- src/plan`,
 * are passed to vitest, and the checks are skipped.
 */

import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { paths } from './paths.js';
import { sanitize } from './sanitize.js';
import { SetupError, say } from './say.js';
import { setUp } from './setup.js';

const checks = [
  { name: 'type check', script: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: "type check of the board's page", script: 'typescript/bin/tsc', args: ['--noEmit', '-p', 'src/board/page'] },
  { name: 'lint', script: 'oxlint/bin/oxlint', args: ['--deny-warnings', '--type-aware'] },
  { name: 'format check of the C++', script: '../scripts/format-native.js', args: ['--check'] },
  { name: 'format check', script: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
];

/**
 * Runs a package's command and shows its output.
 * @param {string} script relative to node_modules
 * @param {readonly string[]} args
 * @returns {Promise<boolean>} whether it passed
 */
function passes(script, args) {
  return new Promise((resolve, reject) => {
    const command = [join(paths.modules, script), ...args];
    // In CI, some of these tools color their output even in a file.
    const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
    const child = spawn(process.execPath, command, { cwd: paths.root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

/**
 * Runs vitest and counts the results.
 * @param {readonly string[]} filters
 */
async function runTests(filters) {
  const report = join(paths.build, `test-report.${process.pid}.json`);
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters];
  const passed = await passes('vitest/vitest.mjs', args);
  try {
    const counts = JSON.parse(await readFile(report, 'utf8'));
    // A file that cannot be loaded has no failed test, but vitest fails.
    const failed = Math.max(counts.numFailedTests, passed ? 0 : 1);
    return { passed: counts.numPassedTests, failed, skipped: counts.numPendingTests + counts.numTodoTests };
  } catch (error) {
    say(`vitest left no report: ${/** @type {Error} */ (error).message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    await rm(report, { force: true });
  }
}

/** @param {readonly string[]} filters */
async function main(filters) {
  await setUp();
  let passed = 0;
  let failed = 0;
  for (const { name, script, args } of filters.length > 0 ? [] : checks) {
    const ok = await passes(script, args);
    say(`${name}: ${ok ? 'passed' : 'FAILED'}`);
    if (ok) passed++;
    else failed++;
  }
  const tests = await runTests(filters);
  const sanitized = filters.length > 0 ? 'not asked for' : await sanitize();
  if (sanitized !== 'not asked for') say(`sanitizers: ${sanitized}`);
  const counts = {
    passed: passed + tests.passed,
    failed: failed + tests.failed,
    skipped: tests.skipped,
  };
  if (sanitized !== 'not asked for') counts[sanitized]++;
  return counts;
}

let counts = { passed: 0, failed: 1, skipped: 0 };
try {
  counts = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
