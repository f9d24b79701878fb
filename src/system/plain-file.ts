/** Files read without trust: what has a file's name may be a pipe that never ends, and a line may have a gigabyte. */

import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { RectioError, type ErrorCode } from '../base/error.js';
import { errorCode } from './errno.js';

/** So that opening a pipe does not wait for its other end. */
const noWait = constants.O_NONBLOCK ?? 0;

/**
 * Opens a file, and nothing else of its name.
 * @param flags `read`, or `append` to write at its end, where it is made if it is not there
 * @throws RectioError of `code` if it is a pipe, a device or a folder; else what the system says
 */
export async function openPlainFile(
  path: string,
  flags: 'read' | 'append',
  { code, hint }: { readonly code: ErrorCode; readonly hint: string },
): Promise<FileHandle> {
  const refuse = (cause?: unknown) => new RectioError(code, `${path} is not a file.`, hint, { cause });
  const how = flags === 'read' ? constants.O_RDONLY : constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
  const file = await open(path, how | noWait).catch((error: unknown) => {
    // What a pipe without a reader answers, and a folder.
    if (['ENXIO', 'EISDIR'].includes(errorCode(error) ?? '')) throw refuse(error);
    throw error;
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw refuse();
}

/** The last bytes of a file; all of them if it has no more. */
export async function readEnd(file: FileHandle, most: number): Promise<Buffer> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(size, most));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
  return buffer.subarray(0, bytesRead);
}

/** Where a reading of lines stands. */
export interface LinesPlace {
  /** In bytes: behind the last whole line. */
  readonly offset: number;
  /** Whether the line that is under way is too long, and is passed over up to its end. */
  readonly passing: boolean;
}

export const firstLine: LinesPlace = { offset: 0, passing: false };

const chunkBytes = 1 << 20;

/** A longer line is no line of ours. */
const mostLine = 1 << 16;

/**
 * Calls `look` with each whole line of an ASCII file from `from` on. Lines of more than 64 KiB are passed over.
 * @returns where to read on, and what stands behind the last whole line
 */
export async function eachLine(
  file: FileHandle,
  from: LinesPlace,
  look: (line: string) => void,
): Promise<LinesPlace & { readonly rest: string }> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let { passing } = from;
  let rest = '';
  for (let at = from.offset; ;) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, at);
    if (bytesRead === 0) return { offset: at - rest.length, passing, rest };
    at += bytesRead;
    const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (!passing && line.length <= mostLine) look(line);
      passing = false;
    }
    if (passing || rest.length > mostLine) {
      passing = true;
      rest = '';
    }
  }
}
