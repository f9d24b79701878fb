import { describe, expect, it } from 'vitest';

import { simulateStudy, trueDifference } from '../testing/simulate.js';
import { compareAll, judgeAll, type Outcome } from './compare.js';
import { crossedMean } from './crossed.js';
import { power } from './power.js';
import { verdictOf } from './verdict.js';

/** Of 1000 examples the first `count` are wrong, apart from one that depends on the seed. */
const outcome = (seed: number, count: number): Outcome => ({
  seed,
  wrong: Int8Array.from({ length: 1000 }, (_, index) => (index < count && index !== seed ? 1 : 0)),
});

describe('a comparison', () => {
  const baseline = [0, 1, 2, 3].map((seed) => outcome(seed, 100 + seed));

  it('finds a ratio better that makes fewer mistakes with every seed', () => {
    const [difference] = compareAll(baseline, [[0, 1, 2, 3].map((seed) => outcome(seed, 60 + 2 * seed))]);
    expect(difference).toMatchObject({ seeds: [0, 1, 2, 3], improvementProbability: 1, pSignFlip: 0.125 });
    expect(difference!.mean).toBeCloseTo(-3.85, 9);
    expect(difference!.verdict).toEqual({ kind: 'better', text: 'better by 3.85 points' });
    expect(difference!.ci!.high).toBeLessThan(0);
  });

  it('finds one worse that makes more', () => {
    const [difference] = compareAll(baseline, [[0, 1, 2, 3].map((seed) => outcome(seed, 160))]);
    expect(difference!.verdict.kind).toBe('worse');
    expect(difference!.ci!.low).toBeGreaterThan(0);
  });

  it('compares only the seeds that both have', () => {
    const [difference, none] = compareAll(baseline, [[outcome(3, 100), outcome(7, 0)], [outcome(9, 0)]]);
    expect(difference!.seeds).toEqual([3]);
    expect(none).toBeNull();
  });

  it('says of one seed that it tells nothing', () => {
    const [difference] = compareAll([outcome(0, 100)], [[outcome(0, 10)]]);
    expect(difference).toMatchObject({ ci: null, p: null, pHolm: null, correlation: null });
    expect(difference!.verdict.kind).toBe('open');
    expect(difference!.verdict.text).toContain('one seed');
  });

  it('raises the bar with the number of comparisons, by Holm', () => {
    const variant = [0, 1, 2, 3].map((seed) => outcome(seed, 98 + (seed % 2)));
    const [alone] = judgeAll(baseline, [variant]);
    const [among] = judgeAll(baseline, [variant, baseline, baseline]);
    expect(alone!.pHolm).toBe(alone!.p);
    expect(among!.pHolm).toBeCloseTo(3 * alone!.p!, 9);
  });

  it('refuses outcomes over different test sets', () => {
    expect(() => compareAll([outcome(0, 1)], [[{ seed: 0, wrong: new Int8Array(3) }]])).toThrow('no pair');
  });
});

describe('an open verdict', () => {
  const estimate = crossedMean(
    simulateStudy({ ratios: 2, seeds: 4, examples: 1000, shift: 0 }, 5)
      .reduce((a, b) => a.map(({ seed, wrong }, i) => ({ seed, wrong: wrong.map((w, j) => b[i]!.wrong[j]! - w) })))
      .map(({ wrong }) => wrong),
  );
  const text = (worthwhile: number) => verdictOf(estimate, 0.5, { worthwhile, comparisons: 1 }).text;

  it('says how many more seeds would settle a difference', () => {
    expect(text(1)).toMatch(/^not distinguishable; about \d+ more seeds would settle a difference of 1.0 points$/);
  });

  it('says where a difference of that size would have shown', () => {
    expect(text(20)).toBe('not distinguishable; a difference of 20.0 points would probably have shown');
  });

  it('says where the test set is too small for any number of seeds', () => {
    expect(text(0.01)).toContain('no number of seeds would settle a difference of 0.01 points on 1000 test images');
  });
});

describe('over many studies with a known truth', () => {
  const plan = { ratios: 4, seeds: 5, examples: 500 };
  const verdicts = (studies: number, shift: number) =>
    Array.from({ length: studies }, (_, number) => {
      const [baseline = [], ...variants] = simulateStudy({ ...plan, shift }, number);
      return judgeAll(baseline, variants).map((judgment) => judgment!);
    });

  it('of 500 without any true difference, at most 6 % call one', () => {
    const alarms = verdicts(500, 0).filter((study) => study.some(({ verdict }) => verdict.kind !== 'open'));
    expect(alarms.length / 500).toBeLessThanOrEqual(0.06);
    // Not by never calling anything.
    expect(alarms.length).toBeGreaterThan(0);
  });

  it('a true difference is found about as often as the power estimate says, and with its sign', () => {
    const shift = -0.14;
    const found = verdicts(300, shift).map(([first]) => first!);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const component = (name: 'seed' | 'example' | 'residual') =>
      mean(found.map(({ estimate }) => estimate.spread!.variances[name]));
    const expected = power(trueDifference(shift), {
      ...plan,
      comparisons: 3,
      variances: { seed: component('seed'), example: component('example'), residual: component('residual') },
    });
    expect(expected).toBeGreaterThan(0.3);
    expect(expected).toBeLessThan(0.9);
    // 300 studies show a share to ± 0.06; the estimate's t-distribution is itself an approximation.
    expect(Math.abs(mean(found.map(({ verdict }) => (verdict.kind === 'better' ? 1 : 0))) - expected)).toBeLessThan(
      0.12,
    );
    expect(mean(found.map(({ estimate }) => estimate.mean))).toBeCloseTo(trueDifference(shift), 0);
    expect(found.filter(({ verdict }) => verdict.kind === 'worse')).toEqual([]);
  });
});
