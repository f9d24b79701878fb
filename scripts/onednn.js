/** oneDNN and the C++ compiler: are they here, and if not, what adds them? */

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { run, tail } from './command.js';
import { announced, say } from './say.js';

export const cxx = process.env.CXX || 'g++';

/** Where Homebrew puts headers and libraries that the compiler does not look for by itself. */
const homebrew =
  process.platform === 'darwin' ? ['/opt/homebrew', '/usr/local'].filter((path) => existsSync(path)) : [];
export const searchFlags = homebrew.flatMap((path) => [`-I${path}/include`, `-L${path}/lib`]);

/**
 * @typedef {object} Tools
 * @property {string | undefined} compiler its version line, undefined where there is none
 * @property {string | undefined} onednn the version of oneDNN's headers, such as `2.7.3`
 */

/** @returns {Promise<Tools>} what is here; takes about 50 ms */
export async function findTools() {
  const version = await run(cxx, ['--version']);
  if (!version.ok) return { compiler: undefined, onednn: undefined };
  const compiler = version.output.split('\n')[0];
  const macros = await run(cxx, [...searchFlags, '-x', 'c++', '-E', '-dM', '-'], {
    input: { text: '#include <dnnl_version.h>\n' },
  });
  const number = (/** @type {string} */ part) =>
    macros.output.match(new RegExp(`#define DNNL_VERSION_${part} (\\d+)`))?.[1];
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map(number);
  return { compiler, onednn: macros.ok && !parts.includes(undefined) ? parts.join('.') : undefined };
}

/** @param {string} program */
function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** The ids of this Linux and of those it is like: `debian`, `ubuntu`, `fedora`, … */
function linuxKinds() {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
  } catch {
    return [];
  }
}

/** The command that adds oneDNN and a compiler by hand on this system. */
export function installCommand() {
  if (process.platform === 'darwin') return 'brew install onednn gcc';
  const kinds = linuxKinds();
  const is = (/** @type {string[]} */ ...names) => names.some((name) => kinds.includes(name));
  if (is('debian', 'ubuntu')) return 'sudo apt-get update && sudo apt-get install libdnnl-dev g++';
  if (is('fedora', 'rhel', 'centos')) return 'sudo dnf install onednn-devel gcc-c++';
  if (is('arch')) return 'sudo pacman -S onednn gcc';
  if (is('suse', 'opensuse')) return 'sudo zypper install onednn-devel gcc-c++';
  return "your system's package manager, for oneDNN (with headers; https://github.com/uxlfoundation/oneDNN) and g++";
}

/** How to call apt-get with the rights it needs; undefined where there is no way. */
function aptGet() {
  if (!onPath('apt-get')) return undefined;
  if (process.getuid?.() === 0) return ['apt-get'];
  if (!onPath('sudo')) return undefined;
  // Without a terminal no one can type a password: then sudo shall fail at once, not hang.
  return process.stdin.isTTY ? ['sudo', 'apt-get'] : ['sudo', '-n', 'apt-get'];
}

/**
 * Installs what is missing with apt-get, where that can be done. What goes wrong is said, not thrown: without oneDNN
 * everything works, only slowly.
 * @param {Tools} tools
 * @returns {Promise<Tools>} what is here afterwards
 */
export async function installTools(tools) {
  const missing = [...(tools.onednn ? [] : ['libdnnl-dev']), ...(tools.compiler ? [] : ['g++'])];
  const [program, ...args] = aptGet() ?? [];
  if (!program) return tools;
  if (process.env.RECTIO_NO_APT) {
    say(`set-up: RECTIO_NO_APT is set, so ${missing.join(' and ')} will not be installed`);
    return tools;
  }
  const who = program === 'sudo' ? ' with sudo' : '';
  say(`set-up: installing ${missing.join(' and ')} from the system's packages${who}:`);
  const options = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'];
  say(`set-up:   ${[program, ...args].join(' ')} update`);
  say(`set-up:   ${[program, ...args].join(' ')} install -y --no-install-recommends ${missing.join(' ')}`);
  return announced('system packages', '10 to 90 s, by the network', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // A list that cannot be brought up to date (one source of many is down) may still do.
    const update = await run(program, [...args, 'update', '-q'], { env, input: 'terminal' });
    const install = await run(program, [...args, 'install', ...options, ...missing], { env, input: 'terminal' });
    if (!install.ok)
      say(
        `set-up: that did not work. apt-get said:\n${tail(update.ok ? install.output : update.output + install.output)}`,
      );
    return findTools();
  });
}
