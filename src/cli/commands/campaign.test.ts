import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { graphBuilder, graphToJson } from '../../graph/index.js';
import type { CampaignDocument } from '../../study/campaign/index.js';
import { build, rectio, writeTinyMnist } from '../testing/rectio.js';

let folder: string;

/** As many convolutions with a ReLU each, for the gray images of 8×8. */
function tinyNetwork(convolutions: number): string {
  const net = graphBuilder(`tiny${convolutions}`, [1, 8, 8]);
  let x = net.input;
  for (let index = 0; index < convolutions; index++) {
    x = net.convolution(`${index}.conv`, x, { outChannels: 4, kernel: 3, padding: 1, bias: false });
    x = net.relu(`${index}.relu`, net.batchNorm(`${index}.bn`, x));
  }
  net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', x)), { outFeatures: 10 });
  return JSON.stringify(graphToJson(net.build()));
}

const plan = {
  name: 'depth',
  seeds: 2,
  settings: { epochs: 1, batch: 8, data: { name: 'mnist', dir: 'mnist' } },
  studies: {
    deep: { networks: ['./deep.json'], ratios: ['2:1'] },
    shallow: { networks: ['./shallow.json'], ratios: ['2:1'] },
  },
  hypotheses: {
    P: { study: 'deep', arms: ['2:1'], claim: 'better', role: 'primary', says: { open: 'Nothing was found.' } },
    depth: {
      contrast: [
        { study: 'deep', arm: '2:1' },
        { study: 'shallow', arm: '2:1' },
      ],
      claim: 'below',
      role: 'requirement',
    },
  },
  chart: {
    x: 'layers',
    series: {
      plain: [
        { at: 2, study: 'shallow', arm: '2:1' },
        { at: 4, study: 'deep', arm: '2:1' },
      ],
    },
  },
  earlier: ['one training of nothing'],
};

beforeAll(() => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'rectio-campaign-'));
  writeTinyMnist(join(folder, 'mnist'), { train: 48, test: 60 });
  writeFileSync(join(folder, 'deep.json'), tinyNetwork(4));
  writeFileSync(join(folder, 'shallow.json'), tinyNetwork(2));
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compare = (...more: string[]) =>
  rectio(['compare', '--plan', 'plan.json', '--engine', 'reference', '--study', 'depth', ...more], folder);

describe('rectio compare with the plan of a campaign', () => {
  it('shows studies, hypotheses, rule and hash before anything is trained', async () => {
    const { code, stdout } = await compare('--dry-run');
    expect(code).toBe(0);
    for (const words of [
      '2 studies, 8 trainings',
      'P (primary)',
      'Supported if',
      'depth (requirement)',
      '4 trainings, ',
    ]) {
      expect(stdout).toContain(words);
    }
  });

  it('trains all studies and judges every hypothesis, and report makes the same again', async () => {
    const { code, stdout, stderr } = await compare('--json');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const document = JSON.parse(stdout) as CampaignDocument;
    expect(document.studies.map(({ trainings }) => trainings)).toEqual([
      { all: 4, done: 4, failed: 0 },
      { all: 4, done: 4, failed: 0 },
    ]);
    expect(document.hypotheses.map(({ name, differences }) => [name, differences.length])).toEqual([
      ['P', 1],
      ['depth', 2],
    ]);
    expect(document.whole).not.toBe('pending');
    const again = await rectio(['report', 'depth', '--json'], folder);
    expect(JSON.parse(again.stdout)).toEqual(document);
    for (const file of ['index.html', 'report.md', 'results.json', 'hypotheses.svg', 'differences.svg']) {
      expect(readFileSync(join(folder, 'depth', 'report', file), 'utf8').length).toBeGreaterThan(500);
    }
    const page = readFileSync(join(folder, 'depth', 'report', 'index.html'), 'utf8');
    expect(page).toContain('one training of nothing');
    expect(readFileSync(join(folder, 'depth', 'studies', 'deep', 'report', 'results.json'), 'utf8')).toContain(
      '"done": 4',
    );
  });

  it('goes on with --study alone, where nothing is left to do', async () => {
    const { code, stdout } = await rectio(['compare', '--study', 'depth', '--engine', 'reference'], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Supported|Refuted|Mixed/);
    expect(stdout).not.toContain('training\n');
  });

  it.each([
    [['--ratios', '3:1'], '--ratios'],
    [['--seeds', '5'], '--seeds'],
    [['resnet20'], 'resnet20'],
  ])('refuses %s, which belongs to a study', async (more, words) => {
    const { code, stderr } = await compare(...more);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).toContain('campaign');
  });

  it('refuses to add seeds to a campaign', async () => {
    const { code, stderr } = await rectio(['compare', '--study', 'depth', '--add-seeds', '1'], folder);
    expect(code).toBe(2);
    expect(stderr).toContain('fixed');
  });
});
