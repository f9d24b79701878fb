/** Runs other programs, with what they print kept for the case that they fail. */

import { spawn } from 'node:child_process';

/**
 * @typedef {object} CommandResult
 * @property {boolean} ok whether it was there and ended with exit code 0
 * @property {string} output standard output and standard error, as they came
 */

/**
 * Runs a command to its end; never throws.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, input?: 'terminal' | 'none' | { text: string } }} [options]
 *   `terminal` lets it ask the user (a password, say)
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
      // A compiler that is missing closes the pipe before the text is through; 'error' above tells that already.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input.text);
    }
  });
}

/**
 * The last lines of what a command printed, indented, for a message.
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
 * The first lines of what a command printed, indented: where npm says what is wrong, before its advice.
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
