/**
 * The safetensors format (huggingface/safetensors): eight bytes with the header's length (little-endian), a JSON
 * header of names, types, shapes and offsets, then the tensors one after the other. Reading is strict, for the files of
 * others as for our own: see `safetensors-header.ts`.
 */

import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';

import { RectioError } from '../base/error.js';
import { dtypes } from './dtypes.js';
import { errorCode } from '../system/errno.js';
import { readAll, replaceFile, writeAll } from '../system/durable.js';
import {
  elements,
  maximumHeader,
  parseHeader,
  showName,
  type Refuse,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.js';

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a safetensors file holds. */
export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: { readonly [key: string]: string };
}

/** A file that is open: its header is read and checked, its tensors come when they are asked for. */
export interface SafetensorsFile extends SafetensorsHeader {
  /**
   * A tensor's values as float32; of F64 rounded, of F16 and BF16 exact.
   * @throws RectioError naming file and tensor if it is of another type, or cannot be read
   */
  read(name: string): Promise<StoredTensor>;
  /** SHA-256 of the whole file, in hexadecimal. */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}

/** What a file is read for. It decides the error code and the hint for its faults. */
export type SafetensorsUse = 'checkpoint' | 'weights';

const cures: { readonly [U in SafetensorsUse]: string } = {
  checkpoint: 'Use an intact file, such as that of an earlier checkpoint.',
  weights: 'Download or export it again.',
};

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

/**
 * Reads a whole file of float32 tensors, such as a checkpoint has.
 * @throws RectioError `checkpoint` naming the file and what is wrong with it
 */
export async function readSafetensors(path: string): Promise<StoredTensors> {
  const file = await openSafetensors(path, 'checkpoint');
  try {
    for (const [name, { dtype }] of file.entries) {
      if (dtype !== 'F32') refusing(path, 'checkpoint')(`holds tensor ${showName(name)} as ${dtype}, not as F32`);
    }
    const tensors = new Map<string, StoredTensor>();
    for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/**
 * Opens a file of tensors of any type.
 * @throws RectioError with the use as its code, naming the file and what is wrong with it
 */
export async function openSafetensors(path: string, use: SafetensorsUse): Promise<SafetensorsFile> {
  const refuse = refusing(path, use);
  const file = await openToRead(path, use);
  try {
    return await safetensorsIn(await fileSource(file, refuse), refuse);
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/** Bytes that can be looked at anywhere. */
export interface ByteSource {
  readonly size: number;
  /** Fills all of `bytes` from `position` on. */
  readInto(bytes: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

/** Reads bytes as a safetensors file; calls `refuse` for any fault. */
export async function safetensorsIn(source: ByteSource, refuse: Refuse): Promise<SafetensorsFile> {
  const { header, start } = await readHeader(source, refuse);
  return {
    ...header,
    read: async (name) => {
      const entry = header.entries.get(name);
      if (entry === undefined) throw new Error(`There is no tensor ${name} in the file.`);
      return { shape: entry.shape, data: await readValues(source, name, entry, start, refuse) };
    },
    fingerprint: () => hashOf(source),
    close: () => source.close(),
  };
}

async function openToRead(path: string, use: SafetensorsUse): Promise<FileHandle> {
  let what = 'cannot be read';
  let cause: unknown;
  try {
    // Looked at before it is opened: opening a pipe would wait for its other end.
    if ((await stat(path)).isFile()) return await open(path, 'r');
    what = 'is no file';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') what = 'is not there';
    cause = error;
  }
  throw new RectioError(use, `${path} ${what}.`, 'Give the path of a safetensors file.', { cause });
}

async function fileSource(file: FileHandle, refuse: Refuse): Promise<ByteSource> {
  const { size } = await file.stat();
  return {
    size,
    async readInto(bytes, position) {
      const whole = await readAll(file, bytes, position).catch((error: unknown) =>
        refuse(`cannot be read: the system answers ${errorCode(error) ?? String(error)}`),
      );
      if (!whole) refuse('ends too early: it became shorter while it was read');
    },
    close: () => file.close(),
  };
}

/** Files that people take for safetensors, by how they begin. */
const otherFormats: readonly { readonly begins: readonly string[]; readonly what: string }[] = [
  {
    begins: ['PK\u0003\u0004'],
    what: 'is a PyTorch file (.pth, a zip archive); save it with safetensors.torch.save_file first',
  },
  {
    begins: ['\u0080\u0002', '\u0080\u0003', '\u0080\u0004', '\u0080\u0005'],
    what: 'is a pickle, as older PyTorch files are; save it with safetensors.torch.save_file first',
  },
  { begins: ['version '], what: 'is a Git LFS pointer, not the file itself; get the file with git lfs pull' },
  { begins: ['<!DOCTYP', '<!doctyp', '<html', '<HTML'], what: 'is a web page (HTML), not the file itself' },
];

async function readHeader(
  source: ByteSource,
  refuse: Refuse,
): Promise<{ readonly header: SafetensorsHeader; readonly start: number }> {
  const { size } = source;
  if (size < 8) refuse('is too short to have a header');
  const prefix = new Uint8Array(8);
  await source.readInto(prefix, 0);
  const announced = new DataView(prefix.buffer).getBigUint64(0, true);
  if (announced > BigInt(maximumHeader)) {
    // Only then: a length within the limit may begin with the bytes of any of these formats.
    const beginning = Buffer.from(prefix).toString('latin1');
    const other = otherFormats.find(({ begins }) => begins.some((start) => beginning.startsWith(start)));
    if (other !== undefined) refuse(other.what);
    refuse(`announces a header of ${announced} bytes, more than the format's ${maximumHeader}`);
  }
  const length = Number(announced);
  if (8 + length > size) refuse(`announces a header of ${length} bytes but has only ${size} bytes in all`);
  const bytes = new Uint8Array(length);
  await source.readInto(bytes, 8);
  return { header: parseHeader(bytes, size - 8 - length, refuse), start: 8 + length };
}

/** Values of a type that is converted go through a piece of this many bytes, a whole number of values of any type. */
const pieceBytes = 1 << 20;

async function readValues(
  source: ByteSource,
  name: string,
  { dtype, shape, begin, end }: TensorEntry,
  start: number,
  refuse: Refuse,
): Promise<Float32Array> {
  const { bytes: size, toFloat32 } = dtypes[dtype];
  if (toFloat32 === null) {
    return refuse(`holds tensor ${showName(name)} as ${dtype}, but F32, F16, BF16 or F64 is needed`);
  }
  const values = new Float32Array(elements(shape));
  if (toFloat32 === 'same') {
    await source.readInto(new Uint8Array(values.buffer), start + begin);
    return values;
  }
  const piece = new Uint8Array(Math.min(pieceBytes, end - begin));
  for (let at = begin; at < end; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, end - at));
    await source.readInto(part, start + at);
    const first = (at - begin) / size;
    toFloat32(part, values.subarray(first, first + part.length / size));
  }
  return values;
}

async function hashOf(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(Math.min(pieceBytes, source.size));
  for (let at = 0; at < source.size; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, source.size - at));
    await source.readInto(part, at);
    hash.update(part);
  }
  return hash.digest('hex');
}

function refusing(path: string, use: SafetensorsUse): Refuse {
  return (what) => {
    throw new RectioError(use, `${path} ${what}.`, cures[use]);
  };
}
