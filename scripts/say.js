/** How the set-up talks: one plain line per thing it does, with how long it takes. */

/** @param {string} line */
export function say(line) {
  // Standard error: standard output belongs to what the user asked for.
  process.stderr.write(`${line}\n`);
}

/**
 * Announces a piece of work, does it, and says how long it took.
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

/** What the set-up cannot do by itself. Its message says what the user can do. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}
