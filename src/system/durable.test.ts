import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { diskError, onDisk } from './errno.js';
import { replaceFile, replaceJson } from './durable.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

function refused(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'write' });
}

describe('a file that is replaced', () => {
  it('has the new content, and nothing is beside it', async () => {
    const path = join(folder, 'a.json');
    await replaceJson(path, { a: 1 });
    await replaceJson(path, { a: 2 });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ a: 2 });
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  it('keeps the old content where the new one cannot be written, and nothing half-written stays', async () => {
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    const failing = replaceFile(path, async (file) => {
      await file.write('half of the n');
      throw refused('ENOSPC');
    });
    await expect(failing).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringMatching(/a(\.tmp)?: the disk is full\.$/),
    });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('cannot be put where a folder of that name is', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await expect(replaceJson(join(folder, 'a'), 1)).rejects.toMatchObject({ code: 'disk' });
  });
});

describe('a refusal of the system', () => {
  it('becomes one sentence that names file and cause, and another that says what to do', () => {
    for (const [code, words] of [
      ['ENOSPC', 'the disk is full'],
      ['EDQUOT', 'quota'],
      ['EACCES', 'may not write'],
      ['EROFS', 'read-only'],
      ['ENAMETOOLONG', 'ENAMETOOLONG'],
    ] as const) {
      const error = diskError(refused(code), '/some/file') as RectioError;
      expect(error).toBeInstanceOf(RectioError);
      expect(error.code).toBe('disk');
      expect(error.message).toMatch(/^Cannot write \/some\/file: .*\.$/);
      expect(error.message).toContain(words);
      expect(error.hint).toMatch(/\.$/);
    }
  });

  it('is told from a mistake of our own, which stays as it is', () => {
    const mistake = new TypeError('x is not a function');
    expect(diskError(mistake, '/some/file')).toBe(mistake);
    const ours = new RectioError('usage', 'No.', 'Never.');
    expect(diskError(ours, '/some/file')).toBe(ours);
  });

  it('really comes from a device that is full', async ({ skip }) => {
    if (process.platform !== 'linux') skip('/dev/full is there on Linux only');
    const writing = onDisk('/dev/full', async () => {
      const file = await open('/dev/full', 'w');
      await file.write('x').finally(() => file.close());
    });
    await expect(writing).rejects.toMatchObject({ code: 'disk', message: 'Cannot write /dev/full: the disk is full.' });
  });

  it('really comes from a folder that one may not write to', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write everywhere');
    await chmod(folder, 0o500);
    await expect(replaceJson(join(folder, 'a'), 1)).rejects.toMatchObject({ code: 'disk' });
    await chmod(folder, 0o700);
  });
});
