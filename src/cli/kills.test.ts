/**
 * Faults at chosen file operations: kills, refusing disks, short writes. Whatever happens, a training ends with the same bits
 * and a study with the same numbers as one that was left alone. `node bench/kill-test.js` runs the long form.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomStream } from '../base/random.js';
import {
  compareUndisturbed,
  refusedAtTheEnd,
  studyRound,
  trainingNames,
  trainingRound,
  trainUndisturbed,
  trainWeights,
  writeFaultInputs,
  type Tally,
} from './testing/faults.js';
import { build } from './testing/rectio.js';

/** Kills of trainings and of studies, all together. */
const wanted = Number(process.env['RECTIO_KILLS'] ?? 12);
const seed = Number(process.env['RECTIO_KILL_SEED'] ?? 1);
/** Rounds cost seconds on a busy machine. */
const patience = { timeout: 180_000 + wanted * 60_000 };

let folder: string;
beforeAll(async () => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'rectio-kills-'));
  writeFaultInputs(folder);
  await trainWeights(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Does rounds until `share` of the kills have struck; the long form says how far it is and goes on after a failure. */
async function rounds(name: string, share: number, round: (tally: Tally) => Promise<void>): Promise<void> {
  const tally: Tally = { kills: 0, refusals: 0, at: new Map() };
  const failures: unknown[] = [];
  const long = process.env['RECTIO_KILLS'] !== undefined;
  while (tally.kills < share) {
    const began = performance.now();
    try {
      await round(tally);
    } catch (error) {
      if (!long) throw error;
      failures.push(error);
      process.stderr.write(`${name}: ${error instanceof Error ? `${error.message.slice(0, 5000)}` : String(error)}\n`);
    }
    if (long) {
      const at = [...tally.at].map(([operation, count]) => `${operation} ${count}`).join(', ');
      process.stderr.write(
        `${name}: ${tally.kills} kills, ${tally.refusals} refusals, ${failures.length} failures (${at}); ` +
          `${((performance.now() - began) / 1000).toFixed(1)} s\n`,
      );
    }
  }
  expect(failures).toEqual([]);
}

describe('faults at chosen file operations', () => {
  it.each(trainingNames)('a training (%s) ends with the bits of one that was left alone', patience, async (name) => {
    const stream = randomStream(seed);
    const whole = await trainUndisturbed(name, folder);
    await rounds(name, (5 / 12) * wanted, (tally) => trainingRound(name, folder, { whole, stream, tally }));
  });

  it('a disk that refuses to remove the lock is told of in words', async () => {
    const { operations } = await trainUndisturbed('plain', folder);
    expect(await refusedAtTheEnd(folder, operations)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Cannot write ${join('unlocked', 'lock')}: the disk reports a fault.`),
    });
  });

  it('a study that two processes work on ends with the numbers of one that was left alone', patience, async () => {
    const stream = randomStream(seed + 1);
    const whole = await compareUndisturbed(folder);
    await rounds('study', wanted / 6, (tally) => studyRound(folder, { whole, stream, tally }));
  });
});
