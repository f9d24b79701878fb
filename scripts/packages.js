/** Checks that the installed npm packages are those in package-lock.json, and installs them otherwise. */

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
    return undefined; // missing or broken, so the packages must be installed
  }
}

/**
 * Whether node_modules matches the lock file. npm lists the installed packages in node_modules/.package-lock.json.
 * Optional packages for other platforms are missing there.
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

/** The npm to run: the one that started this process, or else the one on the path. */
function npm() {
  const script = process.env.npm_execpath;
  return script && script.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
}

/** Installs the npm packages if they do not match the lock file, and makes `npx rectio` work in the clone. */
export async function ensurePackages() {
  const [wanted, installed] = await Promise.all([
    lockedPackages(join(paths.root, 'package-lock.json')),
    lockedPackages(join(paths.modules, '.package-lock.json')),
  ]);
  if (!packagesMatch(wanted, installed)) {
    await announced('npm packages', '10 to 60 s, depending on the network', async () => {
      const [program = 'npm', ...args] = npm();
      const options = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
      const { ok, output } = await run(program, [...args, ...options], { cwd: paths.root });
      if (!ok) {
        throw new SetupError(
          `npm could not install the packages. It printed:\n${head(output)}\n` +
            'Check the network (npm ping) and disk space, then run the same command again.',
        );
      }
    });
  }
  await linkCommand();
}

/** Links the clone's own command. npx looks for it among the packages' commands, but npm does not link it there. */
async function linkCommand() {
  const link = join(paths.modules, '.bin', 'rectio');
  if (existsSync(link)) return;
  await mkdir(join(paths.modules, '.bin'), { recursive: true });
  await rm(link, { force: true }); // existsSync is false for a dangling link
  try {
    await symlink(join('..', '..', 'bin', 'rectio.js'), link);
  } catch (error) {
    // If links are not allowed (Windows without developer mode), npx still finds the command, but more slowly.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') throw error;
  }
}
