/**
 * The log of a run for TensorBoard: a file of TFRecords, each an `Event` message with scalar summaries, written by
 * hand in protocol-buffer wire format (tensorflow/core/util/event.proto, framework/summary.proto, lib/io/record_writer).
 */

import { appendFile, lstat, readFile, truncate } from 'node:fs/promises';

import { replaceFile, writeAll } from '../system/durable.js';
import { onDisk, whereGone } from '../system/errno.js';
import { appendTo, type EventLog, type MetricsLine } from './metrics.js';
import { inRun } from './layout.js';

/**
 * Opens the TensorBoard log of a run at step `step`, whose own log kept these lines. A log that is there goes on in the same
 * file, since a TensorBoard that is open would not see another one of its name. What a crash tore off at its end is cut, and
 * what will be repeated is revoked, as TensorFlow does when it restarts.
 * @throws RectioError `disk`
 */
export async function openTensorboard(run: string, lines: readonly MetricsLine[], step: number): Promise<EventLog> {
  const path = inRun(run, 'tensorboard');
  const there = await onDisk(path, () => wholeRecords(path));
  if (there === undefined || there.records < 1 + lines.length) {
    await replaceFile(path, async (file) => {
      await writeAll(file, encodeRecord(encodeVersion(lines[0]?.time ?? Date.now() / 1000)));
      for (const line of lines) await writeAll(file, encodeLine(line));
    });
    return appendTo(path, encodeLine);
  }
  await onDisk(path, () => truncate(path, there.bytes));
  if (there.records > 1 + lines.length) {
    await onDisk(path, () => appendFile(path, encodeRecord(encodeRestart(Date.now() / 1000, step))));
  }
  return appendTo(path, encodeLine);
}

/** A longer log is written anew instead of being read. */
const mostBytes = 256 * 1024 * 1024;

/** The records of a log up to the first that is damaged; undefined if there is no log that could be read. */
async function wholeRecords(path: string): Promise<{ readonly records: number; readonly bytes: number } | undefined> {
  const found = await lstat(path).catch(whereGone);
  if (found === undefined || !found.isFile() || found.size > mostBytes) return undefined;
  const data = await readFile(path);
  let records = 0;
  let at = 0;
  while (at + 16 <= data.length) {
    const length = data.readBigUInt64LE(at);
    const end = BigInt(at) + length + 16n;
    if (end > BigInt(data.length) || data.readUInt32LE(at + 8) !== maskedChecksum(data.subarray(at, at + 8))) break;
    const body = data.subarray(at + 12, Number(end) - 4);
    if (data.readUInt32LE(Number(end) - 4) !== maskedChecksum(body)) break;
    at = Number(end);
    records++;
  }
  return { records, bytes: at };
}

/** The record of one line. */
export function encodeLine(line: MetricsLine): Uint8Array {
  return encodeRecord(encodeScalars(line.time, line.step, scalarsOf(line)));
}

function scalarsOf(line: MetricsLine): readonly (readonly [tag: string, value: number])[] {
  if (line.type === 'step') {
    return [
      ['step/loss', line.train.loss],
      ['step/error', line.train.error],
      ['step/learningRate', line.learningRate],
      ['step/imagesPerSecond', line.imagesPerSecond],
    ];
  }
  const { train, ...others } = line;
  const scored = ['test', 'validation'] as const;
  return [
    ['epoch/train/loss', train.loss],
    ['epoch/train/error', train.error],
    ...scored.flatMap((split) => {
      const score = others[split];
      if (score === null) return [];
      return [
        [`epoch/${split}/loss`, score.loss],
        [`epoch/${split}/error`, score.error],
      ] as const;
    }),
  ];
}

/** A TFRecord: length, its checksum, data, its checksum; everything little-endian. */
export function encodeRecord(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedChecksum(data), true);
  return bytes;
}

/** CRC-32C, turned and shifted so that a checksum over data that holds checksums stays a good one. */
export function maskedChecksum(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** Castagnoli's CRC of 32 bits (RFC 3720, appendix B.4). */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

// Event: double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5.
// SessionLog session_log = 7, with its status = 1, of which 1 is START.
// Summary: repeated Value value = 1. Value: string tag = 1; float simple_value = 2.

function encodeVersion(time: number): Uint8Array {
  return joined(double(1, time), bytesField(3, new TextEncoder().encode('brain.Event:2')));
}

/** Revokes everything from `step` on that stands before it in the file. */
function encodeRestart(time: number, step: number): Uint8Array {
  return joined(double(1, time), varintField(2, step), bytesField(7, varintField(1, 1)));
}

export function encodeScalars(
  time: number,
  step: number,
  scalars: readonly (readonly [tag: string, value: number])[],
): Uint8Array {
  const values = scalars.map(([tag, value]) =>
    bytesField(1, joined(bytesField(1, new TextEncoder().encode(tag)), float(2, value))),
  );
  return joined(double(1, time), varintField(2, step), bytesField(5, joined(...values)));
}

const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

function key(field: number, type: number): number {
  return (field << 3) | type;
}

function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = key(field, wire.fixed64);
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = key(field, wire.fixed32);
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

function varintField(field: number, value: number): Uint8Array {
  return Uint8Array.from([key(field, wire.varint), ...varint(value)]);
}

function bytesField(field: number, data: Uint8Array): Uint8Array {
  return joined(Uint8Array.from([key(field, wire.bytes), ...varint(data.length)]), data);
}

/** Seven bits a byte, lowest first; the top bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return [...bytes, value];
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
