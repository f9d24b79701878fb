/** What the system says when it refuses, and the one place where that becomes an error that a user can act on. */

import { stat } from 'node:fs/promises';

import { RectioError } from '../base/error.js';

/** What the system's error codes mean for the user who has to fix the cause. */
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
  ELOOP: { what: 'a link is in its place', hint: 'Remove the link, or choose another folder.' },
  ENXIO: { what: 'a pipe is in its place', hint: 'Remove it, or choose another folder.' },
  EIO: { what: 'the disk reports a fault', hint: 'Check the disk, and choose a folder on another one.' },
  ENOENT: { what: 'its folder is gone', hint: 'Somebody removed it while it was in use; start again.' },
  EMFILE: { what: 'too many files are open', hint: 'Raise the limit (ulimit -n) and try again.' },
};

/** Turns an error of the system into a RectioError `disk`; returns anything else as it is. */
export function diskError(error: unknown, path: string, place?: string): unknown {
  const code = errorCode(error);
  if (code === undefined || !(error instanceof Error && 'syscall' in error)) return error;
  const { what, hint } = refusals[code] ?? { what: `the system answers ${code}`, hint: 'Choose another folder.' };
  const where = place === undefined ? '' : ` ${place} names the folder.`;
  return new RectioError('disk', `Cannot write ${path}: ${what}.`, `${hint}${where}`, { cause: error });
}

/** The system's code for an error, such as `ENOSPC`, if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** For a file that may be absent, or that another process may remove: `await readFile(path).catch(whereGone)`. */
export function whereGone(error: unknown): undefined {
  if (errorCode(error) === 'ENOENT') return undefined;
  throw error;
}

/** Whether something is at `path`. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(whereGone)) !== undefined;
}

/**
 * Runs what writes to `path`.
 * @param place the setting (in backticks) or environment variable that chooses the folder
 * @throws RectioError `disk`
 */
export async function onDisk<T>(path: string, work: () => Promise<T>, place?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, path, place);
  }
}
