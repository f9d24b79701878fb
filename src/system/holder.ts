/**
 * Who holds a lock, as the lock's file names it, and whether that process lives. A process id alone is no identity: a machine
 * that restarts and a container each count from 1 again.
 */

import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

import { RectioError } from '../base/error.js';
import { aCount, aText, fields, orElse, orNull } from '../base/parse.js';
import { errorCode } from './errno.js';

export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same number; null if the system does not say. */
  readonly born: string | null;
  /** The boot of the machine's kernel; null if the system does not say, or if an earlier version wrote it. */
  readonly boot: string | null;
  /** The set of processes that `pid` counts in: a container has its own. */
  readonly space: string | null;
  /** Unique for each time that a lock is taken; null if an earlier version wrote it. It also says that the holder gives signs of life. */
  readonly token: string | null;
}

/** How often a holder gives a sign of life: it writes its lock's file anew. */
export const beatMs = 5_000;

/** A process elsewhere on this machine counts as dead after this long without a sign of life. */
const deadHereMs = 30_000;

/** Network file systems show a change up to a minute late. */
const deadElsewhereMs = 180_000;

/** This process, taking a lock with a token. */
export async function thisHolder(token: string): Promise<Holder> {
  return {
    pid: process.pid,
    host: hostname(),
    born: await bornAt(process.pid),
    ...(await here()),
    token,
  };
}

const holderOf = fields<Holder>({
  pid: aCount,
  host: aText,
  born: orNull(aText),
  boot: orElse(orNull(aText), null),
  space: orElse(orNull(aText), null),
  token: orElse(orNull(aText), null),
});

/** Undefined if a crash cut the text off, or if no holder wrote it. */
export function parseHolder(text: string): Holder | undefined {
  try {
    return holderOf(JSON.parse(text), '');
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RectioError) return undefined;
    throw error;
  }
}

/**
 * @param silentMs the time since its last sign of life
 * @param tokens of the locks that this process holds
 */
export async function lives(holder: Holder, silentMs: number, tokens: ReadonlySet<string>): Promise<boolean> {
  const { boot, space } = await here();
  const sameHost = holder.host === hostname();
  // An earlier version wrote neither. Its holder gives no sign of life, so nothing can be known of it from elsewhere.
  if (holder.token === null) return sameHost ? livesHere(holder, tokens) : true;
  const known = boot === null ? sameHost : holder.boot === boot && holder.space === space;
  if (known) return livesHere(holder, tokens);
  return silentMs < (holder.boot === boot ? deadHereMs : deadElsewhereMs);
}

/** Whether a process that this one can see lives. */
async function livesHere({ pid, born, token }: Holder, tokens: ReadonlySet<string>): Promise<boolean> {
  const bornNow = await bornAt(pid);
  if (born !== null && bornNow !== null) return born === bornNow;
  if (pid === process.pid) return token !== null && tokens.has(token);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Whether only signs of life tell if a holder lives, and so whether waiting for one helps. */
export async function livesUnseen(holder: Holder): Promise<boolean> {
  const { boot, space } = await here();
  return holder.token !== null && boot !== null && !(holder.boot === boot && holder.space === space);
}

/** The kernel's boot and this process's set of processes; known on Linux only. */
async function here(): Promise<Pick<Holder, 'boot' | 'space'>> {
  if (process.platform !== 'linux') return { boot: null, space: null };
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null);
  const space = await readlink('/proc/self/ns/pid').catch(() => null);
  return { boot: boot === null ? null : boot.trim(), space };
}

/** When a process began, in the system's own count; known on Linux only, and null for a process that is gone. */
async function bornAt(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Field 22; counted from behind the name in parentheses, which may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

export function describeHolder(holder: Holder | undefined): string {
  // The name comes from a file: nothing in it may move a terminal's cursor.
  return holder === undefined
    ? 'another process'
    : `process ${holder.pid} on ${holder.host.slice(0, 100).replaceAll(/\p{C}/gu, '?')}`;
}
