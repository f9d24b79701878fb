/** Builds the native oneDNN addon if its sources, the compiler, the processor or oneDNN have changed. */

import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join, relative } from 'node:path';

import { run, tail } from './command.js';
import { cxx, findTools, installCommand, installTools, searchFlags } from './onednn.js';
import { paths } from './paths.js';
import { announced, say } from './say.js';
import { filesUnder, readStamp, stampOf, writeStamp } from './stamp.js';

const stampFile = `${paths.addon}.stamp`;

/** The addon is built for this machine only: `-march=native` enables every instruction of its processor. */
export const compileFlags = ['-std=c++17', '-O3', '-march=native', '-fopenmp', '-fPIC', '-Wall', '-Wextra'];
export const linkFlags = [
  '-shared',
  '-fopenmp',
  ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []), // Node provides the Node-API symbols
];

/** Identifies the processor, because `-march=native` depends on it. */
async function processor() {
  try {
    const text = await readFile('/proc/cpuinfo', 'utf8');
    const line = (/** @type {RegExp} */ pattern) => text.match(pattern)?.[0] ?? '';
    return [line(/^model name.*$/m), line(/^(flags|Features).*$/m)].join('\n');
  } catch {
    return cpus()[0]?.model ?? process.arch;
  }
}

/** The processor's vector instruction sets. The compiler may have used any of them. */
async function vectorInstructions() {
  const flags = (await processor()).match(/^(?:flags|Features)\s*:(.*)$/m)?.[1] ?? '';
  return flags.split(/\s+/).filter((flag) => /^(avx|fma|f16c|bmi|sse|asimd|sve)/.test(flag));
}

/**
 * Says why there is no native engine.
 * @param {string} output a compiler's
 * @param {string} what
 * @returns {undefined}
 */
function giveUp(output, what) {
  say(`set-up: ${what}:\n${tail(output, 25)}`);
  return undefined;
}

/**
 * Compiles the sources in parallel and links them into an addon.
 * @param {readonly string[]} sources
 * @param {string} folder for the objects and the addon
 * @param {{ readonly compile: readonly string[], readonly link: readonly string[] }} flags
 * @returns {Promise<string | undefined>} the addon's path; undefined if it does not compile or link, which is said
 */
export async function compileAddon(sources, folder, { compile, link }) {
  const headers = join(paths.modules, 'node-api-headers', 'include');
  const include = ['-I', headers, '-I', paths.native, ...searchFlags];
  const objectOf = (/** @type {string} */ source) =>
    join(folder, `${relative(paths.native, source).replaceAll(/[\\/]/g, '-')}.o`);
  const waiting = [...sources];
  /** @type {string | undefined} */
  let failure;
  const worker = async () => {
    for (let source = waiting.shift(); source && failure === undefined; source = waiting.shift()) {
      const { ok, output } = await run(cxx, [...compile, ...include, '-c', source, '-o', objectOf(source)]);
      if (!ok) failure ??= output;
    }
  };
  await Promise.all(Array.from({ length: Math.min(sources.length, availableParallelism()) }, worker));
  if (failure !== undefined) return giveUp(failure, 'the native engine does not compile');

  const addon = join(folder, 'rectio.node');
  const linked = await run(cxx, [...link, ...sources.map(objectOf), ...searchFlags, '-ldnnl', '-o', addon]);
  if (!linked.ok) return giveUp(linked.output, 'the native engine does not link');
  return addon;
}

/**
 * Compiles and links the addon, loads it as a test, and only then moves it into place.
 * @param {readonly string[]} sources
 * @returns {Promise<boolean>}
 */
async function build(sources) {
  const folder = join(paths.build, `native.${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    const addon = await compileAddon(sources, folder, { compile: compileFlags, link: linkFlags });
    if (addon === undefined) return false;
    const loaded = await run(process.execPath, ['-e', `require(${JSON.stringify(addon)})`]);
    if (!loaded.ok) {
      giveUp(loaded.output, 'the native engine does not load');
      return false;
    }
    await rename(addon, paths.addon);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes files that a killed build left behind. */
async function removeLeftovers() {
  const names = await readdir(paths.build);
  const leftovers = names.filter((name) => /^native\.\d+$/.test(name));
  await Promise.all(leftovers.map((name) => rm(join(paths.build, name), { recursive: true, force: true })));
}

/** All files of the addon, and those that are compiled. */
export async function nativeFiles() {
  const files = await filesUnder(paths.native, (path) => /\.(cc|cpp|h|hpp)$/.test(path));
  return { files, sources: files.filter((path) => /\.(cc|cpp)$/.test(path)) };
}

/**
 * Brings the native engine up to date. First installs oneDNN and a compiler if the system's package manager can. If the
 * engine cannot be built, prints that everything works with the reference engine. The caller holds the set-up's lock.
 * @returns {Promise<boolean>} whether the native engine is available
 */
export async function ensureNative() {
  await removeLeftovers();
  const { files, sources } = await nativeFiles();

  let tools = await findTools();
  if (!tools.compiler || !tools.onednn) tools = await installTools(tools);
  if (!tools.compiler || !tools.onednn) {
    const missing = [tools.onednn ? '' : 'oneDNN', tools.compiler ? '' : `a C++ compiler (${cxx})`].filter(Boolean);
    say(`set-up: the fast engine cannot be built; missing: ${missing.join(' and ')}.`);
    say('set-up: Everything works with the reference engine, which is very slow. To add the fast one:');
    say(`set-up:   ${installCommand()}`);
    say('set-up: and then run the same command again.');
    return false;
  }

  const words = [tools.compiler, tools.onednn, await processor(), process.arch, ...compileFlags, ...linkFlags];
  const stamp = await stampOf(paths.root, files, words);
  if ((await readStamp(stampFile)) === stamp) return true;
  await rm(stampFile, { force: true });
  const built = await announced(`native engine (oneDNN ${tools.onednn})`, 'about 30 s', () => build(sources));
  if (built) {
    // On a processor without one of these, the addon would kill the process silently. The engine checks this list
    // first.
    await writeFile(`${paths.addon}.flags`, `${(await vectorInstructions()).join(' ')}\n`);
    await writeStamp(stampFile, stamp);
  } else {
    await rm(paths.addon, { force: true }); // an addon from other sources may no longer be compatible
    say('set-up: Everything works with the reference engine, which is very slow.');
  }
  return built;
}
