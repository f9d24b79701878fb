import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openMeasurements } from './measurements.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-measurements-'));
  file = join(folder, 'deep', 'tuning.json');
});
afterEach(() => rm(folder, { recursive: true }));

describe('measurements', () => {
  it('are known to the next process, which leaves nothing half-written behind', async () => {
    const first = openMeasurements(file);
    expect(first.known()).toEqual({});
    first.learn({ 'work a': 'jit', 'work b': 'winograd' });
    expect(openMeasurements(file).known()).toEqual({ 'work a': 'jit', 'work b': 'winograd' });
    expect(await readdir(join(folder, 'deep'))).toEqual(['tuning.json']);
  });

  it('of two processes at once come together, and what was there first stays', () => {
    const [one, other] = [openMeasurements(file), openMeasurements(file)];
    expect([one.known(), other.known()]).toEqual([{}, {}]);
    one.learn({ shared: 'jit', 'only one': 'jit' });
    other.learn({ shared: 'winograd', 'only other': 'winograd' });
    const expected = { shared: 'jit', 'only one': 'jit', 'only other': 'winograd' };
    expect(other.known()).toEqual(expected);
    expect(openMeasurements(file).known()).toEqual(expected);
  });

  it('are written only where there is news', async () => {
    const measurements = openMeasurements(file);
    measurements.learn({ work: 'jit' });
    await writeFile(file, 'untouched');
    measurements.learn({ work: 'jit' });
    expect(await readFile(file, 'utf8')).toBe('untouched');
  });

  it.each(['', '{"work": "ji', 'null', '["jit"]', '{"work": 1}'])(
    'in a file that holds %s are made again',
    async (text) => {
      openMeasurements(file).learn({ old: 'jit' });
      await writeFile(file, text);
      const measurements = openMeasurements(file);
      expect(measurements.known()).not.toHaveProperty('work');
      measurements.learn({ work: 'winograd' });
      expect(openMeasurements(file).known()).toMatchObject({ work: 'winograd' });
    },
  );

  it('that cannot be kept are no reason to stop', async () => {
    await writeFile(join(folder, 'deep'), 'a file where the folder should be');
    const measurements = openMeasurements(file);
    measurements.learn({ work: 'jit' });
    expect(measurements.known()).toEqual({ work: 'jit' });
  });
});
