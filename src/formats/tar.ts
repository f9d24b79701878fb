/** Files out of a .tar.gz, read in this process (the ustar form of POSIX.1-1988; long names of GNU and pax are skipped). */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

import { RectioError } from '../base/error.js';

const BLOCK = 512;

/** What to take from an archive. */
export interface TarOptions {
  readonly wanted: (name: string) => boolean;
  /** The most that the archive may unpack to; a small file can unpack to a thousand times its size. */
  readonly mostBytes: number;
}

/**
 * The wanted regular files of an archive by their path in it.
 *
 * @throws RectioError `data` if the file cannot be read, is not gzip or tar, is cut off, or unpacks to more than allowed.
 */
export async function readTarGz(path: string, { wanted, mostBytes }: TarOptions): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const reader = tarReader(path, wanted, files);
  let unpacked = 0;
  try {
    // Opening a pipe would wait for its other end.
    if (!(await stat(path)).isFile()) throw damaged(path, 'it is not a file');
    const file = createReadStream(path, { highWaterMark: 1 << 20 });
    const gunzip = createGunzip({ chunkSize: 1 << 18 });
    file.on('error', (error) => gunzip.destroy(error));
    for await (const chunk of file.pipe(gunzip)) {
      unpacked += (chunk as Buffer).length;
      if (unpacked > mostBytes)
        throw damaged(path, `it holds more than ${mostBytes} bytes, the most that such an archive can have`);
      reader.push(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof RectioError) throw error;
    throw damaged(path, error instanceof Error ? error.message : String(error), error);
  }
  reader.end();
  return files;
}

function damaged(path: string, reason: string, cause?: unknown): RectioError {
  return new RectioError(
    'data',
    `${path} cannot be unpacked: ${reason}.`,
    'The archive is cut off or damaged: remove it and download it again.',
    { cause },
  );
}

/** Takes an archive piece by piece. Memory is taken as bytes arrive, never on the word of a header. */
function tarReader(path: string, wanted: (name: string) => boolean, files: Map<string, Uint8Array>) {
  let header = Buffer.alloc(0);
  let entry: { name: string; chunks: Buffer[] | undefined; left: number; padding: number } | undefined;
  let ended = false;

  const finishEntry = (): void => {
    if (entry?.chunks) files.set(entry.name, Buffer.concat(entry.chunks));
    entry = undefined;
  };
  return {
    push(chunk: Buffer): void {
      let at = 0;
      while (at < chunk.length && !ended) {
        if (entry === undefined) {
          const piece = chunk.subarray(at, at + BLOCK - header.length);
          header = Buffer.concat([header, piece]);
          at += piece.length;
          if (header.length < BLOCK) return;
          const parsed = parseHeader(path, header);
          header = Buffer.alloc(0);
          if (parsed === undefined) {
            ended = true;
            return;
          }
          const take = parsed.regular && wanted(parsed.name);
          const padding = (BLOCK - (parsed.size % BLOCK)) % BLOCK;
          entry = { name: parsed.name, chunks: take ? [] : undefined, left: parsed.size, padding };
          if (parsed.size === 0) finishEntry();
          continue;
        }
        const piece = chunk.subarray(at, at + entry.left);
        entry.chunks?.push(piece);
        at += piece.length;
        entry.left -= piece.length;
        if (entry.left > 0) return;
        const skipped = Math.min(entry.padding, chunk.length - at);
        at += skipped;
        entry.padding -= skipped;
        if (entry.padding === 0) finishEntry();
      }
    },
    end(): void {
      if (entry !== undefined || header.length > 0) throw damaged(path, 'it ends in the middle of a file');
      if (!ended) throw damaged(path, 'its end mark is missing');
    },
  };
}

/** What a header block says; undefined for the end mark. */
function parseHeader(path: string, block: Buffer): { name: string; size: number; regular: boolean } | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!;
  if (readOctal(block, 148, 8) !== sum) throw damaged(path, 'it is not a tar archive, or a header is damaged');
  const size = readOctal(block, 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw damaged(path, 'a header gives no valid size');
  const name = readText(block, 0, 100);
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? readText(block, 345, 155) : '';
  const type = block[156]!;
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, regular: type === 0 || type === 0x30 };
}

function readText(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function readOctal(block: Buffer, start: number, length: number): number {
  const text = readText(block, start, length).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}
