/** The result of a campaign as a JSON document. Differences in points. */

import type { Finding, Role } from '../hypothesis.js';
import { printClaim } from '../hypothesis.js';
import type { Whole } from '../judge.js';
import type { CampaignResult } from '../results.js';
import type { Interval, MeanDifference } from '../../statistics/index.js';

export interface CampaignDocument {
  readonly campaign: string;
  /** Of the plan, made before the first training. */
  readonly hash: string;
  readonly whole: Whole;
  readonly hypotheses: readonly {
    readonly name: string;
    readonly role: Role;
    readonly claim: string;
    readonly predicted: Interval | null;
    readonly finding: Finding;
    readonly p: number | null;
    readonly pHolm: number | null;
    /** For each pair of arms; null if no seed is done in both. */
    readonly differences: readonly ((MeanDifference & { readonly n: number }) | null)[];
    readonly contrast: MeanDifference | null;
  }[];
  readonly studies: readonly {
    readonly name: string;
    readonly trainings: { readonly all: number; readonly done: number; readonly failed: number } | null;
    readonly leftOut: readonly number[];
  }[];
}

export function campaignDocument({ record, whole, hypotheses, studies }: CampaignResult): CampaignDocument {
  return {
    campaign: record.name,
    hash: record.hash,
    whole,
    hypotheses: hypotheses.map(({ hypothesis, finding, p, pHolm, pairs, contrast }) => ({
      name: hypothesis.name,
      role: hypothesis.role,
      claim: printClaim(hypothesis),
      predicted: hypothesis.expect,
      finding,
      p,
      pHolm,
      differences: pairs.map((pair) => pair && { n: pair.seeds, mean: pair.mean, ci: pair.ci, p: pair.p }),
      contrast,
    })),
    studies: studies.map(({ name, trainings, leftOut }) => ({ name, trainings, leftOut })),
  };
}
