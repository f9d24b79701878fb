import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from '../run/lock.js';

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

  it('that was torn by a crash does not count', async () => {
    await writeFile(join(run, 'lock'), '{"pi');
    await (await lockRun(run)).release();
    expect(await readdir(run)).toEqual([]);
  });
});
