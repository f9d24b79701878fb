import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MetricsLine } from './metrics.js';
import { crc32c, encodeLine, encodeRecord, encodeScalars, maskedChecksum, openTensorboard } from './tensorboard.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'rectio-tensorboard-'));
});
afterEach(() => rm(run, { recursive: true }));

const ascii = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The payloads of a file of records, with every length and checksum verified. */
function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedChecksum(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedChecksum(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

const step: MetricsLine = {
  time: 1000.5,
  type: 'step',
  step: 300,
  epoch: 0,
  train: { loss: 2.5, error: 90 },
  learningRate: 0.125,
  imagesPerSecond: 512,
};

describe('the log for TensorBoard', () => {
  it('has the checksums of RFC 3720', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
  });

  it('frames a record as TensorFlow does', () => {
    // The first record of every event file that TensorFlow writes has 24 bytes, and this head.
    const version = Buffer.concat([Buffer.of(9), Buffer.alloc(8), Buffer.of(0x1a, 13), ascii('brain.Event:2')]);
    const record = encodeRecord(version);
    expect(hex(record.subarray(0, 12))).toBe('1800000000000000a37f4b22');
    expect(record.length).toBe(12 + 24 + 4);
  });

  it('encodes an event to these very bytes', () => {
    expect(hex(encodeScalars(1.5, 300, [['a', 0.5]]))).toBe(
      [
        '09000000000000f83f', // wall_time = 1.5
        '10ac02', // step = 300
        '2a0a', // summary of 10 bytes
        '0a08', // value of 8 bytes
        '0a0161', // tag "a"
        '150000003f', // simple_value = 0.5
      ].join(''),
    );
  });

  it('keeps steps beyond 32 bits', () => {
    expect(hex(encodeScalars(0, 2 ** 35, []).subarray(9, 16))).toBe('10808080808001');
  });

  it('begins with its version and tells what it is told', async () => {
    const path = join(run, 'events.out.tfevents.0.rectio');
    const epoch: MetricsLine = { ...step, type: 'epoch', step: 400, test: null, validation: null, seconds: 3 };
    const first = await openTensorboard(run, [], 0);
    for (const line of [step, epoch]) await first.write(line);
    await first.sync();
    await first.close();
    const records = recordsOf(await readFile(path));
    expect(records).toHaveLength(3);
    expect(records[0]!.toString('latin1')).toContain('brain.Event:2');
    expect(records[1]!.toString('latin1')).toContain('step/loss');
    expect(records[2]!.toString('latin1')).toContain('epoch/train/error');
    expect(records[2]!.toString('latin1')).not.toContain('test');
  });

  describe('of a run that goes on', () => {
    const file = () => join(run, 'events.out.tfevents.0.rectio');
    const lines = [0, 1, 2].map((at): MetricsLine => ({ ...step, step: at }));
    const write = async (...written: MetricsLine[]) => {
      const log = await openTensorboard(run, [], 0);
      for (const line of written) await log.write(line);
      await log.close();
    };
    const goOn = async (kept: readonly MetricsLine[], at: number, next: MetricsLine) => {
      const log = await openTensorboard(run, kept, at);
      await log.write(next);
      await log.close();
    };

    it('goes on in the same file, which a TensorBoard may hold open', async () => {
      await write(...lines.slice(0, 2));
      const reader = await open(file());
      try {
        const { size } = await reader.stat();
        await goOn(lines.slice(0, 2), 2, lines[2]!);
        expect((await reader.stat()).size).toBeGreaterThan(size);
        expect(recordsOf(await reader.readFile()).slice(1)).toEqual(
          recordsOf(Buffer.concat(lines.map((line) => encodeLine(line)))),
        );
      } finally {
        await reader.close();
      }
    });

    it('revokes the steps that are repeated, and cuts off what a crash tore', async () => {
      await write(...lines);
      await appendFile(file(), encodeLine(lines[0]!).subarray(0, 20));
      await goOn(lines.slice(0, 1), 1, lines[1]!);
      const records = recordsOf(await readFile(file()));
      expect(records).toHaveLength(6);
      // step = 1 (field 2), session_log (field 7) of status = 1: START.
      expect(hex(records[4]!).slice(18)).toBe('10013a020801');
    });

    it.each([
      ['it is gone', () => rm(file())],
      ['it lacks lines that are kept', () => truncate(file(), 60)],
      ['it is something else', () => writeFile(file(), 'x'.repeat(100))],
      ['a pipe is in its place', () => rm(file()).then(() => void spawnSync('mkfifo', [file()]))],
    ])('is made anew from the kept lines if %s', async (_what, spoil) => {
      await write(...lines.slice(0, 2));
      const whole = await readFile(file());
      await spoil();
      await goOn(lines.slice(0, 1), 1, lines[1]!);
      expect(recordsOf(await readFile(file())).slice(1)).toEqual(recordsOf(whole).slice(1));
    });
  });
});
