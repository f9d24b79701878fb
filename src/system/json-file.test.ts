import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { aCount, aText, fields, listOf, orElse } from '../base/parse.js';
import { readJson, readJsonIfThere } from './json-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-json-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const parse = fields<{ readonly name: string; readonly sizes: readonly number[]; readonly note: string }>({
  name: aText,
  sizes: listOf(aCount),
  note: orElse(aText, 'none'),
});
const options = { code: 'data', hint: 'Put it back.' } as const;

async function file(text: string): Promise<string> {
  const path = join(folder, 'value.json');
  await writeFile(path, text);
  return path;
}

const good = '{"name": "a", "sizes": [1, 2], "of a later version": true}';

describe('a JSON file', () => {
  it('is read into its type; what an old one lacks has a default, and what a new one adds is passed over', async () => {
    expect(await readJson(await file(good), parse, options)).toEqual({ name: 'a', sizes: [1, 2], note: 'none' });
  });

  it('may begin with a byte order mark', async () => {
    expect(await readJson(await file(`\uFEFF${good}`), parse, options)).toMatchObject({ name: 'a' });
  });

  it('need not be there if the caller says so', async () => {
    const path = join(folder, 'none.json');
    expect(await readJsonIfThere(path, parse, options)).toBeUndefined();
    await expect(readJson(path, parse, options)).rejects.toMatchObject({ code: 'data', hint: 'Put it back.' });
  });

  it.each([
    ['', 'value.json is empty.'],
    ['{"name": "a", "siz', 'value.json is not JSON'],
    ['[]', 'value.json: it is not a record'],
    ['{"name": "a"}', 'value.json: sizes is missing'],
    ['{"name": "a", "sizes": [1, -2]}', 'value.json: sizes[1] is not a whole number from 0'],
    ['{"name": 3, "sizes": []}', 'value.json: name is not a text'],
  ])('that holds %j is refused by its name: %s', async (text, words) => {
    const reading = readJson(await file(text), parse, options);
    await expect(reading).rejects.toMatchObject({ code: 'data', message: expect.stringContaining(words) });
  });

  it('is refused before it is read if it is too large', async () => {
    const reading = readJson(await file(good), parse, { ...options, mostBytes: 10 });
    await expect(reading).rejects.toThrow('more than such a file can have');
  });

  it('is a file, and no folder', async () => {
    await mkdir(join(folder, 'folder.json'));
    await expect(readJson(join(folder, 'folder.json'), parse, options)).rejects.toThrow('folder.json');
  });

  it.skipIf(process.platform === 'win32')('is a file, and no pipe: nobody waits for its writer', async () => {
    const pipe = join(folder, 'pipe.json');
    spawnSync('mkfifo', [pipe]);
    await expect(readJson(pipe, parse, options)).rejects.toThrow('is not a file');
  });
});
