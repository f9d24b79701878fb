/**
 * The header of a safetensors file, read without trust: what it says about types, shapes and places has to agree with
 * itself and with the size of the file, to the byte, before anybody makes room for a tensor.
 */

import { dtypes, type DtypeName } from './dtypes.js';
import { pullJson, type PullJson } from './pull-json.js';

/** What a file says of one of its tensors. */
export interface TensorEntry {
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  /** The tensor's bytes, counted from the first byte behind the header. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: { readonly [key: string]: string };
}

/** Describes a fault as the end of a sentence that begins with the file's path. */
export type Refuse = (what: string) => never;

/** The limit that the format's own implementation sets. */
export const maximumHeader = 100_000_000;
/** Far above any network: those with a thousand layers have some thousands. */
const maximumTensors = 20_000;
/** Programs write some dozens; each entry takes many times the room that it has in the file. */
const maximumMetadata = 10_000;
/** As many dimensions as PyTorch and NumPy have at most. */
const maximumRank = 64;

/** @param dataBytes what the file holds behind the header */
export function parseHeader(bytes: Uint8Array, dataBytes: number, refuse: Refuse): SafetensorsHeader {
  if (bytes[0] !== 0x7b) refuse('has a header that does not begin with {');
  const json = pullJson(bytes, (expected, position) =>
    refuse(`has a header that is not JSON of the format, at byte ${position}: expected ${expected}`),
  );
  const entries = new Map<string, TensorEntry>();
  let metadata: SafetensorsHeader['metadata'] = {};
  json.object('the header', (key) => {
    if (key === '__metadata__') {
      metadata = parseMetadata(json, refuse);
      return;
    }
    if (entries.size === maximumTensors) refuse(`has more than ${maximumTensors} tensors`);
    entries.set(key, parseEntry(json, showName(key), refuse));
  });
  json.end();
  verifyCover(entries, dataBytes, refuse);
  return { entries, metadata };
}

function parseMetadata(json: PullJson, refuse: Refuse): { [key: string]: string } {
  const pairs: [string, string][] = [];
  json.object('a map of metadata', (key) => {
    if (pairs.length === maximumMetadata) refuse(`has more than ${maximumMetadata} entries of metadata`);
    pairs.push([key, json.text(`a text as metadata ${showName(key)}`)]);
  });
  return Object.fromEntries(pairs);
}

function parseEntry(json: PullJson, name: string, refuse: Refuse): TensorEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  json.object(`a record of tensor ${name}`, (key) => {
    if (key === 'dtype') dtype = json.text(`the dtype of tensor ${name}`);
    else if (key === 'shape') shape = json.wholeNumbers(`the shape of tensor ${name}`, maximumRank);
    else if (key === 'data_offsets') offsets = json.wholeNumbers(`the offsets of tensor ${name}`, 2);
    else refuse(`has a header with an unknown field ${showName(key)} for tensor ${name}`);
  });
  if (dtype === undefined || shape === undefined) return refuse(`gives no dtype or no shape for tensor ${name}`);
  if (offsets?.length !== 2) return refuse(`does not give two offsets for tensor ${name}`);
  if (!isDtype(dtype)) return refuse(`holds tensor ${name} as ${showName(dtype)}, which is not a supported type`);
  const [begin, end] = offsets as [number, number];
  const needed = elements(shape) * dtypes[dtype].bytes;
  if (end - begin !== needed) {
    refuse(`gives tensor ${name} ${end - begin} bytes, but shape [${shape.join(', ')}] in ${dtype} needs ${needed}`);
  }
  return { dtype, shape, begin, end };
}

/** The tensors have to cover the data exactly: no overlap, no hole, nothing behind. */
function verifyCover(entries: ReadonlyMap<string, TensorEntry>, bytes: number, refuse: Refuse): void {
  let covered = 0;
  for (const [name, { begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) refuse(`has tensor ${showName(name)} overlapping the one before`);
    if (begin > covered) refuse(`leaves a hole of ${begin - covered} bytes before tensor ${showName(name)}`);
    covered = end;
  }
  if (covered > bytes) refuse(`holds ${bytes} bytes of data, but its header declares ${covered}: it was cut off`);
  if (covered < bytes) refuse(`has ${bytes - covered} bytes after its last tensor`);
}

function isDtype(name: string): name is DtypeName {
  return Object.hasOwn(dtypes, name);
}

/** How many values a shape holds; not finite where that is beyond all numbers. */
export function elements(shape: readonly number[]): number {
  // Zero first: it holds nothing, however large the other extents are.
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** A name from a file, for a message: shortened, and quoted if it has unusual characters. */
export function showName(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 77)}...` : name;
  return /^[\w./:-]+$/.test(short) ? short : JSON.stringify(short).replaceAll(/\p{C}/gu, '?');
}
