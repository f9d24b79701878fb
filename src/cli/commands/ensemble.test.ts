import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { graphBuilder, graphToJson } from '../../graph/index.js';
import { build, rectio, writeTinyMnist } from '../testing/rectio.js';

/** A chain of three convolutions with norms. */
function tinyNetwork(): string {
  const net = graphBuilder('tiny', [1, 8, 8]);
  let x = net.input;
  for (const name of ['a', 'b', 'c']) {
    x = net.convolution(`${name}.conv`, x, { outChannels: 4, kernel: 3, padding: 1, bias: false });
    x = net.relu(`${name}.relu`, net.batchNorm(`${name}.bn`, x));
  }
  net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', x)), { outFeatures: 10 });
  return JSON.stringify(graphToJson(net.build()));
}

let folder = '';
beforeAll(async () => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'rectio-cli-ensemble-'));
  writeTinyMnist(join(folder, 'data'));
  writeFileSync(join(folder, 'tiny.json'), tinyNetwork());
  const data = ['--data', 'mnist', '--data-dir', 'data', '--workers', '0'];
  const how = ['--engine', 'reference', '--epochs', '1', '--batch', '8'];
  const leaky = ['--drop', '*', '--leak', '0.24'];
  for (const [run, proportion] of [
    ['leaky', leaky],
    ['plain', []],
  ] as const) {
    const { code, stderr } = await rectio(
      ['train', './tiny.json', ...proportion, ...data, ...how, '--run', run],
      folder,
    );
    if (code !== 0) throw new Error(stderr);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const few = ['--masks', '2', '--images', '8', '--test-images', '6'];

describe('rectio ensemble', () => {
  it('prints a table by part and number of masks, and writes numbers and figure into the run', async () => {
    const { code, stdout, stderr } = await rectio(['ensemble', 'leaky', ...few], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('tiny 1:1 without * leaking 0.24: 3 leaky sites, 2 masks for each part');
    expect(stdout).toMatch(/^masked +sites +masks +R² +fitted +agreement +test error$/m);
    for (const part of ['all +3', 'first third +1', 'second third +1', 'last third +1']) {
      expect(stdout).toMatch(new RegExp(`^${part} +single `, 'm'));
    }
    expect(stdout).toContain(`numbers: ${join('leaky', 'ensemble.json')}`);
    expect(readFileSync(join(folder, 'leaky', 'ensemble.svg'), 'utf8')).toContain('masks in the mean');
  });

  it('prints the same as one document, writes elsewhere if asked, and repeats its numbers', async () => {
    const args = ['ensemble', 'leaky', ...few, '--output', 'elsewhere', '--json'];
    const { code, stdout } = await rectio(args, folder);
    expect(code).toBe(0);
    const { files, ...result } = JSON.parse(stdout) as { files: { numbers: string } };
    expect(files.numbers).toBe(join('elsewhere', 'ensemble.json'));
    expect(JSON.parse(readFileSync(join(folder, files.numbers), 'utf8'))).toEqual(result);
    expect(readFileSync(join(folder, 'leaky', 'ensemble.json'), 'utf8')).toBe(
      readFileSync(join(folder, 'elsewhere', 'ensemble.json'), 'utf8'),
    );
  });

  it('refuses a run without leaky ReLUs, and says how to train one', async () => {
    const { code, stderr } = await rectio(['ensemble', 'plain'], folder);
    expect(code).toBe(2);
    expect(stderr).toContain('no leaky ReLU at any site');
    expect(stderr).toContain("--drop '*' with --leak 0.24");
    expect(existsSync(join(folder, 'plain', 'ensemble.json'))).toBe(false);
  });

  it.each([
    ['ensemble', 'RUN is missing'],
    ['ensemble absent', 'is no run'],
    ['ensemble leaky --masks 0', '--masks cannot be'],
  ])('refuses rectio %s', async (line, what) => {
    const { code, stderr } = await rectio(line.split(' '), folder);
    expect(code).not.toBe(0);
    expect(stderr).toContain(what);
  });
});
