/**
 * Caches decoded images in one file, because decoding takes minutes and reading takes seconds. The cache is written
 * under a temporary name and renamed when complete. It is rebuilt when the source images change.
 *
 * Format: a header of 128 bytes (see `packHeader`), the training images, then the test images, each [3, size, size].
 */

import { createHash } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

import { RectioError } from '../base/error.js';
import type { ImageSource } from './dataset.js';
import { openDecoder } from './decode.js';
import { syncFolder } from '../system/durable.js';
import { onDisk } from '../system/errno.js';
import { sizeOf, unreadable } from './files.js';
import type { OpenOptions } from './options.js';
import { cacheFolder } from '../system/cache.js';
import { addPlane, statisticsFromSums, type ChannelStatistics } from './statistics.js';

export interface ImageFile {
  readonly path: string;
  readonly bytes: number;
  /** Time of the last modification, in milliseconds since 1970. */
  readonly changed: number;
}

export interface ImageCacheRequest {
  /** The dataset's folder. */
  readonly root: string;
  readonly size: number;
  readonly train: readonly ImageFile[];
  readonly test: readonly ImageFile[];
  readonly options: OpenOptions;
}

export interface ImageCache extends ChannelStatistics {
  readonly train: ImageSource;
  readonly test: ImageSource;
}

const MAGIC = 'RECTIOi1';
const HEADER_BYTES = 128;
/** Number of images that are decoded in parallel and written together. */
const AT_ONCE = 32;
/** A temporary file that has not changed for this long was left by a killed process. */
const ABANDONED_MS = 60 * 60 * 1000;

/** @throws RectioError `data` for an image that cannot be decoded, `disk` if the cache cannot be written. */
export async function openImageCache(request: ImageCacheRequest): Promise<ImageCache> {
  const path = cachePath(request);
  const key = contentKey(request);
  const statistics = (await readCache(path, key, request)) ?? (await makeCache(path, key, request));
  const imageBytes = 3 * request.size ** 2;
  const trainBytes = request.train.length * imageBytes;
  const testBytes = request.test.length * imageBytes;
  const source = async (offset: number, bytes: number): Promise<ImageSource> =>
    fitsInMemory(trainBytes + testBytes)
      ? { kind: 'memory', images: await readShared(path, offset, bytes) }
      : { kind: 'file', path, offset };
  return {
    ...statistics,
    train: await source(HEADER_BYTES, trainBytes),
    test: await source(HEADER_BYTES + trainBytes, testBytes),
  };
}

/** The name depends on folder, size and selection, not on content: a changed folder then replaces its old cache. */
function cachePath({ root, size, options }: ImageCacheRequest): string {
  const selection = JSON.stringify([root, size, options.seed ?? 0, options.limit ?? null]);
  // File systems take names of 255 bytes; a character has up to four.
  const start = [...basename(root)].slice(0, 40).join('');
  const name = `${start}-${size}px-${createHash('sha256').update(selection).digest('hex').slice(0, 12)}.images`;
  return join(options.cacheDir ?? join(cacheFolder(), 'decoded'), name);
}

/** A hash that changes when an image is added, removed or modified. */
function contentKey({ root, size, train, test }: ImageCacheRequest): Buffer {
  const hash = createHash('sha256').update(JSON.stringify([MAGIC, size, train.length, test.length]));
  for (const { path, bytes, changed } of [...train, ...test]) {
    hash.update(JSON.stringify([relative(root, path), bytes, changed]));
  }
  return hash.digest();
}

/** Byte 0: magic; 8: key (32 bytes); 40: three means; 64: three deviations. Numbers are little-endian doubles. */
function packHeader(key: Buffer, { mean, deviation }: ChannelStatistics): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  key.copy(header, 8);
  [...mean, ...deviation].forEach((value, index) => header.writeDoubleLE(value, 40 + 8 * index));
  return header;
}

/** The statistics from a complete cache of exactly these images; undefined if there is no such cache. */
async function readCache(
  path: string,
  key: Buffer,
  request: ImageCacheRequest,
): Promise<ChannelStatistics | undefined> {
  const count = request.train.length + request.test.length;
  if ((await sizeOf(path)) !== HEADER_BYTES + count * 3 * request.size ** 2) return undefined;
  const header = await readAt(path, 0, Buffer.alloc(HEADER_BYTES));
  if (header.toString('latin1', 0, 8) !== MAGIC || !header.subarray(8, 40).equals(key)) return undefined;
  const value = (index: number): number => header.readDoubleLE(40 + 8 * index);
  return { mean: [0, 1, 2].map(value), deviation: [3, 4, 5].map(value) };
}

async function makeCache(path: string, key: Buffer, request: ImageCacheRequest): Promise<ChannelStatistics> {
  const unfinished = `${path}.${process.pid}.tmp`;
  const write = <T>(action: () => Promise<T>): Promise<T> => onDisk(unfinished, action, 'XDG_CACHE_HOME');
  const decode = await openDecoder(request.size);
  await write(() => mkdir(dirname(path), { recursive: true }));
  await removeAbandoned(path);
  const file = await write(() => open(unfinished, 'w'));
  try {
    const statistics = await decodeInto(file, decode, write, request);
    await write(async () => {
      await file.write(packHeader(key, statistics), 0, HEADER_BYTES, 0);
      await file.sync();
      await file.close();
      await rename(unfinished, path);
      await syncFolder(dirname(path));
    });
    return statistics;
  } catch (error) {
    await file.close();
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function decodeInto(
  file: FileHandle,
  decode: (path: string) => Promise<Uint8Array>,
  write: <T>(action: () => Promise<T>) => Promise<T>,
  { size, train, test, options: { onProgress, signal } }: ImageCacheRequest,
): Promise<ChannelStatistics> {
  const plane = size * size;
  const sum = new Float64Array(3);
  const squares = new Float64Array(3);
  const files = [...train, ...test];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    if (signal?.aborted) {
      throw new RectioError(
        'interrupted',
        'Stopped while decoding images.',
        'Run the command again: decoding starts over.',
      );
    }
    const results = await Promise.allSettled(files.slice(at, at + AT_ONCE).map(({ path }) => decode(path)));
    const images = results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    for (const image of images.slice(0, Math.max(0, train.length - at))) {
      for (let channel = 0; channel < 3; channel++) {
        addPlane(image, channel * plane, (channel + 1) * plane, channel, sum, squares);
      }
    }
    const block = Buffer.concat(images);
    await write(() => file.write(block, 0, block.length, HEADER_BYTES + at * 3 * plane));
    onProgress?.(Math.min(files.length, at + AT_ONCE), files.length);
  }
  return statisticsFromSums(sum, squares, train.length * plane);
}

/** Deletes temporary files of this cache that killed processes left behind. */
async function removeAbandoned(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(basename(path)) || !name.endsWith('.tmp')) continue;
    const leftover = join(dirname(path), name);
    const { mtimeMs } = await lstat(leftover);
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(leftover, { force: true });
  }
}

/** Images may take a quarter of the memory; training and other programs need the rest. */
function fitsInMemory(bytes: number): boolean {
  const allowed = process.constrainedMemory();
  const memory = allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
  return bytes <= memory / 4;
}

async function readShared(path: string, offset: number, bytes: number): Promise<SharedArrayBuffer> {
  const images = new SharedArrayBuffer(bytes);
  const pixels = new Uint8Array(images);
  const piece = Buffer.alloc(Math.min(bytes, 1 << 22));
  for (let at = 0; at < bytes; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, bytes - at));
    pixels.set(await readAt(path, offset + at, part), at);
  }
  return images;
}

/** Fills `into` with bytes from `offset` on. */
async function readAt(path: string, offset: number, into: Buffer): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead } = await file.read(into, 0, into.length, offset);
      if (bytesRead !== into.length) throw new Error('it has become shorter');
      return into;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}
