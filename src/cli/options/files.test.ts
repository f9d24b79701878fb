import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readSettings } from './config-file.js';
import { readDocument } from './document-file.js';
import { cpuTime } from '../../testing/cpu-time.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('plans that strain their reader', () => {
  const nine = (of: string) => `[${Array.from({ length: 9 }, () => `*${of}`).join(', ')}]`;
  const laughs = [
    'a: &a [x, x]',
    ...['b', 'c', 'd', 'e', 'f'].map((name, at) => `${name}: &${name} ${nine('abcde'[at]!)}`),
  ];

  it.each([
    ['aliases of aliases', laughs.join('\n'), 'repeats its aliases too often'],
    ['a list that contains itself', 'networks: &a [resnet20, *a]', 'nested too deeply'],
    ['lists in lists', `networks: ${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'nested too deeply'],
    ['lists in lists, line by line', `${'- '.repeat(10_000)}x`, 'nested too deeply'],
    ['too much text', `networks: [${'x, '.repeat(2_000_000)}]`, 'more than such a file can have'],
  ])('are refused in words and at once: %s', async (_what, text, words) => {
    const path = join(folder, 'odd.yaml');
    await writeFile(path, text);
    const before = cpuTime();
    await expect(readDocument(path)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(words) });
    expect(cpuTime() - before).toBeLessThan(2000);
  });

  it('settings in JSON too', async () => {
    const path = join(folder, 'odd.json');
    await writeFile(path, `{"model": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    await expect(readSettings(path)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(path) });
  });
});

describe('files that begin with a byte order mark and end lines as Windows does', () => {
  it('are read as settings', async () => {
    const path = join(folder, 'settings.json');
    await writeFile(path, '\uFEFF{\r\n  "model": "resnet20",\r\n  "epochs": 1\r\n}\r\n');
    expect(await readSettings(path)).toEqual({ model: { name: 'resnet20' }, epochs: 1 });
  });

  it('are read as the plan of a study', async () => {
    const path = join(folder, 'plan.yaml');
    await writeFile(path, '\uFEFFnetworks: [resnet20]\r\nratios: ["2:1"]\r\n');
    expect(await readDocument(path)).toEqual({ networks: ['resnet20'], ratios: ['2:1'] });
  });
});
