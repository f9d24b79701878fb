/** Judges the hypotheses of a campaign, and the whole, by the rules that its plan fixed. */

import {
  falseAlarms,
  holm,
  judgeAll,
  meanInterval,
  welch,
  type MeanDifference,
  type Outcome,
} from '../statistics/index.js';
import {
  pairsOf,
  type ArmReference,
  type Comparison,
  type ComparisonClaim,
  type Contrast,
  type ContrastClaim,
  type Finding,
  type Hypothesis,
  type Pair,
} from './hypothesis.js';
import type { Claims } from './plan.js';

/** What was trained. */
export interface Evidence {
  /** The finished trainings of an arm, without seeds that the study left out. */
  readonly outcomes: (arm: ArmReference) => readonly Outcome[];
  /** Whether every training of a study is done or has failed. */
  readonly finished: (study: string) => boolean;
}

/** One arm's error minus another's, in points, over the seeds that both have. */
export interface PairResult extends MeanDifference {
  readonly pair: Pair;
  readonly seeds: number;
  /** One for each seed. */
  readonly values: readonly number[];
}

export interface HypothesisResult {
  readonly hypothesis: Hypothesis;
  /** For each pair of arms its difference; null if no seed is done in both. */
  readonly pairs: readonly (PairResult | null)[];
  /** Of the two differences of a contrast; null for a comparison, and before both are known. */
  readonly contrast: MeanDifference | null;
  /** Of no difference. With several pairs the largest, or 1 if they differ in sign (intersection–union test). */
  readonly p: number | null;
  /** `p` with Holm's correction over the primaries; null for other roles. */
  readonly pHolm: number | null;
  readonly finding: Finding;
}

export type Whole = 'supported' | 'refuted' | 'mixed' | 'pending';

export interface CampaignVerdict {
  readonly hypotheses: readonly HypothesisResult[];
  readonly whole: Whole;
}

/** @throws Error if two arms of a pair were tested on different numbers of images */
export function judgeCampaign(claims: Claims, evidence: Evidence): CampaignVerdict {
  const measured = claims.hypotheses.map((hypothesis) => measure(hypothesis, evidence));
  const primaries = measured.filter(({ hypothesis }) => hypothesis.role === 'primary');
  // A primary without a p-value yet counts as 1, so that early results are not corrected less than the final ones.
  const corrected = holm(primaries.map(({ p }) => p ?? 1));
  const finished = ({ hypothesis }: Measured): boolean =>
    pairsOf(hypothesis).every(({ arm, against }) => evidence.finished(arm.study) && evidence.finished(against.study));
  // A primary's corrected p-value depends on those of all others.
  const allPrimaries = primaries.every(finished);
  const hypotheses = measured.map((result): HypothesisResult => {
    const rank = primaries.indexOf(result);
    const pHolm = rank === -1 || result.p === null ? null : corrected[rank]!;
    const ready = rank === -1 ? finished(result) : allPrimaries;
    return { ...result, pHolm, finding: ready ? findingOf({ ...result, pHolm }) : 'pending' };
  });
  return { hypotheses, whole: wholeOf(hypotheses, claims) };
}

type Measured = Omit<HypothesisResult, 'pHolm' | 'finding'>;

function measure(hypothesis: Hypothesis, { outcomes }: Evidence): Measured {
  const pairs = pairsOf(hypothesis).map((pair) => measurePair(pair, outcomes));
  if (hypothesis.kind === 'comparison') return { hypothesis, pairs, contrast: null, p: intersectionUnion(pairs) };
  const [difference, minus] = pairs;
  const contrast = difference && minus ? welch(difference.values, minus.values) : null;
  return { hypothesis, pairs, contrast, p: contrast?.p ?? null };
}

/** The difference of a pair's arms; null if no seed is done in both. */
export function measurePair(pair: Pair, outcomes: Evidence['outcomes']): PairResult | null {
  const [judgment] = judgeAll(outcomes(pair.against), [outcomes(pair.arm)]);
  if (!judgment) return null;
  const { estimate, p } = judgment;
  return {
    pair,
    seeds: estimate.seeds,
    values: estimate.seedMeans,
    mean: estimate.mean,
    ci: meanInterval(estimate),
    p,
  };
}

/** All differences have to be on one side: the p-value of the weakest (Berger 1982); null until each has one. */
function intersectionUnion(pairs: readonly (PairResult | null)[]): number | null {
  const known = pairs.flatMap((pair) =>
    pair === null || pair.p === null ? [] : [{ p: pair.p, sign: Math.sign(pair.mean) }],
  );
  if (known.length < pairs.length) return null;
  return known.every(({ sign }) => sign !== 0 && sign === known[0]!.sign) ? Math.max(...known.map(({ p }) => p)) : 1;
}

type Decided = Exclude<Finding, 'pending'>;

function findingOf(result: Omit<HypothesisResult, 'finding'>): Decided {
  const { hypothesis } = result;
  return hypothesis.kind === 'contrast'
    ? contrastRules[hypothesis.claim](hypothesis, result)
    : comparisonRules[hypothesis.claim](hypothesis, result);
}

type Facts = Omit<HypothesisResult, 'finding'>;
type Rules<H extends Hypothesis, C extends string> = { readonly [K in C]: (hypothesis: H, facts: Facts) => Decided };

const comparisonRules: Rules<Comparison, ComparisonClaim> = {
  better: (_, facts) => directed(facts, -1),
  worse: (_, facts) => directed(facts, 1),
  'not better': ({ margin }, { pairs }) => excluded(pairs, -1, margin),
  'not worse': ({ margin }, { pairs }) => excluded(pairs, 1, margin),
};

const contrastRules: Rules<Contrast, ContrastClaim> = {
  below: (_, facts) => directed(facts, -1),
  above: (_, facts) => directed(facts, 1),
};

/** Confirmed if the difference has the claimed sign and is significant, refuted if it has the other one. */
function directed({ pairs, contrast, p, pHolm }: Facts, claimed: 1 | -1): Decided {
  const deciding = pHolm ?? p;
  if (deciding === null || deciding > falseAlarms) return 'open';
  return Math.sign((contrast ?? pairs[0])!.mean) === claimed ? 'confirmed' : 'refuted';
}

/**
 * A claim that there is no difference on one side: refuted if one is significant there, with Holm's correction over the
 * pairs; confirmed if every interval excludes differences of the margin and more.
 */
function excluded(pairs: readonly (PairResult | null)[], side: 1 | -1, margin: number): Decided {
  const known = pairs.flatMap((pair) =>
    pair === null || pair.p === null || pair.ci === null ? [] : [{ ...pair, p: pair.p, ci: pair.ci }],
  );
  if (known.length < pairs.length) return 'open';
  const corrected = holm(known.map(({ p }) => p));
  if (known.some(({ mean }, index) => Math.sign(mean) === side && corrected[index]! <= falseAlarms)) return 'refuted';
  const within = known.every(({ ci }) => (side === -1 ? ci.low > -margin : ci.high < margin));
  return within ? 'confirmed' : 'open';
}

function wholeOf(results: readonly HypothesisResult[], { rule }: Claims): Whole {
  const deciding = results.filter(({ hypothesis }) => hypothesis.role !== 'exploratory');
  if (deciding.some(({ finding }) => finding === 'pending')) return 'pending';
  const of = (role: Hypothesis['role'], finding: Finding): HypothesisResult[] =>
    deciding.filter((result) => result.hypothesis.role === role && result.finding === finding);
  const needed = deciding.filter(({ hypothesis }) => rule.refutedWithout.includes(hypothesis.name));
  if (of('primary', 'refuted').length > 0) return 'refuted';
  if (needed.length > 0 && needed.every(({ finding }) => finding !== 'confirmed')) return 'refuted';
  const requirements = deciding.filter(({ hypothesis }) => hypothesis.role === 'requirement');
  const supported =
    of('primary', 'confirmed').length >= rule.supported &&
    of('requirement', 'confirmed').length === requirements.length &&
    of('control', 'refuted').length === 0;
  return supported ? 'supported' : 'mixed';
}
