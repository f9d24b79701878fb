/**
 * Files that are whole or not there, and one place where the system's refusals become an error that a user can act
 * on. "Durable" means: after a crash of the machine, the old content or the new stands, never a mixture.
 */

import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RectioError } from '../base/error.js';

/** What the system's words for "no" mean for the one who has to cure it. */
const refusals: { readonly [code: string]: { readonly what: string; readonly hint: string } } = {
  ENOSPC: { what: 'the disk is full', hint: 'Free some space or choose a folder on another disk.' },
  EDQUOT: { what: 'your disk quota is used up', hint: 'Free some space or choose a folder on another disk.' },
  EFBIG: { what: 'the file would be larger than the system allows', hint: 'Choose a folder on another disk.' },
  EACCES: {
    what: 'you may not write there',
    hint: 'Choose a folder that you may write to, or change its permissions.',
  },
  EPERM: { what: 'you may not write there', hint: 'Choose a folder that you may write to, or change its permissions.' },
  EROFS: { what: 'the disk is read-only', hint: 'Choose a folder on a disk that can be written to.' },
  ENOTDIR: { what: 'a part of the path is a file, not a folder', hint: 'Choose another folder.' },
  EEXIST: { what: 'a file of that name is in the way', hint: 'Choose another folder.' },
  EISDIR: { what: 'a folder of that name is in the way', hint: 'Choose another folder.' },
  EIO: { what: 'the disk reports a fault', hint: 'Check the disk, and choose a folder on another one.' },
  ENOENT: { what: 'its folder is gone', hint: 'Somebody removed it while it was in use; start again.' },
  EMFILE: { what: 'too many files are open', hint: 'Raise the limit (ulimit -n) and try again.' },
};

/** Turns a refusal of the system into a RectioError `disk`; anything else comes back as it is. */
export function diskError(error: unknown, path: string): unknown {
  const code = errorNumber(error);
  if (code === undefined || !(error instanceof Error && 'syscall' in error)) return error;
  const { what, hint } = refusals[code] ?? { what: `the system answers ${code}`, hint: 'Choose another folder.' };
  return new RectioError('disk', `Cannot write ${path}: ${what}.`, hint, { cause: error });
}

/** The system's word for what happened (`ENOSPC`), where it has one. */
export function errorNumber(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** For what need not be there, or what another process may have taken away: `await readFile(path).catch(whereGone)`. */
export function whereGone(error: unknown): undefined {
  if (errorNumber(error) === 'ENOENT') return undefined;
  throw error;
}

/** Whether something is at `path`. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(whereGone)) !== undefined;
}

/** Runs what writes to `path`. @throws RectioError `disk` */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, path);
  }
}

/** Writes a new file through `write` and syncs it; removes it again where that fails. @throws RectioError `disk` */
async function createFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  await onDisk(path, async () => {
    const file = await open(path, 'w');
    try {
      await write(file);
      await file.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  });
}

/** Puts a file in place durably: written beside, synced, renamed, the folder synced. @throws RectioError `disk` */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const beside = `${path}.tmp`;
  await createFile(beside, write);
  await onDisk(path, async () => {
    await rename(beside, path);
    await syncFolder(dirname(path));
  });
}

/** `replaceFile` with a value as indented JSON. */
export async function replaceJson(path: string, value: unknown): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(`${JSON.stringify(value, null, 2)}\n`));
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; there the file system keeps its own order.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The system takes no more than 2 GiB at once. */
const mostAtOnce = 1 << 30;

/** Writes all of `bytes`; a plain write may stop short. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += (await file.write(bytes, done, Math.min(bytes.length - done, mostAtOnce))).bytesWritten;
  }
}

/** Fills all of `bytes` from `position` on. @returns false where the file ends before */
export async function readAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<boolean> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, mostAtOnce), position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}
