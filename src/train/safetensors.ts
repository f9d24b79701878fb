/**
 * The safetensors format (huggingface/safetensors): eight bytes with the header's length (little-endian), a JSON
 * header of names, types, shapes and offsets, then the tensors one after the other. Reading is strict: a header that
 * lies about sizes, tensors that overlap or leave a hole, and bytes behind the last one are refused before anything is
 * allocated.
 */

import { open, type FileHandle } from 'node:fs/promises';

import { RectioError } from '../base/error.js';
import { errorNumber, readAll, replaceFile, writeAll } from './files.js';

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a safetensors file holds. */
export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: { readonly [key: string]: string };
}

/** The limit that the format's own implementation sets. */
const maximumHeader = 100_000_000;

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Writes a file durably; the same tensors in the same order always give the same bytes.
 * @throws RectioError `disk`; nothing is left behind then
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: { readonly [key: string]: string } = {},
): Promise<void> {
  await replaceFile(path, async (file) => {
    await writeAll(file, encodeHeader(tensors, metadata));
    for (const { data } of tensors.values()) {
      await writeAll(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
}

function encodeHeader(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: { readonly [key: string]: string },
): Uint8Array {
  let offset = 0;
  const entries = [...tensors].map(([name, { shape, data }]): [string, unknown] => {
    if (elements(shape) !== data.length) {
      throw new Error(`Tensor ${name} of shape [${shape.join(', ')}] cannot have ${data.length} elements.`);
    }
    const begin = offset;
    offset += data.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, offset] }];
  });
  const leading: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  const text = JSON.stringify(Object.fromEntries([...leading, ...entries]));
  const json = new TextEncoder().encode(text);
  // Spaces up to a multiple of eight, so that the tensors lie aligned.
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}

/** Reads a whole file of float32 tensors. @throws RectioError `checkpoint` naming the file and what is wrong with it */
export async function readSafetensors(path: string): Promise<StoredTensors> {
  const file = await openToRead(path);
  try {
    const { size } = await file.stat();
    const { entries, metadata, start } = await readHeader(file, size, path);
    const tensors = new Map<string, StoredTensor>();
    for (const { name, shape, begin, end } of entries) {
      const data = new Float32Array((end - begin) / 4);
      if (!(await readAll(file, new Uint8Array(data.buffer), start + begin))) broken(path, 'ends too early');
      tensors.set(name, { shape, data });
    }
    return { tensors, metadata };
  } finally {
    await file.close();
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const what = errorNumber(error) === 'ENOENT' ? 'is not there' : 'cannot be read';
    throw new RectioError('checkpoint', `${path} ${what}.`, 'Give the path of a safetensors file.', { cause: error });
  }
}

async function readHeader(
  file: FileHandle,
  size: number,
  path: string,
): Promise<{ entries: Entry[]; metadata: { [key: string]: string }; start: number }> {
  const prefix = new Uint8Array(8);
  if (size < 8 || !(await readAll(file, prefix, 0))) broken(path, 'is too short to have a header');
  const announced = new DataView(prefix.buffer).getBigUint64(0, true);
  if (announced > BigInt(maximumHeader)) {
    broken(path, `announces a header of ${announced} bytes, more than the format's ${maximumHeader}`);
  }
  const length = Number(announced);
  if (8 + length > size) broken(path, `announces a header of ${length} bytes but has only ${size} bytes in all`);
  const bytes = new Uint8Array(length);
  if (!(await readAll(file, bytes, 8))) broken(path, 'ends within its header');
  const header = parseHeader(bytes, path);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, path));
  verifyCover(entries, size - 8 - length, path);
  return { entries, metadata: parseMetadata(header['__metadata__'], path), start: 8 + length };
}

function parseHeader(bytes: Uint8Array, path: string): { [name: string]: unknown } {
  if (bytes[0] !== 0x7b) broken(path, 'has a header that does not begin with {');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return broken(path, 'has a header that is not JSON');
  }
  return header as { [name: string]: unknown };
}

function parseMetadata(value: unknown, path: string): { [key: string]: string } {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    broken(path, 'has metadata that is not a map from text to text');
  }
  return value as { [key: string]: string };
}

function parseEntry(name: string, value: unknown, path: string): Entry {
  if (!isRecord(value)) return broken(path, `has no record for tensor ${name}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32') broken(path, `holds tensor ${name} as ${String(dtype)}, where only F32 can be read`);
  if (!isCounts(shape)) return broken(path, `gives tensor ${name} a shape that is not a list of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2) return broken(path, `gives tensor ${name} no two offsets`);
  const [begin, end] = offsets as [number, number];
  if (end - begin !== elements(shape) * 4) {
    broken(
      path,
      `gives tensor ${name} ${end - begin} bytes where shape [${shape.join(', ')}] needs ${elements(shape) * 4}`,
    );
  }
  return { name, shape, begin, end };
}

/** The tensors have to cover the data exactly: no overlap, no hole, nothing behind. */
function verifyCover(entries: readonly Entry[], bytes: number, path: string): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) broken(path, `has tensor ${name} overlapping the one before`);
    if (begin > covered) broken(path, `leaves a hole of ${begin - covered} bytes before tensor ${name}`);
    covered = end;
  }
  if (covered > bytes)
    broken(path, `holds ${bytes} bytes of data where its header tells of ${covered}: it was cut off`);
  if (covered < bytes) broken(path, `has ${bytes - covered} bytes behind its last tensor`);
}

function isRecord(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((part) => Number.isSafeInteger(part) && part >= 0);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function broken(path: string, what: string): never {
  throw new RectioError('checkpoint', `${path} ${what}.`, 'Use an intact file, such as that of an earlier checkpoint.');
}
