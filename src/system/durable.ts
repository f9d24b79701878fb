/**
 * Files that are whole or absent. Durable means: after a crash of the machine, the old content or the new is there,
 * never a mixture.
 */

import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { errorCode, onDisk } from './errno.js';

/** A temporary name beside `path` that no other process uses: process ids repeat in containers that share a folder. */
export function besideName(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}.tmp`;
}

/** Writes a new file through `write` and syncs it; removes it again if that fails. */
async function createFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await write(file);
    await file.sync();
  } catch (error) {
    // The first error is the one to tell; closing often fails for the same cause.
    await file.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
  await file.close();
}

/** Puts a file in place durably: written beside, synced, renamed, the folder synced. @throws RectioError `disk` */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const beside = besideName(path);
  await onDisk(path, async () => {
    await createFile(beside, write);
    try {
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(path));
  });
}

/** `replaceFile` with a value as indented JSON. */
export async function replaceJson(path: string, value: unknown): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(`${JSON.stringify(value, null, 2)}\n`));
}

/** What file systems answer that cannot sync a folder: some of FUSE, and network shares. */
const cannotSync: ReadonlySet<string> = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EBADF', 'EISDIR']);

/** Makes the names in a folder durable, where the file system can. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; there the file system keeps its own order.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!cannotSync.has(errorCode(error) ?? '')) throw error;
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

/** Fills all of `bytes` from `position` on. @returns false if the file ends first */
export async function readAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<boolean> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, mostAtOnce), position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}
