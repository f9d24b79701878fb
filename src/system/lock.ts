/**
 * Lock files, so that one process at a time works on a run or a trial. The file names its holder. A holder that no longer
 * lives (it was killed, or the machine restarted) does not count.
 */

import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { RectioError } from '../base/error.js';
import { aCount, aText, fields, orNull } from '../base/parse.js';
import { errorCode, onDisk, whereGone } from './errno.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same number; null if the system does not say. */
  readonly born: string | null;
}

export interface Lock {
  release(): Promise<void>;
}

/** Locks that this very process holds: its own number in a lock file does not tell whether it is in use. */
const held = new Set<string>();

const thisProcess = 'this process';

/** The process that holds a lock now, in words; undefined if none does. */
export async function lockHolder(path: string): Promise<string | undefined> {
  if (held.has(resolve(path))) return thisProcess;
  const text = await readFile(path, 'utf8').catch(whereGone);
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder !== undefined && (await lives(holder)) ? describe(holder) : undefined;
}

/** Takes a lock, or returns who holds it, in words. @throws RectioError `disk` */
export async function takeLock(path: string): Promise<Lock | string> {
  // However the caller spells the path: `runs/a` and its absolute form are one run.
  const id = resolve(path);
  if (held.has(id)) return thisProcess;
  held.add(id);
  try {
    const holder = await onDisk(path, () => take(path));
    if (holder !== undefined) {
      held.delete(id);
      return holder;
    }
  } catch (error) {
    held.delete(id);
    throw error;
  }
  return {
    async release() {
      await rm(path, { force: true });
      held.delete(id);
    },
  };
}

/** @returns who holds it, if another process does */
async function take(path: string): Promise<string | undefined> {
  const mine = `${path}.${process.pid}`;
  const holder: Holder = { pid: process.pid, host: hostname(), born: await bornAt(process.pid) };
  await writeFile(mine, JSON.stringify(holder));
  try {
    // A link appears with its content in one step, and fails if the name is taken.
    for (let attempt = 0; !(await linked(mine, path)); attempt++) {
      const text = await readFile(path, 'utf8').catch(whereGone);
      if (text === undefined) continue;
      const other = parseHolder(text);
      if (attempt > 9 || (other !== undefined && (await lives(other)))) return describe(other);
      await removeStale(path, text);
    }
    return undefined;
  } finally {
    await rm(mine, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead holder's lock away, and puts it back where another process was quicker and it is a new one. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    return whereGone(error);
  }
  if ((await readFile(aside, 'utf8')) !== text) await linked(aside, path);
  await rm(aside, { force: true });
}

const holderOf = fields<Holder>({ pid: aCount, host: aText, born: orNull(aText) });

/** Undefined if a crash cut the text off, or if no holder wrote it: then nobody holds the lock. */
function parseHolder(text: string): Holder | undefined {
  try {
    return holderOf(JSON.parse(text), '');
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RectioError) return undefined;
    throw error;
  }
}

async function lives(holder: Holder): Promise<boolean> {
  // Nothing can be known of another machine's processes.
  if (holder.host !== hostname()) return true;
  if (holder.pid === process.pid) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  const born = await bornAt(holder.pid);
  return holder.born === null || born === null || born === holder.born;
}

/** When a process began, in the system's own count; known on Linux only. */
async function bornAt(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Field 22; counted from behind the name in parentheses, which may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function describe(holder: Holder | undefined): string {
  return holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
}
