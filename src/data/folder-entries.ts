/** Lists a folder entry by entry, following links, so that nothing in it goes unseen. */

import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { errorCode } from '../system/errno.js';
import { unreadable } from './files.js';

/** What tells whether a file has changed, and whether two paths lead to the same thing. Times are in nanoseconds. */
export interface FileStamp {
  readonly bytes: number;
  readonly modified: bigint;
  /** Time of the last change of content or metadata. Unlike `modified`, no tool can set it back. */
  readonly changed: bigint;
  /** Device and inode. */
  readonly identity: string;
}

export type EntryKind = 'file' | 'folder' | 'special' | 'broken link';

export interface Entry {
  /** Bytes that are not UTF-8 are written as `\xE7`; no path leads to such an entry. */
  readonly name: string;
  readonly path: string;
  readonly kind: EntryKind;
  readonly utf8: boolean;
  /** Of what the entry is or links to; undefined if it cannot be examined. */
  readonly stamp?: FileStamp;
  /** Why it is not a file or folder that can be used, in words. */
  readonly fault?: string;
}

/** Number of concurrent `stat` calls. */
const STATS_AT_ONCE = 64;

/** All entries of a folder, sorted by name. @throws RectioError `data` if the folder cannot be read */
export async function entriesOf(folder: string): Promise<Entry[]> {
  const names = await readdir(folder, { encoding: 'buffer' }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const entries: Entry[] = [];
  for (let at = 0; at < names.length; at += STATS_AT_ONCE) {
    entries.push(...(await Promise.all(names.slice(at, at + STATS_AT_ONCE).map((name) => examine(folder, name)))));
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function examine(folder: string, raw: Buffer): Promise<Entry> {
  const name = raw.toString();
  if (!Buffer.from(name).equals(raw)) return examineForeign(folder, raw);
  const path = join(folder, name);
  try {
    const found = await stat(path, { bigint: true });
    const stamp = {
      bytes: Number(found.size),
      modified: found.mtimeNs,
      changed: found.ctimeNs,
      identity: `${found.dev}:${found.ino}`,
    };
    const base = { name, path, utf8: true, stamp };
    if (found.isDirectory()) return { ...base, kind: 'folder' };
    if (found.isFile()) return { ...base, kind: 'file' };
    return { ...base, kind: 'special', fault: 'it is a pipe, a socket or a device, not a file' };
  } catch (error) {
    return { name, path, utf8: true, kind: 'broken link', fault: await whyUnseen(path, error) };
  }
}

/** A name in another encoding than UTF-8, as archives made on other systems have. */
async function examineForeign(folder: string, raw: Buffer): Promise<Entry> {
  const name = Array.from(raw.toString('latin1'), (letter) =>
    letter <= '~' ? letter : `\\x${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  ).join('');
  const path = Buffer.concat([Buffer.from(`${folder}/`), raw]);
  const found = await stat(path).catch(() => undefined);
  const kind = found?.isDirectory() === true ? 'folder' : 'file';
  return { name, path: join(folder, name), kind, utf8: false, fault: 'its name is not UTF-8' };
}

async function whyUnseen(path: string, error: unknown): Promise<string> {
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined) return `it cannot be examined: ${error instanceof Error ? error.message : String(error)}`;
  if (errorCode(error) === 'ELOOP') return 'it is a link that leads back to itself';
  return `it is a link to ${target}, which is not there`;
}
