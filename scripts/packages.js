/** The npm packages: there, and the ones that package-lock.json names? */

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { head, run } from './command.js';
import { paths } from './paths.js';
import { SetupError, announced } from './say.js';

/** @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, link?: boolean }>} Packages */

/** @param {string} file @returns {Promise<Packages | undefined>} */
async function lockedPackages(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages;
  } catch {
    return undefined; // absent or broken: not the packages we want
  }
}

/**
 * Whether node_modules holds what the lock asks for. npm writes what it installed into node_modules/.package-lock.json;
 * packages for other platforms (optional ones) are missing there.
 * @param {Packages | undefined} wanted
 * @param {Packages | undefined} installed
 */
export function packagesMatch(wanted, installed) {
  if (!wanted || !installed) return false;
  const same = (/** @type {string} */ name) =>
    wanted[name]?.version === installed[name]?.version && wanted[name]?.integrity === installed[name]?.integrity;
  const complete = Object.entries(wanted).every(([name, { optional }]) => name === '' || optional || same(name));
  return complete && Object.keys(installed).every(same);
}

/** How to start npm: the one that started us, else the one on the path. */
function npm() {
  const script = process.env.npm_execpath;
  return script && script.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
}

/** Installs the npm packages where they are missing or not the locked ones, and makes `npx rectio` work in the clone. */
export async function ensurePackages() {
  const [wanted, installed] = await Promise.all([
    lockedPackages(join(paths.root, 'package-lock.json')),
    lockedPackages(join(paths.modules, '.package-lock.json')),
  ]);
  if (!packagesMatch(wanted, installed)) {
    await announced('npm packages', '10 to 60 s, by the network', async () => {
      const [program = 'npm', ...args] = npm();
      const options = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
      const { ok, output } = await run(program, [...args, ...options], { cwd: paths.root });
      if (!ok) {
        throw new SetupError(
          `npm could not install the packages. It said:\n${head(output)}\n` +
            'Check the network (npm ping) and disk space, then run the same command again.',
        );
      }
    });
  }
  await linkCommand();
}

/** npx looks for a clone's own command among its packages' commands; npm does not link it there. */
async function linkCommand() {
  const link = join(paths.modules, '.bin', 'rectio');
  if (existsSync(link)) return;
  await mkdir(join(paths.modules, '.bin'), { recursive: true });
  await rm(link, { force: true }); // a dangling link does not "exist"
  try {
    await symlink(join('..', '..', 'bin', 'rectio.js'), link);
  } catch (error) {
    // Without links (Windows without developer mode) npx still finds the command, only more slowly.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') throw error;
  }
}
