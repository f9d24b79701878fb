import { describe, expect, it } from 'vitest';

import { failure } from '../../testing/failure.js';
import { planHash } from '../plan.js';
import { campaignHash, isCampaign, resolveCampaign, type CampaignPlan } from './plan.js';

const studies = {
  shallow: { networks: ['plain20'], ratios: ['1:1', '2:1'] },
  deep: { networks: ['plain56'], ratios: ['1:1', '2:1', '3:1'], settings: { epochs: 2 } },
};
const P1 = { study: 'deep', arms: ['2:1', '3:1'], claim: 'better', role: 'primary' };
const plan = (more: object = {}) => ({
  name: 'depth',
  seeds: [100, 101],
  settings: { epochs: 4 },
  studies,
  hypotheses: { P1 },
  ...more,
});

const hashOf = ({ studies: own, claims }: CampaignPlan): string =>
  campaignHash(Object.fromEntries(Object.entries(own).map(([name, study]) => [name, planHash(study)])), claims);

describe('a campaign as people write it', () => {
  it('gives its studies the settings and seeds that they do not set themselves', () => {
    const { studies: resolved } = resolveCampaign(plan());
    expect(resolved['shallow']).toMatchObject({ name: 'shallow', seeds: [100, 101] });
    expect(resolved['shallow']!.arms.map(({ config }) => config.epochs)).toEqual([4, 4]);
    expect(resolved['deep']!.arms.map(({ config }) => config.epochs)).toEqual([2, 2, 2]);
    const overridden = resolveCampaign(plan(), { epochs: 9 }).studies['deep']!;
    expect(overridden.arms.map(({ config }) => config.epochs)).toEqual([9, 9, 9]);
  });

  it('has for each study the plan that the study would have alone', () => {
    const alone = resolveCampaign(plan()).studies['deep']!;
    expect(alone.arms.map(({ label, role }) => [label, role])).toEqual([
      ['1:1', 'baseline'],
      ['2:1', 'variant'],
      ['3:1', 'variant'],
    ]);
  });

  it('compares an arm with the baseline of its group unless another is named, also one of another study', () => {
    const { hypotheses } = resolveCampaign(
      plan({
        hypotheses: {
          P1,
          among: { study: 'deep', arms: ['3:1'], against: '2:1', claim: 'worse' },
          across: { study: 'deep', arms: ['1:1'], against: { study: 'shallow', arm: '1:1' }, claim: 'not better' },
        },
      }),
    ).claims;
    expect(hypotheses.map((one) => (one.kind === 'comparison' ? one.pairs.map(({ against }) => against) : []))).toEqual(
      [
        [
          { study: 'deep', group: 'plain56', arm: '1:1' },
          { study: 'deep', group: 'plain56', arm: '1:1' },
        ],
        [{ study: 'deep', group: 'plain56', arm: '2:1' }],
        [{ study: 'shallow', group: 'plain20', arm: '1:1' }],
      ],
    );
  });

  it('is supported by default if all primaries are confirmed, and refuted if none is', () => {
    const P2 = { study: 'shallow', arms: ['2:1'], claim: 'better', role: 'primary' };
    expect(resolveCampaign(plan({ hypotheses: { P1, P2 } })).claims.rule).toEqual({
      supported: 2,
      refutedWithout: ['P1', 'P2'],
    });
  });

  it('is told from the plan of a single study', () => {
    expect(isCampaign(plan())).toBe(true);
    expect(isCampaign(studies.deep)).toBe(false);
    expect(isCampaign(null)).toBe(false);
  });
});

describe('the hash of a campaign', () => {
  const standard = hashOf(resolveCampaign(plan()));

  it('does not depend on its name or the order of keys', () => {
    expect(hashOf(resolveCampaign(plan({ name: 'other' })))).toBe(standard);
    expect(hashOf(resolveCampaign(plan({ studies: { deep: studies.deep, shallow: studies.shallow } })))).toBe(standard);
  });

  it.each([
    ['a seed', { seeds: [100, 102] }],
    ['a setting', { settings: { epochs: 5 } }],
    ['a prediction', { hypotheses: { P1: { ...P1, expect: [-15, -2] } } }],
    ['a direction', { hypotheses: { P1: { ...P1, claim: 'worse' } } }],
    ['a conclusion', { hypotheses: { P1: { ...P1, says: { open: 'Nobody knows.' } } } }],
    ['the rule', { rule: { refutedWithout: [] } }],
    ['what was trained before', { earlier: ['one training'] }],
  ])('changes with %s', (_what, more) => {
    expect(hashOf(resolveCampaign(plan(more)))).not.toBe(standard);
  });
});

describe('what cannot be a campaign is refused by the name of the setting', () => {
  const hypothesis = (more: object) => ({ hypotheses: { P1: { ...P1, ...more } } });
  it.each([
    ['a study that is not there', hypothesis({ study: 'dep' }), 'hypotheses.P1.study', 'deep'],
    ['an arm that is not there', hypothesis({ arms: ['2:2'] }), 'hypotheses.P1.arm', '2:1'],
    ['an arm against itself', hypothesis({ arms: ['1:1'] }), 'hypotheses.P1.against', 'another'],
    ['a claim of another kind', hypothesis({ claim: 'beter' }), 'hypotheses.P1.claim', 'better'],
    ['a primary that claims no difference', hypothesis({ claim: 'not better' }), 'hypotheses.P1.role', 'control'],
    ['a prediction in the wrong order', hypothesis({ expect: [-2, -15] }), 'hypotheses.P1.expect', 'lowest'],
    ['an unknown key', hypothesis({ expects: [1, 2] }), 'expects', ''],
    ['a contrast of one', { hypotheses: { P1, c: { contrast: [], claim: 'below' } } }, 'hypotheses.c.contrast', 'two'],
    ['a name that is a path', { studies: { '../../x': studies.deep } }, 'studies.../../x', 'letters'],
    ['no primary', hypothesis({ role: 'control' }), 'no primary', 'role'],
    ['a rule beyond the primaries', { rule: { supported: 2 } }, 'rule.supported', '1'],
    ['an unknown key of the whole', { hypothesis: {} }, 'hypothesis', 'hypotheses'],
    ['a study with an unknown ratio', { studies: { deep: { networks: ['x'], ratios: [] } } }, 'study `deep`', ''],
  ])('%s', (_what, more, words, hint) => {
    const error = failure(() => resolveCampaign(plan(more)));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(words);
    expect(error.hint).toContain(hint);
  });

  it('a reference that fits several groups', () => {
    const both = { both: { networks: ['plain20', 'plain56'], ratios: ['2:1'] } };
    const given = (group: object) =>
      plan({
        studies: both,
        hypotheses: { P1: { study: 'both', arms: ['2:1'], claim: 'better', role: 'primary', ...group } },
      });
    const error = failure(() => resolveCampaign(given({})));
    expect(error.hint).toContain('plain20; plain56');
    expect(resolveCampaign(given({ group: 'plain56' })).claims.hypotheses).toHaveLength(1);
  });
});
