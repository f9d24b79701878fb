/** The plan of a campaign, as people write it and as it is hashed before the first training. */

import { RectioError } from '../../base/error.js';
import {
  fileNameText,
  isRecord,
  joinPath,
  list,
  number,
  oneOf,
  orNull,
  record,
  refuse,
  text,
  wholeNumber,
  type Check,
} from '../../base/check.js';
import { didYouMean } from '../../base/suggest.js';
import type { TrainConfigInput } from '../../config/index.js';
import { fileName, hashOf, resolvePlan, type StudyPlan } from '../plan.js';
import type { Interval } from '../statistics/index.js';
import {
  comparisonClaims,
  contrastClaims,
  roles,
  type ArmReference,
  type Conclusions,
  type Hypothesis,
  type Pair,
  type Rule,
} from './hypothesis.js';

export interface CampaignPlan {
  readonly format: 1;
  readonly name: string;
  /** By name, in the order in which they run. */
  readonly studies: { readonly [name: string]: StudyPlan };
  readonly claims: Claims;
}

/** Everything that is fixed besides the studies. */
export interface Claims {
  readonly hypotheses: readonly Hypothesis[];
  readonly rule: Rule;
  readonly chart: Chart | null;
  /** Trainings that were done before and led to the hypotheses. They are not pooled with the campaign's. */
  readonly earlier: readonly string[];
}

/** A figure of differences against a number that the studies differ in, such as depth. */
export interface Chart {
  /** What the number is: `layers`. */
  readonly x: string;
  readonly series: readonly { readonly name: string; readonly points: readonly (Pair & { readonly at: number })[] }[];
}

/** Whether a plan file is that of a campaign. */
export function isCampaign(given: unknown): boolean {
  return isRecord(given) && ('studies' in given || 'hypotheses' in given);
}

/**
 * Resolves a campaign's plan from a file's settings.
 * @param last settings of all studies that come after those of the file
 * @throws RectioError `usage` naming the setting, what was given and what is valid
 */
export function resolveCampaign(given: unknown, ...last: readonly TrainConfigInput[]): CampaignPlan {
  const {
    studies: written,
    settings,
    seeds,
    ...rest
  } = record<{
    name: string;
    settings: unknown;
    seeds: unknown;
    studies: { readonly [name: string]: unknown };
    hypotheses: unknown;
    rule: unknown;
    chart: unknown;
    earlier: readonly string[];
  }>({
    name: fileNameText,
    settings: (value) => value,
    seeds: (value) => value,
    studies: named((value) => value),
    hypotheses: (value) => value,
    rule: (value) => value,
    chart: (value) => value,
    earlier: list(text),
  })(withDefaults(given, { settings: {}, seeds: 3, rule: {}, chart: null, earlier: [] }), '');
  const studies = Object.fromEntries(
    Object.entries(written).map(([name, study]) => [
      name,
      resolveStudy(name, withDefaults(study, { seeds, settings: {} }), [settings, last]),
    ]),
  );
  const hypotheses = named((value, path) => hypothesisFrom(value, path, studies))(rest.hypotheses, 'hypotheses');
  const stated = Object.entries(hypotheses).map(([name, hypothesis]) => ({ ...hypothesis, name }));
  const rule = ruleFrom(rest.rule, stated);
  const chart = orNull((value, path) => chartFrom(value, path, studies))(rest.chart, 'chart');
  return { format: 1, name: rest.name, studies, claims: { hypotheses: stated, rule, chart, earlier: rest.earlier } };
}

function withDefaults(given: unknown, defaults: object): unknown {
  return isRecord(given) ? { ...defaults, ...given } : given;
}

/** A record with at least one entry. */
function named<T>(check: Check<T>): Check<{ readonly [name: string]: T }> {
  return (value, path) =>
    isRecord(value) && Object.keys(value).length > 0
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, check(inner, joinPath(path, name))]))
      : refuse(path, value, 'Give a record with at least one entry, by name.');
}

function resolveStudy(name: string, given: unknown, [before, last]: readonly [unknown, readonly unknown[]]): StudyPlan {
  // Its name becomes a folder's.
  if (name === '' || fileName(name) !== name) {
    return refuse(`studies.${name}`, name, 'Give it a name of letters, digits, hyphens and dots.');
  }
  if (!isRecord(given)) return refuse(`studies.${name}`, given, 'Give a record with networks, ratios and seeds.');
  const layers = [before, given['settings'], ...last].flat();
  try {
    return resolvePlan({ ...given, name, settings: layers }, { mayCompareNothing: true });
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    throw new RectioError(error.code, `In the study \`${name}\`: ${error.message}`, error.hint, { cause: error });
  }
}

type Studies = CampaignPlan['studies'];

/** `{ study, arm }`; `group` is needed only if the study has several with such an arm. */
function armFrom(value: unknown, path: string, studies: Studies): ArmReference {
  const { study, group, arm } = record<{ study: string; group: string | null; arm: string }>({
    study: text,
    group: orNull(text),
    arm: text,
  })(withDefaults(value, { group: null }), path);
  const plan = Object.hasOwn(studies, study) ? studies[study] : undefined;
  if (plan === undefined) return refuse(`${path}.study`, study, didYouMean(study, Object.keys(studies)));
  const labels = plan.arms.filter(({ label }) => label === arm);
  if (labels.length === 0) {
    return refuse(`${path}.arm`, arm, didYouMean(arm, [...new Set(plan.arms.map(({ label }) => label))]));
  }
  const groups = labels.map((found) => found.group);
  const [only] = groups.filter((name) => group === null || name === group);
  if (only === undefined) return refuse(`${path}.group`, group, didYouMean(group ?? '', groups));
  if (group === null && groups.length > 1) {
    return refuse(`${path}.group`, undefined, `Give one of: ${groups.join('; ')}.`);
  }
  return { study, group: only, arm };
}

/** An arm, and what it is compared with: by default its group's baseline, or an arm by name, or one of another study. */
function pairFrom(value: unknown, path: string, studies: Studies): Pair {
  if (!isRecord(value)) return refuse(path, value, 'Give a record of study and arm.');
  const { against, ...own } = value;
  const arm = armFrom(own, path, studies);
  if (isRecord(against)) return { arm, against: armFrom(against, `${path}.against`, studies) };
  const baseline = studies[arm.study]!.arms.find(({ group, role }) => group === arm.group && role === 'baseline');
  const label = against === undefined ? baseline!.label : text(against, `${path}.against`);
  const other = armFrom({ study: arm.study, group: arm.group, arm: label }, `${path}.against`, studies);
  if (other.arm === arm.arm) return refuse(`${path}.against`, label, 'Compare an arm with another one.');
  return { arm, against: other };
}

const stated = { role: 'exploratory', expect: null, says: {} };

function hypothesisFrom(value: unknown, path: string, studies: Studies): Hypothesis {
  if (!isRecord(value)) return refuse(path, value, 'Give a record of study, arms and claim.');
  const { role, expect, says, ...rest } = { ...stated, ...value } as { readonly [key: string]: unknown };
  const common = {
    // The key under which it stands is its name.
    name: '',
    role: oneOf(...roles)(role, `${path}.role`),
    expect: orNull(intervalFrom)(expect, `${path}.expect`),
    says: conclusionsFrom(says, `${path}.says`),
  };
  if ('contrast' in rest) {
    const { contrast, claim } = record<{ contrast: readonly Pair[]; claim: (typeof contrastClaims)[number] }>({
      contrast: list((inner, place) => pairFrom(inner, place, studies)),
      claim: oneOf(...contrastClaims),
    })(rest, path);
    const [difference, minus] = contrast;
    if (difference === undefined || minus === undefined || contrast.length > 2) {
      return refuse(
        `${path}.contrast`,
        rest['contrast'],
        'Give two arms: the second difference is taken from the first.',
      );
    }
    return { ...common, kind: 'contrast', difference, minus, claim };
  }
  const { claim, arms, ...place } = rest;
  const labels = list(text)(arms, `${path}.arms`);
  if (labels.length === 0) return refuse(`${path}.arms`, arms, 'Give at least one arm.');
  const pairs = labels.map((arm) => pairFrom({ ...place, arm }, path, studies));
  const kind = oneOf(...comparisonClaims)(claim, `${path}.claim`);
  if (common.role === 'primary' && kind !== 'better' && kind !== 'worse') {
    return refuse(`${path}.role`, role, 'A primary claims better or worse; make this one a control.');
  }
  return { ...common, kind: 'comparison', pairs, claim: kind, margin: studies[pairs[0]!.arm.study]!.worthwhile };
}

function intervalFrom(value: unknown, path: string): Interval {
  const [low, high, ...more] = list(number())(value, path);
  return low !== undefined && high !== undefined && more.length === 0 && low <= high
    ? { low, high }
    : refuse(path, value, 'Give the lowest and the highest difference in points, as in [-5, -0.5].');
}

function conclusionsFrom(value: unknown, path: string): Conclusions {
  return record<Conclusions>({ confirmed: orNull(text), refuted: orNull(text), open: orNull(text) })(
    withDefaults(value, { confirmed: null, refuted: null, open: null }),
    path,
  );
}

function ruleFrom(value: unknown, hypotheses: readonly Hypothesis[]): Rule {
  const primaries = hypotheses.filter(({ role }) => role === 'primary').map(({ name }) => name);
  if (primaries.length === 0) {
    throw new RectioError(
      'usage',
      'The campaign has no primary hypothesis, so nothing decides it.',
      'Give at least one hypothesis the role `primary`.',
    );
  }
  return record<Rule>({
    supported: wholeNumber({ from: 1, to: primaries.length }),
    refutedWithout: list(oneOf(...primaries)),
  })(withDefaults(value, { supported: primaries.length, refutedWithout: primaries }), 'rule');
}

function chartFrom(value: unknown, path: string, studies: Studies): Chart {
  const { x, series } = record<{ x: string; series: { readonly [name: string]: Chart['series'][number]['points'] } }>({
    x: text,
    series: (given, place) =>
      isRecord(given) && Object.keys(given).length > 0
        ? Object.fromEntries(
            Object.entries(given).map(([name, points]) => [
              name,
              list((point, inner) => pointFrom(point, inner, studies))(points, joinPath(place, name)),
            ]),
          )
        : refuse(place, given, 'Give a record from names to lists of points.'),
  })(value, path);
  return { x, series: Object.entries(series).map(([name, points]) => ({ name, points })) };
}

function pointFrom(value: unknown, path: string, studies: Studies): Pair & { readonly at: number } {
  if (!isRecord(value)) return refuse(path, value, 'Give a record of at, study and arm.');
  const { at, ...pair } = value;
  return { ...pairFrom(pair, path, studies), at: number()(at, `${path}.at`) };
}

/**
 * A hash of the campaign in 16 hexadecimal digits: of its claims and of the hashes of its studies' plans, but not of its
 * name. Publishing it before the first training shows that nothing was changed afterwards.
 */
export function campaignHash(studies: { readonly [name: string]: string }, claims: object): string {
  return hashOf({ format: 1, studies, claims });
}
