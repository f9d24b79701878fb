/** Writing files, with errors that name the file and what to do. */

import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RectioError } from '../base/error.js';

/**
 * Carries out a write.
 *
 * @param option the setting that names another place, in backticks, or the environment variable
 * @throws RectioError `disk` where it fails.
 */
export async function onDisk<T>(path: string, option: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    const reason = full ? 'the disk is full' : error instanceof Error ? error.message : String(error);
    const hint = full
      ? `Free some space, or choose another disk with ${option}.`
      : `Choose a folder that can be written with ${option}.`;
    throw new RectioError('disk', `${path} cannot be written: ${reason}.`, hint, { cause: error });
  }
}

/** Makes the names in the folder of `path` last over a power cut. */
export async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
