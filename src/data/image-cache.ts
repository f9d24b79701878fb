/**
 * Caches decoded images in one file, because decoding takes minutes and reading takes seconds. The cache is written
 * under a temporary name and renamed when complete. It is rebuilt when the source images change, and removed if it is
 * damaged.
 *
 * Format: a header of 128 bytes (see `packHeader`), the images of each split, each [3, height, width], then the facts
 * about them as JSON (see `facts.ts`), their widths and heights included.
 */

import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { crc32 } from 'node:zlib';

import { RectioError } from '../base/error.js';
import { cacheFolder } from '../system/cache.js';
import { readAll, replaceFile, writeAll } from '../system/durable.js';
import { errorCode, onDisk, whereGone } from '../system/errno.js';
import { usableMemory } from '../system/machine.js';
import type { Extents, ImageSource } from './dataset.js';
import { openDecoder, type DecodedForm, type Decoder, type Fault, type Picture } from './decode.js';
import { createCensus, parseFacts, type Facts } from './facts.js';
import { withFile } from './files.js';
import type { SplitName } from './folder-layout.js';
import type { ImageFile, LabelledImage } from './folder-walk.js';
import type { OpenOptions } from './options.js';
import { addPlane, statisticsFromSums, type ChannelStatistics } from './statistics.js';

export type Listings = Readonly<Record<SplitName, readonly LabelledImage[]>>;

export interface ImageCacheRequest {
  /** The dataset's folder. */
  readonly root: string;
  readonly form: DecodedForm;
  readonly images: Listings;
  readonly options: OpenOptions;
}

export interface ImageCache extends ChannelStatistics {
  readonly facts: Facts;
  /** What was decoded, without the images that are broken. */
  readonly images: Listings;
  readonly sources: Readonly<Record<SplitName, ImageSource>>;
  /** Where each image lies in its source, if they are kept whole. */
  readonly extents?: Readonly<Record<SplitName, Extents>>;
}

const MAGIC = 'RECTIOi3';
const HEADER_BYTES = 128;
/** How much of the header tells one cache from another: magic and key. */
const MARK_BYTES = 40;
/** Number of images that are decoded in parallel and written together. */
const AT_ONCE = 32;
/** A temporary file that has not changed for this long was left by a killed process. */
const ABANDONED_MS = 60 * 60 * 1000;
/** The order in which the splits stand in the file. */
const ORDER = ['train', 'test', 'validation'] as const satisfies readonly SplitName[];

/** What the header says. */
interface Header extends ChannelStatistics {
  readonly key: Buffer;
  readonly factsBytes: number;
  /** CRC-32 of all pixels, and of the facts. */
  readonly pixelsSum: number;
  readonly factsSum: number;
}

/** @throws RectioError `data` for images that cannot be decoded, `disk` if the cache cannot be written. */
export async function openImageCache(request: ImageCacheRequest): Promise<ImageCache> {
  const path = cachePath(request);
  const key = contentKey(request);
  const found = await loadCache(path, key, request);
  if (found !== undefined) return found;
  await makeCache(path, key, request);
  const made = await loadCache(path, key, request);
  if (made !== undefined) return made;
  throw new RectioError(
    'data',
    `${path} was replaced while it was being opened: the images changed, or something else writes there.`,
    'Wait until nothing changes the folder any more, and start again.',
  );
}

/** The name depends on folder, size and selection, not on content: a changed folder then replaces its old cache. */
function cachePath({ root, form, options }: ImageCacheRequest): string {
  const selection = JSON.stringify([root, formKey(form), options.seed ?? 0, options.limit ?? null]);
  // File systems take names of 255 bytes; a character has up to four.
  const start = [...basename(root)].slice(0, 40).join('');
  const name = `${start}-${form.size}px-${createHash('sha256').update(selection).digest('hex').slice(0, 12)}.images`;
  return join(options.cacheDir ?? join(cacheFolder(), 'decoded'), name);
}

function formKey({ size, shortSide, whole, interpolation }: DecodedForm): readonly unknown[] {
  return [size, shortSide, whole, interpolation];
}

/**
 * A hash that changes when an image is added, removed or modified. The time of a file's last change shows what its size
 * and its time of modification, which tools can set back, do not.
 */
function contentKey({ root, form, images, options }: ImageCacheRequest): Buffer {
  const hash = createHash('sha256').update(JSON.stringify([MAGIC, formKey(form), options.skipBroken ?? false]));
  for (const split of ORDER) {
    hash.update(JSON.stringify([split, images[split].length]));
    for (const { path, label, stamp, fault } of images[split]) {
      const times = stamp === undefined ? [] : [stamp.bytes, String(stamp.modified), String(stamp.changed)];
      hash.update(JSON.stringify([relative(root, path), label, times, fault ?? null]));
    }
  }
  return hash.digest();
}

/**
 * Byte 0: magic; 8: key (32 bytes); 40: three means; 64: three deviations; 88: number of bytes of the facts; 96 and 100:
 * the sums. Everything is little-endian; the sums are 32-bit integers, all else doubles.
 */
function packHeader({ key, mean, deviation, factsBytes, pixelsSum, factsSum }: Header): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  key.copy(header, 8);
  [...mean, ...deviation, factsBytes].forEach((value, index) => header.writeDoubleLE(value, 40 + 8 * index));
  header.writeUInt32LE(pixelsSum, 96);
  header.writeUInt32LE(factsSum, 100);
  return header;
}

function unpackHeader(bytes: Buffer): Header {
  const value = (index: number): number => bytes.readDoubleLE(40 + 8 * index);
  return {
    key: bytes.subarray(8, MARK_BYTES),
    mean: [0, 1, 2].map(value),
    deviation: [3, 4, 5].map(value),
    factsBytes: value(6),
    pixelsSum: bytes.readUInt32LE(96),
    factsSum: bytes.readUInt32LE(100),
  };
}

/** The cache of exactly these images; undefined if there is none. A damaged or outdated one is removed. */
async function loadCache(path: string, key: Buffer, request: ImageCacheRequest): Promise<ImageCache | undefined> {
  try {
    const cache = await withFile(path, (file) => readCache(file, path, key, request));
    if (cache !== undefined) return cache;
  } catch (error) {
    // A cache that cannot be read is made again like a damaged one.
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === undefined) throw error;
  }
  await onDisk(path, () => rm(path, { force: true, recursive: true }), 'XDG_CACHE_HOME');
  return undefined;
}

async function readCache(
  file: FileHandle,
  path: string,
  key: Buffer,
  request: ImageCacheRequest,
): Promise<ImageCache | undefined> {
  const { size: length } = await file.stat();
  const bytes = Buffer.alloc(HEADER_BYTES);
  if (!(await readAll(file, bytes, 0)) || bytes.toString('latin1', 0, 8) !== MAGIC) return undefined;
  const header = unpackHeader(bytes);
  const { factsBytes } = header;
  if (!header.key.equals(key) || !(factsBytes >= 0 && factsBytes <= length - HEADER_BYTES)) return undefined;
  const text = Buffer.alloc(factsBytes);
  if (!(await readAll(file, text, length - factsBytes)) || crc32(text) !== header.factsSum) return undefined;
  const facts = parseFacts(text.toString());
  const images = withoutBroken(request.images, facts);
  const extents = extentsOf(images, facts);
  if (extents === undefined) return undefined;
  const pixelBytes = sum(ORDER.map((split) => extents[split].bytes));
  if (length !== HEADER_BYTES + pixelBytes + factsBytes) return undefined;
  const sources = fitsInMemory(pixelBytes)
    ? await readSources(file, extents, header.pixelsSum)
    : fileSources(path, bytes.subarray(0, MARK_BYTES), extents);
  const { mean, deviation } = header;
  if (sources === undefined) return undefined;
  return { mean, deviation, facts, images, sources, ...(request.form.whole ? { extents } : {}) };
}

/** The extents of a split, and the bytes of all its pixels. */
interface SplitExtents extends Extents {
  readonly bytes: number;
}

/** Undefined if the facts are of another number of images. */
function extentsOf(images: Listings, { extents }: Facts): Readonly<Record<SplitName, SplitExtents>> | undefined {
  if (extents.length !== 2 * allOf(images).length) return undefined;
  let next = 0;
  const of = (split: SplitName): SplitExtents => {
    const { length } = images[split];
    const widths = new Uint16Array(length);
    const heights = new Uint16Array(length);
    const starts = new Float64Array(length);
    let bytes = 0;
    for (let index = 0; index < length; index++) {
      widths[index] = extents[next++]!;
      heights[index] = extents[next++]!;
      starts[index] = bytes;
      bytes += 3 * widths[index]! * heights[index]!;
    }
    return { widths, heights, starts, bytes };
  };
  // The order matters: the images are numbered through all splits.
  return { train: of('train'), test: of('test'), validation: of('validation') };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function allOf(images: Listings): LabelledImage[] {
  return ORDER.flatMap((split) => images[split]);
}

/** The listings without the images that could not be decoded. */
function withoutBroken(images: Listings, { broken }: Facts): Listings {
  const numbers = new Set(broken.map(({ index }) => index));
  let index = 0;
  const kept = (split: SplitName) => images[split].filter(() => !numbers.has(index++));
  // The order matters: the images are numbered through all splits.
  return { train: kept('train'), test: kept('test'), validation: kept('validation') };
}

/** All pixels in memory; undefined if they are not those that were written. */
async function readSources(
  file: FileHandle,
  extents: Readonly<Record<SplitName, SplitExtents>>,
  expected: number,
): Promise<ImageCache['sources'] | undefined> {
  const piece = Buffer.alloc(1 << 22);
  let at = HEADER_BYTES;
  let crc = 0;
  const read = async (split: SplitName): Promise<SharedArrayBuffer | undefined> => {
    const shared = new SharedArrayBuffer(extents[split].bytes);
    const pixels = new Uint8Array(shared);
    for (let done = 0; done < pixels.length;) {
      const part = piece.subarray(0, Math.min(piece.length, pixels.length - done));
      if (!(await readAll(file, part, at))) return undefined;
      crc = crc32(part, crc);
      pixels.set(part, done);
      done += part.length;
      at += part.length;
    }
    return shared;
  };
  const [train, test, validation] = [await read('train'), await read('test'), await read('validation')];
  if (train === undefined || test === undefined || validation === undefined || crc !== expected) return undefined;
  const memory = (shared: SharedArrayBuffer): ImageSource => ({ kind: 'memory', images: shared });
  return { train: memory(train), test: memory(test), validation: memory(validation) };
}

function fileSources(
  path: string,
  mark: Buffer,
  { train, test }: Readonly<Record<SplitName, SplitExtents>>,
): ImageCache['sources'] {
  const start = (before: number): ImageSource => ({
    kind: 'file',
    path,
    offset: HEADER_BYTES + before,
    mark: mark.toString('hex'),
  });
  return { train: start(0), test: start(train.bytes), validation: start(train.bytes + test.bytes) };
}

async function makeCache(path: string, key: Buffer, request: ImageCacheRequest): Promise<void> {
  const write = <T>(action: () => Promise<T>): Promise<T> => onDisk(path, action, 'XDG_CACHE_HOME');
  const decode = await openDecoder(request.form);
  await write(() => mkdir(dirname(path), { recursive: true }));
  await write(() => removeAbandoned(path));
  await replaceFile(path, async (file) => {
    const { facts, ...sums } = await decodeInto(file, decode, write, request);
    const text = Buffer.from(JSON.stringify(facts));
    const header = packHeader({ ...sums, key, factsBytes: text.length, factsSum: crc32(text) });
    await write(() => writeAll(file, text));
    // The header comes last: a file without it is no cache.
    const { bytesWritten } = await write(() => file.write(header, 0, HEADER_BYTES, 0));
    const { size } = await write(() => file.stat());
    if (bytesWritten === HEADER_BYTES && size === HEADER_BYTES + sums.pixelBytes + text.length) return;
    throw new RectioError(
      'disk',
      `Cannot write ${path}: the disk took only a part of it.`,
      'Check the disk, or choose a folder on another one. XDG_CACHE_HOME names the folder.',
    );
  });
}

/** What comes of decoding every image into the file. */
interface Written extends ChannelStatistics {
  readonly facts: Facts;
  readonly pixelsSum: number;
  readonly pixelBytes: number;
}

async function decodeInto(
  file: FileHandle,
  decode: Decoder,
  write: <T>(action: () => Promise<T>) => Promise<T>,
  { root, images, options: { onProgress, signal, skipBroken = false } }: ImageCacheRequest,
): Promise<Written> {
  const files = allOf(images);
  const sums = new Float64Array(3);
  const squares = new Float64Array(3);
  const census = createCensus(root, files, images.train.length);
  let pixelsSum = 0;
  let pixelBytes = 0;
  let trained = 0;
  await write(() => writeAll(file, Buffer.alloc(HEADER_BYTES)));
  for (let at = 0; at < files.length; at += AT_ONCE) {
    if (signal?.aborted) throw new RectioError('interrupted', 'Decoding the images was stopped.', 'Start again.');
    const results = await decodeTogether(files.slice(at, at + AT_ONCE), decode);
    for (const [offset, result] of results.entries()) {
      const index = at + offset;
      census.add(index, result);
      if (result.kind === 'fault') continue;
      const { pixels, height, width } = result;
      const plane = height * width;
      pixelsSum = crc32(pixels, pixelsSum);
      pixelBytes += pixels.length;
      await write(() => writeAll(file, pixels));
      if (index >= images.train.length) continue;
      trained += plane;
      for (let channel = 0; channel < 3; channel++) {
        addPlane(pixels, channel * plane, (channel + 1) * plane, channel, sums, squares);
      }
    }
    onProgress?.(Math.min(files.length, at + AT_ONCE), files.length);
  }
  const facts = census.facts();
  if (facts.broken.length > 0 && !skipBroken) throw brokenImages(root, files, facts);
  return { facts, pixelsSum, pixelBytes, ...statisticsFromSums(sums, squares, Math.max(1, trained)) };
}

/** Decodes in parallel; what takes much memory waits and is then decoded one by one. */
async function decodeTogether(files: readonly ImageFile[], decode: Decoder): Promise<(Picture | Fault)[]> {
  const first = await Promise.all(files.map((each) => decode(each, false)));
  const results: (Picture | Fault)[] = [];
  for (const [index, result] of first.entries()) {
    const final = result.kind === 'large' ? await decode(files[index]!, true) : result;
    if (final.kind === 'large') throw new Error('An image that is decoded by itself cannot be too large to share.');
    results.push(final);
  }
  return results;
}

/** How many broken images an error names. */
const BROKEN_NAMED = 20;

function brokenImages(root: string, files: readonly ImageFile[], { broken }: Facts): RectioError {
  const lines = broken
    .map(({ index, reason }) => [files[index]!.path, reason] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, BROKEN_NAMED);
  const [[path, reason] = ['', '']] = lines;
  const list = lines.map((line) => `\n  ${line.join(': ')}`).join('');
  const more = broken.length > lines.length ? `\n  and ${broken.length - lines.length} more` : '';
  return new RectioError(
    'data',
    broken.length === 1
      ? `${path} cannot be decoded: ${reason}.`
      : `${broken.length} of the ${files.length} images in ${root} cannot be decoded:${list}${more}`,
    'Repair or remove them, or leave out what cannot be decoded with `data.skipBroken`.',
  );
}

/** Deletes temporary files of this cache that killed processes left behind. */
async function removeAbandoned(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(basename(path)) || !name.endsWith('.tmp')) continue;
    const leftover = join(dirname(path), name);
    // Another process may finish or remove it at the same time.
    const found = await lstat(leftover).catch(whereGone);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(leftover, { force: true });
  }
}

/** Images may take a quarter of the memory; training and other programs need the rest. */
function fitsInMemory(bytes: number): boolean {
  return bytes <= usableMemory() / 4;
}
