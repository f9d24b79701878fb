import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { failure } from '../testing/failure.js';
import { planHash, resolvePlan, trialsOf } from './plan.js';

const input = { networks: ['resnet20'], ratios: ['1:1', '2:1', '2:1@10'], seeds: 2 };
const arms = (given: object) => resolvePlan({ ...input, ...given }).arms;

it.each([
  ['./net.ts', 'net'],
  ['../mine/.hidden/net.v2.json', 'net.v2'],
  ['resnet20', 'resnet20'],
])('a study of %s is named %s', (network, name) => {
  expect(resolvePlan({ networks: [network], ratios: ['2:1'], seeds: 1 }).name).toBe(name);
});

describe('a plan', () => {
  it('has the baseline first, each ratio once, and every setting resolved', () => {
    const plan = resolvePlan(input);
    expect(plan.arms.map(({ label, role, id }) => [label, role, id])).toEqual([
      ['1:1', 'baseline', 'resnet20-1to1'],
      ['2:1', 'variant', 'resnet20-2to1'],
      ['2:1@10', 'variant', 'resnet20-2to1-10'],
    ]);
    expect(plan.arms[1]!.config).toMatchObject({
      recipe: 'fast',
      epochs: 10,
      ratio: { ratio: '2:1', scope: 'network' },
    });
    expect(plan).toMatchObject({ name: 'resnet20', seeds: [0, 1], worthwhile: 0.3 });
  });

  it('adds the baseline where the ratios do not name it', () => {
    expect(arms({ ratios: ['3:2'] }).map(({ label }) => label)).toEqual(['1:1', '3:2']);
  });

  it('compares within each network and each value of a setting that varies', () => {
    const grid = arms({
      networks: ['resnet20', 'plain20'],
      ratios: ['2:1'],
      vary: { 'schedule.learningRate': [0.1, 0.4] },
    });
    expect(grid).toHaveLength(8);
    expect([...new Set(grid.map(({ group }) => group))]).toEqual([
      'resnet20, schedule.learningRate 0.1',
      'resnet20, schedule.learningRate 0.4',
      'plain20, schedule.learningRate 0.1',
      'plain20, schedule.learningRate 0.4',
    ]);
    expect(grid.at(-1)!.config).toMatchObject({ model: { name: 'plain20' }, schedule: { learningRate: 0.4 } });
  });

  it('has a ratio once for each scope, and the baseline once for all of them', () => {
    expect(arms({ ratios: ['2:1'], scopes: ['network', 'block'] }).map(({ label }) => label)).toEqual([
      '1:1',
      '2:1 per network',
      '2:1 per block',
    ]);
  });

  it('trains all arms of a seed alike but for their ratio', () => {
    const [first, second] = trialsOf(resolvePlan(input), [7]);
    expect(first).toMatchObject({ seed: 7, trainingSeed: 7, id: 'resnet20-1to1-seed7' });
    expect({ ...second!.arm.config, ratio: null }).toEqual({ ...first!.arm.config, ratio: null });
  });

  it('does all ratios of a seed before the next seed', () => {
    expect(trialsOf(resolvePlan(input), [0, 1]).map(({ seed }) => seed)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('may compare the baseline with nothing but its control', () => {
    expect(arms({ ratios: ['1:1'], controls: ['otherSeeds'] }).map(({ role }) => role)).toEqual([
      'baseline',
      'control',
    ]);
  });

  it('gives a control with other seeds what no other arm has', () => {
    const plan = resolvePlan({ ...input, controls: ['otherSeeds'] });
    const control = trialsOf(plan, [3]).at(-1)!;
    expect(control.arm).toMatchObject({ role: 'control', label: '1:1 with other seeds' });
    expect(control).toMatchObject({ seed: 3, trainingSeed: 1_000_003 });
  });
});

describe('a leaky control', () => {
  it('is every ratio once more with leaky ReLUs in place of the dropped ones', () => {
    const leaky = arms({ controls: ['leaky'] }).filter(({ role }) => role === 'control');
    expect(leaky.map(({ label }) => label)).toEqual(['2:1 leaky', '2:1@10 leaky']);
    expect(leaky[1]!.config.ratio).toMatchObject({ ratio: '2:1@10', leak: 0.5 });
  });
});

describe('the hash of a plan', () => {
  const hash = (given: object = {}) => planHash(resolvePlan({ ...input, ...given }));

  it.each([
    ['p1-plain56', 'c19425cc68e1721f'],
    ['p2-resnet56', '1d50fb0d135dd30a'],
  ])('of %s is what was published before its first trial', (name, published) => {
    const file = new URL(`../../campaigns/depth/plans/${name}.yaml`, import.meta.url);
    expect(planHash(resolvePlan(parse(readFileSync(file, 'utf8'))))).toBe(published);
  });

  it('is the same for the same plan, whatever its name and wherever its data', () => {
    expect(hash()).toMatch(/^[0-9a-f]{16}$/);
    expect(hash({ name: 'other', settings: { data: { dir: '/elsewhere', workers: 3 } } })).toBe(hash());
  });

  it.each([
    { seeds: 3 },
    { ratios: ['1:1', '2:1'] },
    { settings: { epochs: 11 } },
    { settings: { data: { name: 'cifar10' } } },
    { settings: { data: { skipBroken: true } } },
    { worthwhile: 0.2 },
  ])('is another for %o', (given) => {
    expect(hash(given)).not.toBe(hash());
  });
});

describe('a plan that makes no sense is refused', () => {
  it.each([
    [{ networks: [] }, 'networks', 'at least one'],
    [{ ratios: ['1:1'] }, 'compares nothing', 'other ratio'],
    [{ ratios: ['2:1', '2:1'] }, 'twice', 'Leave one'],
    [{ seeds: [0, 1, 0] }, 'seeds', 'once'],
    [{ seeds: 0 }, 'seeds', 'whole number'],
    [{ scopes: ['blok'] }, 'scopes', 'block'],
    [{ settings: { epoch: 3 } }, 'epoch', 'epochs'],
    [{ ratio: ['2:1'] }, 'ratio', 'ratios'],
    [{ controls: ['otherseeds'] }, 'controls', 'otherSeeds'],
    [{ vary: { epochs: [] } }, 'epochs', 'at least one'],
  ])('%o', (given, message, hint) => {
    const error = failure(() => resolvePlan({ ...input, ...given }));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  it('and so is what is no record at all', () => {
    expect(failure(() => resolvePlan('2:1')).code).toBe('usage');
  });
});
