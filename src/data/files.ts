/** Reading dataset files, with errors that name the file. */

import { readFile, stat } from 'node:fs/promises';

import { RectioError } from '../base/error.js';

/** What stands at `path`; undefined where nothing does. @throws RectioError `data` where it cannot be looked at. */
export async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, error);
  }
}

/** A whole file. @throws RectioError `data` where it cannot be read. */
export async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): RectioError {
  const reason = error instanceof Error ? error.message : String(error);
  return new RectioError('data', `${path} cannot be read: ${reason}.`, 'Check that it exists and may be read.', {
    cause: error,
  });
}
