import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfig } from '../config/config.js';
import { createRunFolder, runName } from './run-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-runs-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the name of a run', () => {
  it('says model, ratio or pattern, and seed, with nothing that a file system minds', () => {
    const name = (settings: object, network = 'resnet20') =>
      runName({ name: network, nodes: [] }, resolveConfig({ model: { name: 'any' } }, settings));
    expect(name({})).toBe('resnet20-1to1-seed0');
    expect(name({ ratio: { ratio: '3:2' }, seed: 7 })).toBe('resnet20-3to2-seed7');
    expect(name({ ratio: { pattern: '01' } })).toBe('resnet20-01-seed0');
    expect(name({ ratio: { ratio: '2:1@10' } })).toBe('resnet20-2to1_10-seed0');
    expect(name({ ratio: { ratio: 'stage1=1:1,stage2-4=3:2' } })).toBe('resnet20-stage1_1to1_stage2-4_3to2-seed0');
    expect(name({ ratio: { drop: ['layer1.*.relu1', 'relu'] } })).toBe('resnet20-1to1-no-layer1._.relu1-no-relu-seed0');
    const many = Array.from({ length: 100 }, (_, block) => `layer1.${block}.relu1`);
    expect(name({ ratio: { drop: many } }).length).toBeLessThan(200);
    expect(name({}, '../x y')).toBe('.._x_y-1to1-seed0');
  });
});

describe('the folder of a run', () => {
  it('is made where it is asked for, along with what is above it', async () => {
    const path = join(folder, 'a', 'b');
    const made = await createRunFolder(path, 'x');
    expect(made.path).toBe(path);
    expect(await readdir(path)).toEqual(['lock']);
    await made.lock.release();
  });

  it('may be there already if it is empty, and then outlives a run that could not begin', async () => {
    const path = join(folder, 'a');
    await mkdir(path);
    const made = await createRunFolder(path, 'x');
    await writeFile(join(path, 'half'), '');
    await made.discard();
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readdir(path)).toEqual([]);
  });

  it('is taken away again after a run that could not begin', async () => {
    const made = await createRunFolder(join(folder, 'a'), 'x');
    await writeFile(join(made.path, 'half'), '');
    await made.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is refused where something is in it, or where it cannot be', async () => {
    await writeFile(join(folder, 'file'), 'precious');
    await expect(createRunFolder(folder, 'x')).rejects.toMatchObject({ code: 'usage' });
    await expect(createRunFolder(join(folder, 'file'), 'x')).rejects.toMatchObject({ code: 'disk' });
    await expect(createRunFolder(join(folder, 'file', 'run'), 'x')).rejects.toMatchObject({ code: 'disk' });
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
    await expect(createRunFolder(join(folder, 'dangling'), 'x')).rejects.toMatchObject({ code: 'disk' });
    expect((await readdir(folder)).sort()).toEqual(['dangling', 'file']);
  });
});
