/** Reads dataset files. Errors name the file. */

import { constants } from 'node:fs';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';

import { RectioError } from '../base/error.js';

/** Returns undefined if nothing exists at `path`. @throws RectioError `data` if the path cannot be examined. */
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

/** The size of the file at `path` in bytes; undefined if there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  return (await kindOf(path)) === 'file' ? (await guard(path, () => stat(path))).size : undefined;
}

/** Bytes that are read in pieces. */
export interface ByteSource {
  readonly size: number;
  /**
   * Passes all bytes to `look`, in pieces of whole records. A piece is valid only during that call. `size` must be a
   * multiple of `record`.
   */
  visit(record: number, look: (bytes: Buffer) => void): Promise<void>;
}

/** Approximate size of a piece: large enough to read fast, small enough to stay in the processor's cache. */
const PIECE_BYTES = 1 << 20;

/** @throws RectioError `data` if the file cannot be read or shrinks during reading. */
export async function fileBytes(path: string): Promise<ByteSource> {
  const { size } = await guard(path, () => stat(path));
  return {
    size,
    async visit(record, look) {
      const piece = Buffer.allocUnsafeSlow(Math.min(size, record * Math.max(1, Math.floor(PIECE_BYTES / record))));
      const file = await guard(path, () => open(path));
      try {
        for (let at = 0; at < size;) {
          const wanted = Math.min(piece.length, size - at);
          const { bytesRead } = await guard(path, () => file.read(piece, 0, wanted, at));
          if (bytesRead !== wanted) throw unreadable(path, new Error('it shrank while it was being read'));
          look(piece.subarray(0, wanted));
          at += wanted;
        }
      } finally {
        await file.close();
      }
    },
  };
}

export function memoryBytes(memory: Uint8Array): ByteSource {
  const bytes = Buffer.from(memory.buffer, memory.byteOffset, memory.length);
  return { size: bytes.length, visit: async (_record, look) => look(bytes) };
}

/** Reads a whole file. @throws RectioError `data` if it cannot be read. */
export function readWhole(path: string): Promise<Buffer> {
  return guard(path, () => readFile(path));
}

/** The first bytes of a file, at most `count`; none if it cannot be read. */
export async function readStart(path: string, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  try {
    const { bytesRead } = await withFile(path, (file) => file.read(bytes, 0, count, 0));
    return bytes.subarray(0, bytesRead);
  } catch {
    return bytes.subarray(0, 0);
  }
}

/** Opens a file to read. Opening a pipe, which may take a file's place at any time, must not wait for its other end. */
export async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function guard<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): RectioError {
  const reason = error instanceof Error ? error.message : String(error);
  return new RectioError(
    'data',
    `${path} cannot be read: ${reason}.`,
    'Check that it exists and that you have permission to read it.',
    {
      cause: error,
    },
  );
}
