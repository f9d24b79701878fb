import { describe, expect, it } from 'vitest';

import { simulateStudy, trueDifference } from '../testing/simulate.js';
import { detectableDifference, judgeAll, type Outcome } from '../statistics/index.js';
import type { ArmReference, Comparison, Contrast, Hypothesis, Pair } from './hypothesis.js';
import { judgeCampaign, type CampaignVerdict } from './judge.js';
import type { Claims } from './plan.js';

const arm = (study: string, label: string): ArmReference => ({ study, group: study, arm: label });
const pair = (study: string, label: string): Pair => ({ arm: arm(study, label), against: arm(study, '1:1') });
const silent = { confirmed: null, refuted: null, open: null };
const stated = { expect: null, says: silent };

const comparison = (
  name: string,
  role: Hypothesis['role'],
  claim: Comparison['claim'],
  labels: readonly string[] = ['2:1'],
): Comparison => ({
  ...stated,
  name,
  role,
  claim,
  kind: 'comparison',
  pairs: labels.map((label) => pair(name, label)),
  margin: 1,
});
const contrast = (name: string, deep: string, shallow: string): Contrast => ({
  ...stated,
  name,
  role: 'requirement',
  claim: 'below',
  kind: 'contrast',
  difference: pair(deep, '2:1'),
  minus: pair(shallow, '2:1'),
});
const claimsOf = (hypotheses: readonly Hypothesis[], rule: Claims['rule']): Claims => ({
  hypotheses,
  rule,
  chart: null,
  earlier: [],
});

/** Outcomes with this many mistakes of 1000 for each seed; images are hit at random. */
function outcomes(mistakes: readonly number[]): Outcome[] {
  return mistakes.map((count, seed) => {
    const wrong = new Int8Array(1000);
    for (let i = 0; i < count; i++) wrong[(i * 7 + seed * 13) % 1000] = 1;
    return { seed, wrong };
  });
}

const base = [200, 204, 198, 202, 201];
const lower = (by: number, extra = 0) => base.map((count, seed) => count - by + ((seed * 3 + extra) % 4));

function judge(
  claims: Claims,
  arms: { readonly [study: string]: { readonly [label: string]: readonly number[] } },
  unfinished: readonly string[] = [],
): CampaignVerdict {
  return judgeCampaign(claims, {
    outcomes: ({ study, arm: label }) => outcomes(arms[study]?.[label] ?? []),
    finished: (study) => !unfinished.includes(study),
  });
}

const findings = ({ hypotheses }: CampaignVerdict) => hypotheses.map(({ finding }) => finding);

describe('a claim about one difference', () => {
  const both = (claim: Comparison['claim']) =>
    claimsOf([comparison('A', 'exploratory', claim)], { supported: 1, refutedWithout: [] });
  const far = { A: { '1:1': base, '2:1': lower(60) } };
  const higher = { A: { '1:1': lower(60), '2:1': base } };
  const same = { A: { '1:1': base, '2:1': lower(0, 1) } };

  it.each([
    ['better', 'confirmed', 'refuted', 'open'],
    ['worse', 'refuted', 'confirmed', 'open'],
    ['not better', 'refuted', 'confirmed', 'confirmed'],
    ['not worse', 'confirmed', 'refuted', 'confirmed'],
  ] as const)('%s is %s below, %s above and %s without a difference', (claim, below, above, none) => {
    expect(findings(judge(both(claim), far))).toEqual([below]);
    expect(findings(judge(both(claim), higher))).toEqual([above]);
    expect(findings(judge(both(claim), same))).toEqual([none]);
  });

  it('has no verdict before its trainings are done, and is open with a single seed', () => {
    const claims = both('better');
    expect(findings(judge(claims, far, ['A']))).toEqual(['pending']);
    expect(findings(judge(claims, { A: { '1:1': [200], '2:1': [100] } }))).toEqual(['open']);
    expect(findings(judge(claims, {}))).toEqual(['open']);
  });

  it('about several arms needs each of them, on the same side', () => {
    const claims = claimsOf([comparison('A', 'exploratory', 'better', ['2:1', '3:1'])], {
      supported: 1,
      refutedWithout: [],
    });
    const result = (second: readonly number[]) =>
      judge(claims, { A: { '1:1': base, '2:1': lower(60), '3:1': second } }).hypotheses[0]!;
    expect(result(lower(40)).finding).toBe('confirmed');
    expect(result(lower(0, 1)).finding).toBe('open');
    const opposite = result(base.map((count) => count + 60));
    expect(opposite).toMatchObject({ finding: 'open', p: 1 });
    const [weaker] = judgeAll(outcomes(base), [outcomes(lower(40))]);
    const [stronger] = judgeAll(outcomes(base), [outcomes(lower(60))]);
    expect(result(lower(40)).p).toBe(Math.max(weaker!.p!, stronger!.p!));
  });
});

describe('a contrast', () => {
  const claims = claimsOf([contrast('depth', 'deep', 'shallow')], { supported: 1, refutedWithout: [] });
  const study = (by: number) => ({ '1:1': base, '2:1': lower(by) });
  it('is confirmed if the first difference is below the second, and refuted if it is above', () => {
    expect(findings(judge(claims, { deep: study(60), shallow: study(0) }))).toEqual(['confirmed']);
    expect(findings(judge(claims, { deep: study(0), shallow: study(60) }))).toEqual(['refuted']);
    expect(findings(judge(claims, { deep: study(30), shallow: { '1:1': base, '2:1': lower(30, 2) } }))).toEqual([
      'open',
    ]);
    expect(findings(judge(claims, { deep: study(60), shallow: study(0) }, ['shallow']))).toEqual(['pending']);
  });
});

describe('the whole', () => {
  const hypotheses = [
    comparison('P1', 'primary', 'better'),
    comparison('P2', 'primary', 'better'),
    comparison('C', 'control', 'not better'),
    contrast('depth', 'P1', 'C'),
    comparison('X', 'exploratory', 'better'),
  ];
  const claims = claimsOf(hypotheses, { supported: 1, refutedWithout: ['P1'] });
  const better = { '1:1': base, '2:1': lower(60) };
  const worse = { '1:1': lower(60), '2:1': base };
  const same = { '1:1': base, '2:1': lower(0, 1) };
  const whole = (arms: Parameters<typeof judge>[1], unfinished?: string[]) => judge(claims, arms, unfinished).whole;

  it('is supported by enough primaries and all requirements, if no control is refuted', () => {
    expect(whole({ P1: better, P2: same, C: same, X: worse })).toBe('supported');
  });

  it('is refuted by a primary on the wrong side, or if none of those that it needs is confirmed', () => {
    expect(whole({ P1: better, P2: worse, C: same, X: same })).toBe('refuted');
    expect(whole({ P1: same, P2: better, C: same, X: same })).toBe('refuted');
  });

  it('is mixed if a control or a requirement stands against it', () => {
    expect(whole({ P1: better, P2: same, C: better, X: same })).toBe('mixed');
  });

  it('waits for everything that decides, and for nothing else', () => {
    const arms = { P1: better, P2: same, C: same, X: same };
    expect(whole(arms, ['C'])).toBe('pending');
    expect(whole(arms, ['X'])).toBe('supported');
  });

  it('gives no primary a verdict before all of them are done, since they are corrected together', () => {
    const arms = { P1: better, P2: same, C: same, X: same };
    expect(findings(judge(claims, arms, ['P2']))).toEqual(['pending', 'pending', 'confirmed', 'confirmed', 'open']);
  });

  it('corrects the primaries together, and counts one without a result', () => {
    const { hypotheses: judged } = judge(claims, { P1: better, C: same });
    expect(judged[0]!.pHolm).toBe(Math.min(1, 2 * judged[0]!.p!));
    expect(judged[2]!.pHolm).toBeNull();
  });
});

describe('simulated campaigns', () => {
  const count = 200;
  const [seeds, examples] = [5, 1000];
  const hypotheses = [comparison('planted', 'primary', 'better'), comparison('null', 'primary', 'better')];
  const claims = claimsOf(hypotheses, { supported: 1, refutedWithout: ['planted'] });

  /** The shift whose true difference a study of this size finds with 80 % power at Holm's first step. */
  function shiftToFind(): number {
    const variances = [0, 1, 2, 3, 4, 5, 6, 7].map((number) => {
      const [baseline, variant] = simulateStudy({ ratios: 2, seeds, examples, shift: 0 }, 90_000 + number);
      return judgeAll(baseline!, [variant!])[0]!.estimate.spread!.variances;
    });
    const mean = (key: 'seed' | 'example' | 'residual') =>
      variances.reduce((sum, one) => sum + one[key], 0) / variances.length;
    const wanted = detectableDifference({
      seeds,
      examples,
      comparisons: 2,
      variances: { seed: mean('seed'), example: mean('example'), residual: mean('residual') },
    });
    let [low, high] = [-3, 0];
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2;
      if (trueDifference(middle) < -wanted) low = middle;
      else high = middle;
    }
    return high;
  }

  it('confirm a planted effect as often as the power says, and a planted null hardly ever', () => {
    const shift = shiftToFind();
    const found = { confirmed: 0, wrong: 0, refuted: 0 };
    for (let number = 0; number < count; number++) {
      const arms = new Map([
        ['planted', simulateStudy({ ratios: 2, seeds, examples, shift }, 2 * number)],
        ['null', simulateStudy({ ratios: 2, seeds, examples, shift: 0 }, 2 * number + 1)],
      ]);
      const { hypotheses: judged } = judgeCampaign(claims, {
        outcomes: ({ study, arm: label }) => arms.get(study)![label === '1:1' ? 0 : 1]!,
        finished: () => true,
      });
      if (judged[0]!.finding === 'confirmed') found.confirmed++;
      if (judged[1]!.finding === 'confirmed') found.wrong++;
      if (judged[1]!.finding === 'refuted') found.refuted++;
    }
    // The power's variances are estimated from eight studies, which makes the target uncertain by as much again.
    expect(found.confirmed / count).toBeGreaterThan(0.8 - 0.1);
    expect(found.confirmed / count).toBeLessThan(0.8 + 0.12);
    // A null that is corrected by Holm beside a true effect is tested at 5 %, half of it on each side.
    expect(found.wrong / count).toBeLessThan(0.025 + 3 * Math.sqrt((0.025 * 0.975) / count));
    expect(found.refuted / count).toBeLessThan(0.025 + 3 * Math.sqrt((0.025 * 0.975) / count));
  });
});
