/**
 * Builds the native addon with AddressSanitizer and UndefinedBehaviorSanitizer and runs the conformance suite of its engine
 * against it. An invalid memory access, an overflow of a signed number or any other undefined behavior ends the run.
 *
 *     npm run sanitize               # every kernel, whole networks, malformed plans; some three minutes
 *     npm run sanitize -- FILTER     # the tests whose file name contains FILTER
 */

import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { compileAddon, compileFlags, linkFlags, nativeFiles } from './build-native.js';
import { run } from './command.js';
import { cxx, findTools } from './onednn.js';
import { paths } from './paths.js';
import { announced, say } from './say.js';
import { setUp } from './setup.js';

const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g'];

/** The engine's tests. Determinism and twins compute much and call no kernel that these do not. */
const suite = ['onednn/onednn.test.ts', 'onednn/addon.test.ts', 'onednn/nan.test.ts'];

/**
 * Builds the addon and runs the tests.
 * @param {readonly string[]} filters
 * @returns {Promise<'passed' | 'failed' | 'skipped'>}
 */
export async function sanitize(filters = suite) {
  const { compiler, onednn } = await findTools();
  if (process.platform !== 'linux' || !compiler || !onednn) {
    say('sanitizers: skipped; they need Linux, a C++ compiler and oneDNN.');
    return 'skipped';
  }
  const library = (await run(cxx, ['-print-file-name=libasan.so'])).output.trim();
  if (!library.startsWith('/')) {
    say(`sanitizers: skipped; ${cxx} has no libasan.`);
    return 'skipped';
  }
  const folder = join(paths.build, 'sanitize');
  await mkdir(folder, { recursive: true });
  const { sources } = await nativeFiles();
  const optimization = compileFlags.map((flag) => (flag === '-O3' ? '-O1' : flag));
  const flags = { compile: [...optimization, ...sanitizers], link: [...linkFlags, ...sanitizers] };
  const addon = await announced('native engine with sanitizers', 'about 60 s', () =>
    compileAddon(sources, folder, flags),
  );
  if (addon === undefined) return 'failed';
  const child = spawn(process.execPath, [join(paths.modules, 'vitest', 'vitest.mjs'), 'run', ...filters], {
    cwd: paths.root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      RECTIO_ADDON: addon,
      // Node itself is built without the sanitizer, so its library has to be there first. Node never frees some memory.
      LD_PRELOAD: library,
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return code === 0 ? 'passed' : 'failed';
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await setUp();
  const filters = process.argv.slice(2);
  const result = await sanitize(filters.length > 0 ? filters : suite);
  say(`sanitizers: ${result}`);
  process.exitCode = result === 'failed' ? 1 : 0;
}
