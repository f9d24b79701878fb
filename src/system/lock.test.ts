import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { lockRun } from '../run/lock.js';
import { lockHolder, type tryLock } from './lock.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'rectio-lock-'));
});
afterEach(() => rm(run, { recursive: true }));

const write = (holder: unknown) => writeFile(join(run, 'lock'), JSON.stringify(holder));

describe('the lock of a run', () => {
  it('is taken once, given back, and taken again', async () => {
    const lock = await lockRun(run);
    await expect(lockRun(run)).rejects.toMatchObject({ code: 'checkpoint', message: expect.stringContaining(run) });
    await lock.release();
    expect(await readdir(run)).toEqual([]);
    await (await lockRun(run)).release();
  });

  it('is one lock, however the path to the run is spelled', async () => {
    const lock = await lockRun(run);
    await expect(lockRun(relative('.', run))).rejects.toMatchObject({
      message: expect.stringContaining('this process'),
    });
    await lock.release();
  });

  it('is rid of what killed processes left beside it, and of nothing else', async () => {
    const others = ['lock.0123456789abcdef', 'lock.0123456789abcdef.fedcba9876543210', 'locks', 'lock.txt'];
    for (const name of others) await writeFile(join(run, name), '{}');
    const lock = await lockRun(run);
    const own = `lock.${createHash('sha256')
      .update(await readFile(join(run, 'lock'), 'utf8'))
      .digest('hex')
      .slice(0, 16)}`;
    await writeFile(join(run, own), '{}');
    await lock.tidy();
    expect((await readdir(run)).toSorted()).toEqual(['lock', own, 'lock.txt', 'locks']);
    await rm(join(run, own));
    await lock.release();
  });

  it('goes to one of many who want it at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(run)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('of a living process is respected, and that process is named', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await write({ pid: child.pid, host: hostname(), born: null });
      await expect(lockRun(run)).rejects.toMatchObject({ message: expect.stringContaining(`process ${child.pid}`) });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await (await lockRun(run)).release();
  });

  it('of a process whose number was given to another one does not count', async () => {
    if (process.platform !== 'linux') return;
    await write({ pid: process.ppid, host: hostname(), born: '1' });
    await (await lockRun(run)).release();
  });

  it('of another machine is respected, with the way out in the hint', async () => {
    await write({ pid: 1, host: 'elsewhere', born: null });
    await expect(lockRun(run)).rejects.toMatchObject({
      message: expect.stringContaining('process 1 on elsewhere'),
      hint: expect.stringContaining(join(run, 'lock')),
    });
    expect(JSON.parse(await readFile(join(run, 'lock'), 'utf8'))).toMatchObject({ host: 'elsewhere' });
  });

  it.each([
    ['was torn by a crash', '{"pi'],
    ['is empty', ''],
    ['holds null', 'null'],
    ['holds a list', '[1, 2]'],
    ['holds words', 'not of this program'],
    ['is huge', `{"pid":1,"host":"${'x'.repeat(1 << 20)}","born":null}`],
  ])('that %s does not count', async (_what, text) => {
    await writeFile(join(run, 'lock'), text);
    expect(await lockHolder(join(run, 'lock'))).toBeUndefined();
    await (await lockRun(run)).release();
    expect(await readdir(run)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('is a file: a pipe, a folder or a link in its place is named', async () => {
    const path = join(run, 'lock');
    const makers = [
      () => void spawnSync('mkfifo', [path]),
      () => mkdir(path),
      () => symlink('/dev/zero', path),
      () => symlink(join(run, 'nowhere'), path),
    ];
    for (const make of makers) {
      await make();
      expect(await lockHolder(path)).toBeUndefined();
      await expect(lockRun(run)).rejects.toMatchObject({ code: 'disk', message: expect.stringContaining(path) });
      await rm(path, { recursive: true });
    }
  });

  it('names its holder without anything that a terminal would obey', async () => {
    await write({ pid: 1, host: '\u001b[2J\n', born: null });
    expect(await lockHolder(join(run, 'lock'))).toBe('process 1 on ?[2J?');
  });

  it('is still the process’s own, or it says who took it', async () => {
    const lock = await lockRun(run);
    await lock.verify();
    await write({ pid: 1, host: 'elsewhere', born: null });
    await expect(lock.verify()).rejects.toMatchObject({ message: expect.stringContaining('process 1 on elsewhere') });
    await lock.release();
    expect(await readdir(run)).toEqual(['lock']);
  });
});

describe('a lock of a dead process', () => {
  /** As many as there would be processes: each copy of the module knows of its own locks alone. */
  const processes = async (count: number) => {
    const copies: { readonly tryLock: typeof tryLock }[] = [];
    for (let copy = 0; copy < count; copy++) {
      vi.resetModules();
      copies.push(await import('./lock.js'));
    }
    return copies;
  };

  it('goes to one of many who find it at once', async () => {
    const path = join(run, 'lock');
    const copies = await processes(8);
    for (let round = 0; round < 60; round++) {
      await write({ pid: process.pid, host: hostname(), born: '1' });
      const ends = await Promise.all(
        copies.map(async ({ tryLock }, index) => {
          await sleep(index % (1 + (round % 4)));
          return tryLock(path);
        }),
      );
      const locks = ends.filter((end) => typeof end !== 'string');
      expect(locks).toHaveLength(1);
      await locks[0]!.verify();
      await locks[0]!.release();
      expect(await readdir(run)).toEqual([]);
    }
  });

  it('goes on even if another process died while it took it over', async () => {
    const path = join(run, 'lock');
    const dead = JSON.stringify({ pid: process.pid, host: hostname(), born: '1' });
    await writeFile(path, dead);
    await writeFile(`${path}.${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`, dead);
    await (await lockRun(run)).release();
    expect(await readdir(run)).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('the lock of a process in another container', () => {
  const path = () => join(run, 'lock');
  /** As this process's own number there: every container counts from 1. */
  const holder = async () => {
    await (await lockRun(run)).release();
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return { pid: process.pid, host: hostname(), born: '1', boot, space: 'pid:[1]', token: 'abc' };
  };

  it('counts while it gives signs of life', async () => {
    await write(await holder());
    expect(await lockHolder(path())).toBe(`process ${process.pid} on ${hostname()}`);
    const beating = setInterval(() => void utimes(path(), new Date(), new Date()), 200);
    await expect(lockRun(run)).rejects.toMatchObject({ code: 'checkpoint' });
    clearInterval(beating);
  });

  it('does not count once it has given none for long', async () => {
    await write(await holder());
    const long = new Date(Date.now() - 60_000);
    await utimes(path(), long, long);
    expect(await lockHolder(path())).toBeUndefined();
    await (await lockRun(run)).release();
  });

  it('of a machine elsewhere has longer, since its signs can come late', async () => {
    for (const [minutes, counts] of [
      [1, true],
      [5, false],
    ] as const) {
      await write({ ...(await holder()), host: 'elsewhere', boot: 'another' });
      const then = new Date(Date.now() - minutes * 60_000);
      await utimes(path(), then, then);
      expect((await lockHolder(path())) !== undefined).toBe(counts);
      await rm(path());
    }
  });

  it('is given signs of life by this process', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const lock = await lockRun(run);
      const past = new Date(1e9);
      await utimes(path(), past, past);
      vi.advanceTimersByTime(5_000);
      await vi.waitFor(async () => expect((await stat(path())).mtimeMs).toBeGreaterThan(1e12));
      await lock.verify();
      await lock.release();
    } finally {
      vi.useRealTimers();
    }
  });
});
