/** Whatever the files of a run hold, it goes on, or an error in words names the file. */

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import { listCheckpoints, readLastMetrics, readRunRecord, readSummary } from '../run/index.js';
import { readMetrics } from '../run/metrics.js';
import { spoilJson, spoilText } from '../testing/mutate.js';
import { tinyOptions, trainParts } from './testing/tiny.js';

let folder: string;
let whole: string;
let checkpoint: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-odd-files-'));
  whole = join(folder, 'whole');
  for await (const { type } of trainParts(tinyOptions(whole))) if (type === 'checkpoint') break;
  checkpoint = (await listCheckpoints(whole)).at(-1)!.path;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Goes on with a copy of the run, one of whose files was spoiled. @returns the refusal, if there was one */
async function goOn(file: string, spoil: (text: string) => string): Promise<RectioError | undefined> {
  const run = join(folder, 'copy');
  await rm(run, { recursive: true, force: true });
  await cp(whole, run, { recursive: true });
  const path = join(run, file);
  await writeFile(path, spoil(await readFile(path, 'utf8')));
  try {
    // What the command line, the board and the reports read.
    const { config } = await readRunRecord(run);
    await readSummary(run);
    await readMetrics(run);
    await readLastMetrics(run);
    for await (const { type } of trainParts({ ...tinyOptions(run), config, resume: true })) if (type === 'step') break;
    return undefined;
  } catch (error) {
    if (!(error instanceof RectioError))
      throw new Error(`A defect for ${await readFile(path, 'utf8')}`, { cause: error });
    expect(error.message).toMatch(/^[^\p{C}]+$/u);
    return error;
  }
}

describe('a file of a run that holds something odd', () => {
  const files = () => ['config.json', join(checkpoint.slice(whole.length + 1), 'state.json'), 'metrics.jsonl'];

  it.each([0, 1, 2])('never ends in what would be called a defect (file %i)', async (index) => {
    const stream = randomStream(11 + index);
    const file = files()[index]!;
    for (let round = 0; round < 60; round++) {
      await goOn(file, (text) =>
        file.endsWith('.json') && round % 3 > 0
          ? JSON.stringify(spoilJson(JSON.parse(text), stream))
          : spoilText(text, stream),
      );
    }
  });

  it('is named: settings of a record, a state without sums, values that are nested for ever', async () => {
    const [config = '', state = ''] = files();
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    for (const [file, spoil] of [
      [config, (text: string) => text.replace(/"batch": \d+/, '"batch": null')],
      [config, (text: string) => text.replace('"kind": "sgd"', '"kind": 7')],
      [config, () => 'null'],
      [config, () => deep],
    ] as const) {
      const error = await goOn(file, spoil);
      expect(error?.message).toContain('config.json');
      expect(error?.code).toBe('checkpoint');
    }
    for (const spoil of [(text: string) => text.replace('"sums"', '"other"'), () => '', () => deep]) {
      expect((await goOn(state, spoil))?.message).toContain('state.json');
    }
  });
});
