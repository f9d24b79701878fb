/** One process per run. */

import { RectioError } from '../base/error.js';
import { lockHolder, takeLock, type Lock } from '../system/lock.js';
import { inRun } from './layout.js';

/** @throws RectioError `checkpoint` if another process trains this run, `disk` if the lock cannot be written */
export async function lockRun(folder: string): Promise<Lock> {
  const path = inRun(folder, 'lock');
  const lock = await takeLock(path);
  if (typeof lock !== 'string') return lock;
  throw new RectioError(
    'checkpoint',
    `The run ${folder} is being trained by ${lock}.`,
    `Wait for it to end or stop it; if no such process is left, delete ${path}.`,
  );
}

/** The process that trains a run now, in words; undefined if none does. */
export function runHolder(folder: string): Promise<string | undefined> {
  return lockHolder(inRun(folder, 'lock'));
}
