import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eachLine, firstLine, openPlainFile, type LinesPlace } from './plain-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-plain-'));
});
afterEach(() => rm(folder, { recursive: true }));

const refusal = { code: 'data', hint: 'Remove it.' } as const;

describe('the lines of a file', () => {
  const read = async (path: string, from: LinesPlace = firstLine) => {
    const lines: string[] = [];
    const file = await openPlainFile(path, 'read', refusal);
    try {
      return { lines, end: await eachLine(file, from, (line) => lines.push(line)) };
    } finally {
      await file.close();
    }
  };

  it('come whole, and are read on from where the last reading ended', async () => {
    const path = join(folder, 'log');
    await writeFile(path, 'one\ntwo\nthr');
    const first = await read(path);
    expect(first).toMatchObject({ lines: ['one', 'two'], end: { offset: 8, rest: 'thr' } });
    await appendFile(path, 'ee\nfour\n');
    expect((await read(path, first.end)).lines).toEqual(['three', 'four']);
  });

  it('that are too long are passed over, also if they end in a later reading', async () => {
    const path = join(folder, 'log');
    await writeFile(path, `one\n${'x'.repeat(3 << 20)}`);
    const first = await read(path);
    expect(first.lines).toEqual(['one']);
    expect(first.end).toMatchObject({ offset: 4 + (3 << 20), passing: true });
    await appendFile(path, 'x\ntwo\n');
    expect((await read(path, first.end)).lines).toEqual(['two']);
  });
});

describe('what has the name of a file', () => {
  it('is refused if it is a folder or a device', async () => {
    const words = { code: 'data', message: expect.stringContaining('is not a file') };
    await expect(openPlainFile(folder, 'read', refusal)).rejects.toMatchObject(words);
    await expect(openPlainFile(folder, 'append', refusal)).rejects.toMatchObject(words);
    if (process.platform === 'win32') return;
    await expect(openPlainFile('/dev/zero', 'read', refusal)).rejects.toMatchObject(words);
  });
});
