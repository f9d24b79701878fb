/** What a campaign claims before its first training, and what its claims decide. */

import type { Interval } from '../statistics/index.js';

/** An arm of one of the campaign's studies. */
export interface ArmReference {
  readonly study: string;
  /** As in the study's plan: the network, and what else varies. */
  readonly group: string;
  /** The arm's label. */
  readonly arm: string;
}

/** Two arms whose difference is taken seed by seed: the error of `arm` minus that of `against`. */
export interface Pair {
  readonly arm: ArmReference;
  readonly against: ArmReference;
}

/**
 * - `primary`: counts toward the verdict on the whole; p-values of all primaries are corrected together (Holm)
 * - `requirement`: has to be confirmed if the whole is to be supported
 * - `control`: must not be refuted if the whole is to be supported
 * - `exploratory`: decides nothing
 */
export const roles = ['primary', 'requirement', 'control', 'exploratory'] as const;
export type Role = (typeof roles)[number];

export const comparisonClaims = ['better', 'worse', 'not better', 'not worse'] as const;
export type ComparisonClaim = (typeof comparisonClaims)[number];

export const contrastClaims = ['below', 'above'] as const;
export type ContrastClaim = (typeof contrastClaims)[number];

/**
 * What has become of a hypothesis. `pending`: trainings are left to do (for a primary, those of any primary), so there is
 * no verdict yet. `open`: the trainings are done and decide neither way.
 */
export type Finding = 'confirmed' | 'refuted' | 'open' | 'pending';

/** Conclusions, written before the first training, for what may be found. */
export type Conclusions = { readonly [F in Exclude<Finding, 'pending'>]: string | null };

interface Stated {
  readonly name: string;
  readonly role: Role;
  /** The predicted difference in points; reported beside what was found, and decides nothing. */
  readonly expect: Interval | null;
  readonly says: Conclusions;
}

/** That each arm's test error is below (or not below, …) that of the arm it is compared with. */
export interface Comparison extends Stated {
  readonly kind: 'comparison';
  readonly pairs: readonly Pair[];
  readonly claim: ComparisonClaim;
  /** In points: `not better` is confirmed if the interval lies above minus this margin. */
  readonly margin: number;
}

/** That one difference is below (or above) another, as that of a deep network below that of a shallow one. */
export interface Contrast extends Stated {
  readonly kind: 'contrast';
  readonly difference: Pair;
  readonly minus: Pair;
  readonly claim: ContrastClaim;
}

export type Hypothesis = Comparison | Contrast;

/**
 * The whole is supported if at least `supported` primaries and all requirements are confirmed and no control is refuted.
 * It is refuted if a primary is refuted or none of `refutedWithout` is confirmed. Otherwise it is mixed.
 */
export interface Rule {
  readonly supported: number;
  readonly refutedWithout: readonly string[];
}

/** The pairs of arms that a hypothesis looks at. */
export function pairsOf(hypothesis: Hypothesis): readonly Pair[] {
  return hypothesis.kind === 'comparison' ? hypothesis.pairs : [hypothesis.difference, hypothesis.minus];
}

/** `plain56 2:1 against 1:1` if both are arms of one group; else with the group of each, and with the studies if they differ. */
export function printPair({ arm, against }: Pair): string {
  if (arm.study !== against.study)
    return `${printArm(arm)} of ${arm.study} against ${printArm(against)} of ${against.study}`;
  return `${printArm(arm)} against ${arm.group === against.group ? against.arm : printArm(against)}`;
}

function printArm({ group, arm }: ArmReference): string {
  return `${group} ${arm}`;
}

/** The claim as a sentence without its end: `plain56 2:1 against 1:1, and …: better`. */
export function printClaim(hypothesis: Hypothesis): string {
  if (hypothesis.kind === 'comparison') {
    return `${hypothesis.pairs.map(printPair).join('; ')}: ${hypothesis.claim}`;
  }
  const { difference, minus, claim } = hypothesis;
  return `the difference ${printPair(difference)} is ${claim} the difference ${printPair(minus)}`;
}
