/**
 * Makes a clone ready to use: npm packages, oneDNN, the native engine and the compiled sources. It does only what is
 * missing or out of date, and needs only Node.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ensureBuild } from './build.js';
import { ensureNative } from './build-native.js';
import { withLock } from './lock.js';
import { ensurePackages } from './packages.js';
import { paths } from './paths.js';
import { SetupError, say } from './say.js';

/** @param {string} version such as `20.19.0` */
export function isNodeNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

/** @throws {SetupError} if Node is too old */
export async function setUp() {
  if (!isNodeNewEnough(process.versions.node)) {
    throw new SetupError(
      `Rectio needs Node.js 20.19 or newer; this is ${process.versions.node}. Get a newer one: https://nodejs.org/en/download`,
    );
  }
  await withLock(join(paths.build, 'setup.lock'), async () => {
    await ensurePackages();
    await ensureNative();
    await ensureBuild();
  });
}

/**
 * Runs the set-up and then `work`, and sets the exit code. For scripts.
 * @param {() => Promise<number>} work returns the exit code
 */
export async function afterSetup(work) {
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
    return;
  }
  process.exitCode = await work();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await afterSetup(async () => {
    say('set-up: ready. Next: npx rectio doctor, or npm start');
    return 0;
  });
}
