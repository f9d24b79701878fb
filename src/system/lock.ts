/**
 * Lock files, so that one process at a time works on a run, a trial or a study. The file names its holder, which gives a sign
 * of life from time to time. A holder that no longer lives (it was killed, or the machine restarted) does not count.
 *
 * Taking over a dead holder's lock is what must not race: between "it is dead" and "remove its file", another process may have
 * taken the lock anew. So a lock is removed only under a guard, a second lock whose name comes from the first one's content.
 * Each time a lock is taken its content is unique, so the guard stands for that one file, which nobody else then removes.
 */

import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { RectioError } from '../base/error.js';
import { besideName } from './durable.js';
import { errorCode, onDisk, whereGone } from './errno.js';
import { beatMs, describeHolder, lives, livesUnseen, parseHolder, thisHolder } from './holder.js';

export interface Lock {
  /** @throws RectioError `disk` if another process has taken the lock, which can follow a long standstill of this one */
  verify(): Promise<void>;
  /** Removes what processes left beside the lock that were killed while they took it. */
  tidy(): Promise<void>;
  /** @throws RectioError `disk` */
  release(): Promise<void>;
}

/** Locks that this very process holds, by path. */
const held = new Set<string>();
const heldTokens = new Set<string>();

const thisProcess = 'this process';

/** Where hard links do not exist, a lock's file is empty for a moment; a text that no holder wrote counts as dead after this long. */
const tornMs = 2_000;

/** The process that holds a lock now, in words; undefined if none does. */
export async function lockHolder(path: string): Promise<string | undefined> {
  if (held.has(resolve(path))) return thisProcess;
  const found = await readLock(path).catch(whereNoLock);
  if (found === undefined) return undefined;
  const holder = parseHolder(found.text);
  const alive = holder !== undefined && (await lives(holder, Date.now() - found.changed, heldTokens));
  return alive ? describeHolder(holder) : undefined;
}

/**
 * Takes a lock, or returns who holds it, in words. If only a sign of life can tell whether the holder lives, because it
 * is in another container or on another machine, waits for one.
 * @throws RectioError `disk`
 */
export async function takeLock(path: string): Promise<Lock | string> {
  const first = await tryLock(path);
  if (typeof first !== 'string' || first === thisProcess) return first;
  const seen = await beatOf(path);
  if (seen === undefined) return first;
  for (let waited = 0; waited <= deadline; waited += lookMs) {
    await sleep(lookMs);
    const lock = await tryLock(path);
    if (typeof lock !== 'string') return lock;
    const now = await beatOf(path);
    if (now !== seen) return lock;
  }
  return first;
}

const lookMs = 500;
/** Longer than a dead process of this machine counts as alive. */
const deadline = 35_000;

/** The last sign of life of a holder whose process this one cannot see; undefined for any other. */
async function beatOf(path: string): Promise<number | undefined> {
  const found = await readLock(path).catch(whereNoLock);
  const holder = found === undefined ? undefined : parseHolder(found.text);
  return holder !== undefined && (await livesUnseen(holder)) ? found?.changed : undefined;
}

/** Takes a lock, or returns who holds it, in words, without waiting. @throws RectioError `disk` */
export async function tryLock(path: string): Promise<Lock | string> {
  // However the caller spells the path: `runs/a` and its absolute form are one run.
  const id = resolve(path);
  if (held.has(id)) return thisProcess;
  held.add(id);
  try {
    const taken = await onDisk(path, () => take(path));
    if ('text' in taken) return keep(path, taken);
    held.delete(id);
    return taken.holder;
  } catch (error) {
    held.delete(id);
    throw error;
  }
}

/** Does `work` while holding a lock; waits for it, and tells once for whom. @throws RectioError `disk`, and what `work` throws */
export async function withLock<T>(
  path: string,
  { onWait, signal }: { readonly onWait?: (holder: string) => void; readonly signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  for (let told = false; ;) {
    const lock = await tryLock(path);
    if (typeof lock !== 'string') return releasing(lock, work);
    if (!told) onWait?.(lock);
    told = true;
    await sleep(200, undefined, { ...(signal === undefined ? {} : { signal }) });
  }
}

/** Does `work` and releases the lock, whichever way it ends. */
async function releasing<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // The first error is the one to tell; releasing often fails for the same cause.
    await lock.release().catch(() => undefined);
    throw error;
  }
  await lock.release();
  return result;
}

/** Keeps the signs of life coming until the lock is released. */
function keep(path: string, { text, token }: Mine): Lock {
  heldTokens.add(token);
  // A disk that refuses now may do better in five seconds.
  const timer = setInterval(() => void beat(path, text).catch(() => undefined), beatMs);
  timer.unref();
  return {
    async verify() {
      const found = await readLock(path).catch(whereNoLock);
      if (found?.text === text) return;
      const holder = found === undefined ? undefined : parseHolder(found.text);
      throw new RectioError(
        'disk',
        `${path} is no longer this process's lock: ${holder === undefined ? 'it is gone' : `${describeHolder(holder)} took it`}.`,
        'This process stood still for long, or somebody removed the file; see that no other one does the same work.',
      );
    },
    async tidy() {
      const own = guardOf(path, text);
      const isGuard = (name: string) => name.startsWith(`${basename(path)}.`) && /\.[0-9a-f]{16}$/.test(name);
      for (const name of (await readdir(dirname(path))).filter(isGuard)) {
        const guard = join(dirname(path), name);
        // The guard of a file that is gone guards nothing: no later one has its content.
        if (!guard.startsWith(own)) await rm(guard, { force: true });
      }
    },
    async release() {
      clearInterval(timer);
      try {
        const found = await readLock(path).catch(whereNoLock);
        if (found?.text === text) await onDisk(path, () => rm(path, { force: true }));
      } finally {
        heldTokens.delete(token);
        held.delete(resolve(path));
      }
    },
  };
}

/** Writes the same text again, so that the file system's own clock gives the time. */
async function beat(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_RDWR | asItLies);
  try {
    if ((await textOf(file)) === text) await file.write(text, 0, 'utf8');
  } finally {
    await file.close();
  }
}

/** What this process wrote into a lock that it took. */
interface Mine {
  readonly text: string;
  readonly token: string;
}

/** Who else holds a lock, in words. */
interface Other {
  readonly holder: string;
}

const mostTries = 20;

async function take(path: string): Promise<Mine | Other> {
  const token = randomBytes(8).toString('hex');
  const text = `${JSON.stringify(await thisHolder(token))}\n`;
  for (let tries = 0; ; tries++) {
    const { made, now } = await create(path, text);
    if (made) return { text, token };
    const found = await readLock(path).catch(whereGone);
    if (found === undefined) continue;
    const holder = parseHolder(found.text);
    // A time in the future, from a clock that was set back, is no sign of life either.
    const silentMs = Math.abs(now - found.changed);
    const alive = holder === undefined ? silentMs < tornMs : await lives(holder, silentMs, heldTokens);
    if ((alive && holder !== undefined) || tries > mostTries) return { holder: describeHolder(holder) };
    if (alive) await sleep(tornMs / 10);
    else await removeDead(path, found.text);
  }
}

/** The guard of the lock file with this content. */
function guardOf(path: string, text: string): string {
  return join(dirname(path), `${basename(path)}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`);
}

/** Removes the file that a dead holder left, unless another process does. */
async function removeDead(path: string, text: string): Promise<void> {
  const guard = guardOf(path, text);
  if ('holder' in (await take(guard))) {
    await sleep(tornMs / 100);
    return;
  }
  try {
    const found = await readLock(path).catch(whereGone);
    if (found?.text === text) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** What file systems without hard links answer: exFAT, many network shares and those of FUSE. */
const noHardLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/** Creates a lock's file unless there is one; `now` is the time by the file system's clock. */
async function create(path: string, text: string): Promise<{ readonly made: boolean; readonly now: number }> {
  const beside = besideName(path);
  try {
    const now = await writeNew(beside, text);
    // A link appears with its content in one step, and fails if the name is taken.
    const made = await placed(link(beside, path), () => writeNew(path, text));
    return { made, now };
  } finally {
    await rm(beside, { force: true });
  }
}

/** Whether linking put the lock in place, or else what is done where there are no links. */
async function placed(linking: Promise<void>, otherwise: () => Promise<unknown>): Promise<boolean> {
  try {
    await linking.catch(async (error: unknown) => {
      if (!noHardLinks.has(errorCode(error) ?? '')) throw error;
      await otherwise();
    });
    return true;
  } catch (error) {
    // Gone can be what was written beside: the holder of a lock cleans its folder up.
    if (['EEXIST', 'ENOENT'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}

/** @returns when it was written, by the file system's clock */
async function writeNew(path: string, text: string): Promise<number> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
    return (await file.stat()).mtimeMs;
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

/** No lock is longer. */
const mostBytes = 4096;

/** So that opening a pipe does not wait for its other end, and a link is not followed. */
const asItLies = (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

interface Found {
  readonly text: string;
  /** In milliseconds since 1970, by the file system's clock. */
  readonly changed: number;
}

/** @throws RectioError `disk` if something else than a file has the lock's name; ENOENT if nothing has */
async function readLock(path: string): Promise<Found> {
  const refuse = (): never => {
    throw new RectioError('disk', `${path} is not a file, as a lock is.`, 'Remove it and try again.');
  };
  const file = await open(path, constants.O_RDONLY | asItLies).catch((error: unknown) =>
    ['ELOOP', 'ENXIO'].includes(errorCode(error) ?? '') ? refuse() : Promise.reject(error),
  );
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return refuse();
    return { text: await textOf(file), changed: stats.mtimeMs };
  } finally {
    await file.close();
  }
}

/** Its first bytes; a longer text is no lock's. */
async function textOf(file: FileHandle): Promise<string> {
  const bytes = Buffer.alloc(mostBytes);
  const { bytesRead } = await file.read(bytes, 0, mostBytes, 0);
  return bytes.toString('utf8', 0, bytesRead);
}

/** For those who only ask who holds a lock: nobody, if nothing that could be a lock is there. */
function whereNoLock(error: unknown): undefined {
  if (error instanceof RectioError) return undefined;
  return whereGone(error);
}
