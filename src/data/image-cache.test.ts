import { copyFile, open, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { createLoader } from './loader.js';
import { failureOf, pixelsOf, temporaryFolder } from './testing/fixtures.js';
import { paint, paintPets, workplace } from './testing/photos.js';

/** The methods that all open files share, as far as these tests replace them. */
interface FileMethods {
  write(
    bytes: Uint8Array,
    offset?: number,
    length?: number,
    position?: number | null,
  ): Promise<{ bytesWritten: number }>;
  stat(options?: { bigint: true }): Promise<{ ctimeNs?: bigint }>;
}

async function fileMethods(): Promise<FileMethods> {
  const file = await open(join(await temporaryFolder(), 'any'), 'w');
  await file.close();
  return Object.getPrototypeOf(file);
}

/** A bare error of the system, as Node makes it. */
const systemError = (code: string) => Object.assign(new Error(`${code}: write`), { code, syscall: 'write' });

describe('the cache of decoded images', () => {
  it('holds every byte if the disk takes each write only in parts', async () => {
    const { dir, openIt } = await workplace();
    await paintPets(dir);
    const dataset = await openIt();
    const methods = await fileMethods();
    const real = methods.write;
    const spy = vi.spyOn(methods, 'write').mockImplementation(function (
      this: FileMethods,
      bytes,
      offset = 0,
      length = bytes.length - offset,
      position = null,
    ) {
      return real.call(this, bytes, offset, Math.min(length, 130), position);
    });
    onTestFinished(() => spy.mockRestore());
    expect(await openIt({ cacheDir: await temporaryFolder() })).toEqual(dataset);
    expect(spy.mock.calls.length).toBeGreaterThan(10);
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'your disk quota is used up'],
    ['EIO', 'the disk reports a fault'],
  ])('names %s, and leaves nothing behind', async (code, words) => {
    const { dir, cacheDir, openIt } = await workplace();
    await paintPets(dir);
    const methods = await fileMethods();
    let writes = 0;
    const spy = vi.spyOn(methods, 'write').mockImplementation(async () => {
      if (++writes === 1) return { bytesWritten: 128 };
      throw systemError(code);
    });
    onTestFinished(() => spy.mockRestore());
    const error = await failureOf(() => openIt());
    expect(error.code).toBe('disk');
    expect(error.message).toContain(words);
    expect(error.hint).toContain('XDG_CACHE_HOME');
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('is never used with pixels or facts other than those that were written', async () => {
    const { dir, cacheDir, openIt } = await workplace();
    await paintPets(dir);
    const dataset = await openIt();
    const cache = join(cacheDir, (await readdir(cacheDir))[0]!);
    const bytes = await readFile(cache);
    // A pixel in a hole, the last letter of the facts, and a length that is not that of the file.
    for (const damage of [
      (torn: Buffer) => torn.fill(0, 128, 300),
      (torn: Buffer) => torn.fill(0, torn.length - 1),
      (torn: Buffer) => torn.writeDoubleLE(1e15, 88),
      (torn: Buffer) => torn.writeDoubleLE(NaN, 88),
    ]) {
      const torn = Buffer.from(bytes);
      damage(torn);
      await writeFile(cache, torn);
      expect(await openIt()).toEqual(dataset);
      expect(Buffer.compare(await readFile(cache), bytes)).toBe(0);
    }
  });

  it('sees a picture that was changed by a tool that keeps size and time', async () => {
    const { dir, openIt } = await workplace();
    await paintPets(dir);
    const picture = join(dir, 'train', 'cat', 'a.png');
    const before = pixelsOf((await openIt()).train)[0];
    const { size, atime, mtime } = await stat(picture);
    const other = join(await temporaryFolder(), 'other.png');
    await paint(other, [90, 10, 20]);
    await copyFile(other, picture);
    await utimes(picture, atime, mtime);
    expect((await stat(picture)).size).toBe(size);
    expect([before, pixelsOf((await openIt()).train)[0]]).toEqual([200, 90]);
  });

  it('refuses a picture that changes while it is read', async () => {
    const { dir, openIt } = await workplace();
    await paintPets(dir);
    const methods = await fileMethods();
    const real = methods.stat;
    const spy = vi.spyOn(methods, 'stat').mockImplementation(async function (this: FileMethods, options) {
      const found = await real.call(this, options);
      return Object.assign(found, { ctimeNs: (found.ctimeNs ?? 0n) + 1n });
    });
    onTestFinished(() => spy.mockRestore());
    expect((await failureOf(() => openIt())).message).toContain('was changed while the images were being read');
  });

  it('is not read as if nothing had happened after another training replaced it', async () => {
    const { dir, openIt } = await workplace();
    await paintPets(dir);
    const memory = vi.spyOn(process, 'constrainedMemory').mockReturnValue(100);
    onTestFinished(() => memory.mockRestore());
    const dataset = await openIt();
    expect(dataset.train.source.kind).toBe('file');
    await paint(join(dir, 'train', 'cat', '0.png'), [0, 0, 0]);
    await openIt();
    const loader = createLoader({ dataset, split: 'train', batch: 2, workers: 0 });
    onTestFinished(() => loader.close());
    const error = await failureOf(async () => {
      for await (const _ of loader.epoch(0));
    });
    expect(error.message).toContain('now holds other images');
  });

  it('removes old files of killed processes, and nothing else', async () => {
    const { dir, cacheDir, openIt } = await workplace();
    await paintPets(dir);
    await openIt();
    const cache = join(cacheDir, (await readdir(cacheDir))[0]!);
    await rm(cache);
    await writeFile(`${cache}.1.tmp`, 'old');
    await utimes(`${cache}.1.tmp`, 1000, 1000);
    await writeFile(`${cache}.2.tmp`, 'in progress');
    await openIt();
    expect((await readdir(cacheDir)).map((name) => join(cacheDir, name)).sort()).toEqual([cache, `${cache}.2.tmp`]);
  });
});
