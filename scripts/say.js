/** Messages of the set-up: one plain line per step, with its duration. */

/** @param {string} line */
export function say(line) {
  // Standard output is reserved for the command that the user ran.
  process.stderr.write(`${line}\n`);
}

/**
 * Announces a step, runs it, and prints how long it took.
 * @template T
 * @param {string} what such as `npm packages`
 * @param {string} guess how long it may take, such as `about a minute`
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function announced(what, guess, work) {
  say(`set-up: ${what} (${guess}) …`);
  const start = performance.now();
  const result = await work();
  say(`set-up: ${what}: done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/** A problem that the set-up cannot solve. Its message tells the user what to do. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}
