/** A campaign's results in sentences and cells, the same in every form of the report. */

import { formatDifference, formatP } from '../../figures/index.js';
import { printClaim, type Finding, type Hypothesis } from '../hypothesis.js';
import type { HypothesisResult, Whole } from '../judge.js';
import type { Claims } from '../plan.js';
import type { CampaignResult } from '../results.js';

/** The verdict on the whole in one sentence. */
export function wholeSentence(result: CampaignResult): string {
  const count = (role: Hypothesis['role'], finding: Finding): string => {
    const ofRole = result.hypotheses.filter(({ hypothesis }) => hypothesis.role === role);
    return `${ofRole.filter((one) => one.finding === finding).length} of ${ofRole.length}`;
  };
  const facts =
    `${count('primary', 'confirmed')} primary hypotheses confirmed, ${count('primary', 'refuted')} refuted; ` +
    `${count('requirement', 'confirmed')} requirements confirmed; ${count('control', 'refuted')} controls refuted.`;
  const rules: { readonly [W in Whole]: () => string } = {
    supported: () => `Supported: ${facts}`,
    refuted: () => `Refuted: ${facts}`,
    mixed: () => `Mixed: ${facts}`,
    pending: () => `Not decided yet: ${progressSentence(result)}`,
  };
  return rules[result.whole]();
}

function progressSentence({ studies }: CampaignResult): string {
  const known = studies.flatMap(({ trainings }) => (trainings === null ? [] : [trainings]));
  const sum = (key: 'all' | 'done' | 'failed'): number => known.reduce((total, counts) => total + counts[key], 0);
  const missing = studies.filter(({ trainings }) => trainings === null).map(({ name }) => name);
  const absent = missing.length === 0 ? '' : `, and nothing is here of ${missing.join(', ')}`;
  return `${sum('done')} of ${sum('all')} trainings are done${absent}. A hypothesis gets its verdict when its trainings are done.`;
}

/** What makes the whole supported, refuted or mixed. */
export function ruleSentence({ hypotheses, rule }: Claims): string {
  const primaries = hypotheses.filter(({ role }) => role === 'primary').length;
  const has = (role: Hypothesis['role']): boolean => hypotheses.some((hypothesis) => hypothesis.role === role);
  const supported = [
    `at least ${rule.supported} of ${primaries} primaries ${has('requirement') ? 'and all requirements ' : ''}are confirmed`,
    ...(has('control') ? ['no control is refuted'] : []),
  ].join(' and ');
  const without =
    rule.refutedWithout.length === 0 ? '' : `, or if none of ${rule.refutedWithout.join(', ')} is confirmed`;
  return `Supported if ${supported}; refuted if a primary is refuted${without}; otherwise mixed.`;
}

/** The conclusions that the plan holds for what was found. */
export function conclusions({ hypotheses }: CampaignResult): string[] {
  return hypotheses.flatMap(({ hypothesis: { name, says }, finding }) => {
    const text = finding === 'pending' ? null : says[finding];
    return text === null ? [] : [`${name}: ${text}`];
  });
}

/** What a reader must know to judge the verdicts. */
export function campaignCaveats({ record, studies }: CampaignResult): string[] {
  return [
    ...record.claims.earlier.map((text) => `Trained before, and not pooled: ${text}`),
    ...studies.flatMap(({ name, result, begunBefore, leftOut, added }) => [
      ...(begunBefore && result !== null
        ? [`The study ${name} was begun on ${result.created}, before this plan was written on ${record.created}.`]
        : []),
      ...(leftOut.length > 0
        ? [`In ${name}, seeds ${leftOut.join(', ')} are left out of all arms, since a training with them failed.`]
        : []),
      ...(added.length > 0
        ? [`In ${name}, seeds ${added.join(', ')} were added after the plan, and do not count here.`]
        : []),
    ]),
  ];
}

export const campaignMethod = [
  'A difference is the arm’s test error minus that of the arm it is compared with, seed by seed, in points. Intervals (95 %) and p-values count both seeds and test images as samples. Results are from the last epoch unless a study says otherwise.',
  'P-values of primaries are corrected together (Holm). A hypothesis about several arms needs each of them: its p-value is the largest, or 1 if the differences have different signs. “Better” is confirmed, or refuted, by a p-value of at most 0.05 on its side; “not better” is refuted by one on the other side, and confirmed if the interval excludes differences that matter.',
  'A contrast takes the differences of two studies as independent samples (Welch).',
];

export interface HypothesisColumn {
  readonly title: string;
  readonly words: boolean;
  readonly cell: (result: HypothesisResult) => string;
}

const none = '–';

export const hypothesisColumns: readonly HypothesisColumn[] = [
  { title: 'hypothesis', words: false, cell: ({ hypothesis }) => hypothesis.name },
  { title: 'role', words: false, cell: ({ hypothesis }) => hypothesis.role },
  { title: 'claim', words: true, cell: ({ hypothesis }) => printClaim(hypothesis) },
  {
    title: 'predicted',
    words: false,
    cell: ({ hypothesis: { expect } }) => (expect === null ? none : `${expect.low} to ${expect.high}`),
  },
  { title: 'n', words: false, cell: ({ pairs }) => pairs.map((pair) => String(pair?.seeds ?? 0)).join(', ') },
  { title: 'difference, points', words: false, cell: differenceCell },
  { title: 'p', words: false, cell: ({ p }) => pCell(p) },
  { title: 'p (Holm)', words: false, cell: ({ pHolm }) => pCell(pHolm) },
  { title: 'verdict', words: false, cell: ({ finding }) => finding },
];

function differenceCell({ pairs, contrast, hypothesis }: HypothesisResult): string {
  if (hypothesis.kind === 'contrast') return contrast === null ? none : formatDifference(contrast);
  return pairs.map((pair) => (pair === null ? none : formatDifference(pair))).join('; ');
}

function pCell(p: number | null): string {
  return p === null ? none : formatP(p).replace('= ', '');
}
