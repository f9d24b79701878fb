/** Corrupts files to test their readers: bits, characters of text, and values of JSON. */

import type { RandomStream } from '../base/random.js';

/** Values that have broken readers before. */
const hostile: readonly unknown[] = [
  null,
  true,
  0,
  1,
  -1,
  0.5,
  3,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  'NaN',
  'F16',
  'input',
  'relu',
  '__proto__',
  '\u001b[31m\u0000',
  '\ud800',
  'long'.repeat(500),
  [],
  [0, 0],
  [2 ** 40, 2 ** 40],
  [[]],
  [null],
  Array.from({ length: 100 }, () => 1),
  {},
  { toString: 1 },
  { toJSON: 1, valueOf: 1 },
];

/** Texts that are not JSON, or that strain a parser. */
const hostileTexts: readonly string[] = [
  '[',
  ']',
  '{',
  '}',
  '"',
  ',',
  ':',
  '\\',
  '\\u0000',
  '-',
  '1e999',
  'NaN',
  '00',
  '9'.repeat(30),
  '[0,4]',
  '[[',
  '['.repeat(2000),
  '{"a":'.repeat(500),
  '"__proto__":{},',
  '\u0000',
  '\u2028',
];

/** Copies the bytes and changes a few in [begin, end): one bit, or any number of bits. */
export function spoilBytes(bytes: Uint8Array, stream: RandomStream, begin = 0, end = bytes.length): Uint8Array {
  const spoiled = bytes.slice();
  for (let count = 1 + stream.below(4); count > 0; count--) {
    const at = begin + stream.below(end - begin);
    spoiled[at]! ^= stream.below(2) === 0 ? 1 << stream.below(8) : 1 + stream.below(255);
  }
  return spoiled;
}

/** Copies the bytes and removes, inserts or duplicates a range. */
export function spoilText(text: string, stream: RandomStream): string {
  const at = stream.below(text.length + 1);
  const length = 1 + stream.below(Math.min(40, text.length));
  const behind = text.slice(at);
  switch (stream.below(4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + hostileTexts[stream.below(hostileTexts.length)]! + behind;
    case 2:
      return text.slice(0, at) + text.slice(at, at + length) + behind;
    default: {
      const from = stream.below(text.length);
      return text.slice(0, at) + text.slice(from, from + length) + behind;
    }
  }
}

/** Copies a JSON value and replaces, removes, renames or duplicates one part of it at any depth. */
export function spoilJson(value: unknown, stream: RandomStream): unknown {
  if (typeof value !== 'object' || value === null) return hostile[stream.below(hostile.length)];
  const keys = Object.keys(value);
  // Descend five times out of six, so that the change is at any depth.
  if (keys.length === 0 || stream.below(6) === 0) return spoilHere(value, keys, stream);
  const key = keys[stream.below(keys.length)]!;
  const child = spoilJson((value as { [key: string]: unknown })[key], stream);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === key ? child : item));
  return Object.fromEntries(Object.entries(value).map(([name, old]) => [name, name === key ? child : old]));
}

function spoilHere(value: object, keys: readonly string[], stream: RandomStream): unknown {
  const chosen = stream.below(Math.max(1, keys.length));
  const other = hostile[stream.below(hostile.length)];
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    switch (stream.below(4)) {
      case 0:
        return other;
      case 1:
        return items.toSpliced(chosen, 1);
      case 2:
        return items.toSpliced(chosen, 0, other);
      default:
        return items.toSpliced(chosen, 0, ...items.slice(chosen, chosen + 2));
    }
  }
  const members = Object.entries(value);
  switch (stream.below(4)) {
    case 0:
      return other;
    case 1:
      return Object.fromEntries(members.toSpliced(chosen, 1));
    case 2:
      return Object.fromEntries([...members, [JSON.stringify(other), other]]);
    default:
      return Object.fromEntries(members.map(([name, old], index) => [index === chosen ? `${name}x` : name, old]));
  }
}
