/** Finds oneDNN and the C++ compiler, and installs them if possible. */

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { run, tail } from './command.js';
import { announced, say } from './say.js';

export const cxx = process.env.CXX || 'g++';

/** Homebrew's folders for headers and libraries. The compiler does not search them by default. */
const homebrew =
  process.platform === 'darwin' ? ['/opt/homebrew', '/usr/local'].filter((path) => existsSync(path)) : [];
export const searchFlags = homebrew.flatMap((path) => [`-I${path}/include`, `-L${path}/lib`]);

/**
 * @typedef {object} Tools
 * @property {string | undefined} compiler its version line; undefined if there is no compiler
 * @property {string | undefined} onednn the version of oneDNN's headers, such as `2.7.3`
 */

/** @returns {Promise<Tools>} the tools that are installed; takes about 50 ms */
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

/** The ids of this Linux distribution and of those it derives from: `debian`, `ubuntu`, `fedora`, … */
function linuxKinds() {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
  } catch {
    return [];
  }
}

/** The command with which a user can install oneDNN and a compiler on this system. */
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

/** The command that runs apt-get as root; undefined if that is impossible. */
function aptGet() {
  if (!onPath('apt-get')) return undefined;
  if (process.getuid?.() === 0) return ['apt-get'];
  if (!onPath('sudo')) return undefined;
  // Without a terminal nobody can type a password, so sudo must fail at once instead of waiting.
  return process.stdin.isTTY ? ['sudo', 'apt-get'] : ['sudo', '-n', 'apt-get'];
}

/**
 * Installs missing tools with apt-get if possible. Failures are printed, not thrown, because everything works without
 * oneDNN, only slowly.
 * @param {Tools} tools
 * @returns {Promise<Tools>} the tools that are installed afterwards
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
  return announced('system packages', '10 to 90 s, depending on the network', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // If the update fails (one of many sources may be down), the old package list may still suffice.
    const update = await run(program, [...args, 'update', '-q'], { env, input: 'terminal' });
    const install = await run(program, [...args, 'install', ...options, ...missing], { env, input: 'terminal' });
    if (!install.ok)
      say(
        `set-up: the installation failed. apt-get printed:\n${tail(update.ok ? install.output : update.output + install.output)}`,
      );
    return findTools();
  });
}
