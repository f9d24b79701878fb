/** Runs other programs and captures their output for error messages. */

import { spawn } from 'node:child_process';

/**
 * @typedef {object} CommandResult
 * @property {boolean} ok whether the program was found and exited with code 0
 * @property {string} output standard output and standard error, interleaved
 */

/**
 * Runs a command until it exits. Never throws.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, input?: 'terminal' | 'none' | { text: string } }} [options]
 *   `terminal` lets it ask the user, for a password for example
 * @returns {Promise<CommandResult>}
 */
export function run(program, args, { env = process.env, cwd = process.cwd(), input = 'none' } = {}) {
  return new Promise((resolve) => {
    const stdin = typeof input === 'object' ? 'pipe' : input === 'terminal' ? 'inherit' : 'ignore';
    const child = spawn(program, args, { env, cwd, stdio: [stdin, 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ data) => void (output += data.toString());
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
    if (typeof input === 'object') {
      // If the program is missing, the pipe closes early. The 'error' handler above already reports that.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input.text);
    }
  });
}

/**
 * The last lines of a command's output, indented, for a message.
 * @param {string} output
 * @param {number} [lines]
 */
export function tail(output, lines = 15) {
  return output
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `    ${line}`)
    .join('\n');
}

/**
 * The first lines of a command's output, indented. npm prints the cause first, before its advice.
 * @param {string} output
 * @param {number} [lines]
 */
export function head(output, lines = 15) {
  return output
    .trimEnd()
    .split('\n')
    .filter((line) => line.trim() !== 'npm error' && !line.startsWith('npm warn'))
    .slice(0, lines)
    .map((line) => `    ${line}`)
    .join('\n');
}
