/** Allows one set-up at a time per clone. A second one waits for the first. */

import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { say } from './say.js';

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'; // another user's process is alive too
  }
}

/** @param {string} file @returns {Promise<number | undefined>} the process that holds the lock */
async function holder(file) {
  try {
    return Number.parseInt(await readFile(file, 'utf8'), 10);
  } catch {
    return undefined; // it was released in the meantime
  }
}

/**
 * Creates the lock file atomically, with this process's id in it.
 * @param {string} file
 * @returns {Promise<boolean>} false if the file already exists
 */
async function create(file) {
  const written = `${file}.${process.pid}`;
  await writeFile(written, `${process.pid}\n`);
  try {
    await link(written, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(written, { force: true });
  }
}

/**
 * Removes the lock of a dead process. Only one process at a time may do this; otherwise the second could remove the
 * lock that the first has just taken.
 * @param {string} file
 * @param {number} gone
 */
async function removeStale(file, gone) {
  const guard = `${file}.takeover`;
  if (!(await create(guard))) {
    const made = await stat(guard).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > 10_000) await rm(guard, { force: true });
    return;
  }
  // The id can be NaN: a crash of the machine can leave the file empty.
  if (Object.is(await holder(file), gone)) await rm(file, { force: true });
  await rm(guard, { force: true });
}

/**
 * Runs `work` while holding the lock `file`. Takes over the lock of a dead process.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  await mkdir(dirname(file), { recursive: true });
  for (let waited = 0; !(await create(file)); waited++) {
    const pid = await holder(file);
    if (pid !== undefined && !isAlive(pid)) await removeStale(file, pid);
    else if (waited === 5) say(`set-up: another set-up of this folder is running (process ${pid}); waiting for it …`);
    await sleep(waited === 0 ? 0 : 200);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
