import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { packagesMatch } from './packages.js';
import { isNodeNewEnough } from './setup.js';
import { filesUnder, readStamp, stampOf, writeStamp } from './stamp.js';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rectio-setup-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('isNodeNewEnough', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('accepts %s', (version) => {
    expect(isNodeNewEnough(version)).toBe(true);
  });
  it.each(['18.20.0', '20.18.3', '8.0.0'])('refuses %s', (version) => {
    expect(isNodeNewEnough(version)).toBe(false);
  });
});

describe('packagesMatch', () => {
  const wanted = {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/for-another-system': { version: '1.0.0', integrity: 'y', optional: true },
  };
  const a = { version: '1.0.0', integrity: 'x' };

  it('accepts missing optional packages of other platforms', () => {
    expect(packagesMatch(wanted, { 'node_modules/a': a })).toBe(true);
  });
  it.each([
    ['nothing is installed', undefined],
    ['a package is missing', {}],
    ['a package has another version', { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['a package has other content', { 'node_modules/a': { ...a, integrity: 'z' } }],
    ['a package is installed that the lock does not list', { 'node_modules/a': a, 'node_modules/b': a }],
  ])('notices that %s', (_, installed) => {
    expect(packagesMatch(wanted, installed)).toBe(false);
  });
});

describe('stamps', () => {
  it('change only with content, name and words', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'a.cc'), 'one');
    writeFileSync(join(folder, 'deep', 'b.cc'), 'two');
    writeFileSync(join(folder, 'notes.txt'), 'no source');
    const stamp = async (...words: string[]) =>
      stampOf(folder, await filesUnder(folder, (path) => path.endsWith('.cc')), words);
    const first = await stamp('flags');
    writeFileSync(join(folder, 'notes.txt'), 'still no source');
    expect(await stamp('flags')).toBe(first);
    expect(await stamp('other flags')).not.toBe(first);
    writeFileSync(join(folder, 'deep', 'b.cc'), 'three');
    expect(await stamp('flags')).not.toBe(first);
  });

  it('are read as they were written, and are undefined if there is none', async () => {
    const file = join(folder, '.stamp');
    expect(await readStamp(file)).toBeUndefined();
    await writeStamp(file, 'abc');
    expect(await readStamp(file)).toBe('abc');
  });

  it('find no files if the folder does not exist', async () => {
    expect(await filesUnder(join(folder, 'absent'), () => true)).toEqual([]);
  });
});

describe('withLock', () => {
  const lockModule = fileURLToPath(new URL('lock.js', import.meta.url));
  const critical = `
    import { withLock } from ${JSON.stringify(lockModule)};
    import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    const [lock, log] = process.argv.slice(1);
    await withLock(lock, async () => {
      appendFileSync(log, 'in ');
      await sleep(30);
      appendFileSync(log, 'out ');
    });`;
  const enter = () =>
    new Promise((resolve) => {
      const args = ['--input-type=module', '-e', critical, join(folder, 'lock'), join(folder, 'log')];
      spawn(process.execPath, args, { stdio: 'ignore' }).on('close', resolve);
    });

  // No process has this id: it is above Linux's maximum.
  it.each([
    ['of a dead process', '99999999\n'],
    ['left empty by a crash', ''],
  ])('lets one process in at a time, even with an old lock %s', async (_, left) => {
    writeFileSync(join(folder, 'lock'), left);
    const codes = await Promise.all(Array.from({ length: 5 }, enter));
    expect(codes).toEqual([0, 0, 0, 0, 0]);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('in out '.repeat(5));
  });
});
