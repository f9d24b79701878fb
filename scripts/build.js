/** Compiles src and the board's page into dist if they have changed. It can also run as a program. */

import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { run, tail } from './command.js';
import { withLock } from './lock.js';
import { paths } from './paths.js';
import { SetupError, announced } from './say.js';
import { filesUnder, readStamp, stampOf, writeStamp } from './stamp.js';

const stampFile = join(paths.dist, '.stamp');
const compiler = join(paths.modules, 'typescript');
/** The board's page runs in a browser, so Vite bundles it. */
const page = join(paths.sources, 'board', 'page');

/** The inputs of dist: sources, settings and the compiler's version. */
async function currentStamp() {
  const sources = await filesUnder(
    paths.sources,
    (path) => (path.endsWith('.ts') && !path.endsWith('.test.ts')) || path.startsWith(page),
  );
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) => join(paths.root, name));
  const { version } = JSON.parse(await readFile(join(compiler, 'package.json'), 'utf8'));
  return stampOf(paths.root, [...sources, ...settings], [version]);
}

/** Compiles into another folder and swaps, so that dist never holds a partial build or files of deleted sources. */
async function compile(/** @type {string} */ stamp) {
  const fresh = join(paths.root, `dist.${process.pid}`);
  const old = join(paths.root, `dist.old.${process.pid}`);
  try {
    const tsc = join(compiler, 'bin', 'tsc');
    const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh];
    const { ok, output } = await run(process.execPath, args, { cwd: paths.root });
    if (!ok) throw new SetupError(`The sources do not compile:\n${tail(output, 30)}`);
    await mkdir(fresh, { recursive: true });
    await bundle(join(fresh, 'board', 'page'));
    await writeStamp(join(fresh, '.stamp'), stamp);
    await rename(paths.dist, old).catch(() => {}); // there is none before the first build
    await rename(fresh, paths.dist);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

/** Bundles the board's page into a folder. The page loads nothing from other servers. */
async function bundle(/** @type {string} */ outDir) {
  const { build } = await import('vite');
  try {
    await build({
      root: page,
      base: './',
      configFile: false,
      logLevel: 'silent',
      cacheDir: join(paths.build, 'vite'),
      build: { outDir, emptyOutDir: true, modulePreload: { polyfill: false }, assetsInlineLimit: 0, target: 'es2022' },
    });
  } catch (error) {
    throw new SetupError(`The board's page cannot be built:\n${/** @type {Error} */ (error).message}`);
  }
}

/** Removes files that a killed build left behind. */
async function removeLeftovers() {
  const names = await readdir(paths.root);
  const leftovers = names.filter((name) => /^dist\.(old\.)?\d+$/.test(name));
  await Promise.all(leftovers.map((name) => rm(join(paths.root, name), { recursive: true, force: true })));
}

/** Brings dist up to date with src. The caller holds the set-up's lock. */
export async function ensureBuild() {
  await removeLeftovers();
  const stamp = await currentStamp();
  if ((await readStamp(stampFile)) === stamp) return;
  await announced('TypeScript', 'about 4 s', () => compile(stamp));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await withLock(join(paths.build, 'setup.lock'), ensureBuild);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
