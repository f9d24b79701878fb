/** A campaign's results in sentences and cells, the same in every form of the report. */

import { formatDifference, formatP, signed } from '../../figures/index.js';
import { printClaim, type Hypothesis } from '../hypothesis.js';
import type { HypothesisResult } from '../judge.js';
import type { Claims } from '../plan.js';
import type { CampaignResult } from '../results.js';

/** The verdict on the whole, and what it follows from. */
export function wholeSentence(result: CampaignResult): string {
  if (result.whole === 'pending') return `Not decided yet. ${progressSentence(result)}`;
  const words = { supported: 'Supported', refuted: 'Refuted', mixed: 'Mixed' } as const;
  return `${words[result.whole]}. ${decidingRoles.flatMap((role) => findingsOf(result, role)).join(' ')}`;
}

const decidingRoles = ['primary', 'requirement', 'control'] as const;
const plurals = { primary: 'Primaries', requirement: 'Requirements', control: 'Controls' } as const;

/** `Primaries: P1, P2 confirmed; P3 open.`; empty if the plan has none of the role. */
function findingsOf({ hypotheses }: CampaignResult, role: (typeof decidingRoles)[number]): string[] {
  const ofRole = hypotheses.filter(({ hypothesis }) => hypothesis.role === role);
  const parts = (['confirmed', 'refuted', 'open'] as const).flatMap((finding) => {
    const names = ofRole.filter((one) => one.finding === finding).map(({ hypothesis }) => hypothesis.name);
    return names.length === 0 ? [] : [`${names.join(', ')} ${finding}`];
  });
  return parts.length === 0 ? [] : [`${plurals[role]}: ${parts.join('; ')}.`];
}

function progressSentence({ studies }: CampaignResult): string {
  const known = studies.flatMap(({ trainings }) => (trainings === null ? [] : [trainings]));
  const sum = (key: 'all' | 'done' | 'failed'): number => known.reduce((total, counts) => total + counts[key], 0);
  const missing = studies.filter(({ trainings }) => trainings === null).map(({ name }) => name);
  const absent = missing.length === 0 ? '' : `, and nothing is here of ${missing.join(', ')}`;
  return `${sum('done')} of ${sum('all')} trainings are done${absent}. A hypothesis gets its verdict when its trainings are done, a primary when those of all primaries are.`;
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
        ? [
            `The study ${name} was begun on ${dateText(result.created)}, before this plan was written on ${dateText(record.created)}.`,
          ]
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

/** `2026-11-26 11:48 UTC` */
export function dateText(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

export const campaignMethod = [
  'A difference is the arm’s test error minus that of the arm it is compared with, seed by seed, in points. Intervals (95 %) and p-values count both seeds and test images as samples. Results are from the last epoch unless a study says otherwise.',
  'P-values of primaries are corrected together (Holm). A hypothesis about several arms needs each of them: its p-value is the largest, or 1 if the differences have different signs. “Better” is confirmed, or refuted, by a p-value of at most 0.05 on its side; “not better” is refuted by one on the other side, and confirmed if the interval excludes differences that matter.',
  'A contrast takes the differences of two studies as independent samples (Welch).',
];

export interface HypothesisColumn {
  readonly title: string;
  /** What the column says. */
  readonly about: string;
  /** How the cell looks in a page: words that may wrap, or the verdict in its color. */
  readonly look: 'plain' | 'claim' | 'found';
  readonly cell: (result: HypothesisResult) => string;
}

const none = '–';

export const hypothesisColumns: readonly HypothesisColumn[] = [
  { title: 'hypothesis', about: 'its name in the plan', look: 'plain', cell: ({ hypothesis }) => hypothesis.name },
  {
    title: 'claim',
    about: 'what is claimed of which arms',
    look: 'claim',
    cell: ({ hypothesis }) => printClaim(hypothesis),
  },
  {
    title: 'verdict',
    about: 'confirmed, refuted, open (the trainings decide neither way), or pending',
    look: 'found',
    cell: ({ finding }) => finding,
  },
  {
    title: 'difference, points',
    about:
      'test error of the arm minus that of the arm it is compared with, and the 95 % interval; of a contrast, the first difference minus the second',
    look: 'plain',
    cell: differenceCell,
  },
  {
    title: 'predicted',
    about: 'what the plan expects; it decides nothing',
    look: 'plain',
    cell: ({ hypothesis: { expect } }) => (expect === null ? none : `${signed(expect.low)} to ${signed(expect.high)}`),
  },
  {
    title: 'p',
    about: 'two-sided p-value of no difference; with several arms the largest',
    look: 'plain',
    cell: ({ p }) => pCell(p),
  },
  {
    title: 'p (Holm)',
    about: 'corrected for all primaries; decides their verdicts',
    look: 'plain',
    cell: ({ pHolm }) => pCell(pHolm),
  },
  {
    title: 'n',
    about: 'seeds that both arms have',
    look: 'plain',
    cell: ({ pairs }) => pairs.map((pair) => String(pair?.seeds ?? 0)).join(', '),
  },
  { title: 'role', about: 'what the hypothesis decides', look: 'plain', cell: ({ hypothesis }) => hypothesis.role },
];

function differenceCell({ pairs, contrast, hypothesis }: HypothesisResult): string {
  if (hypothesis.kind === 'contrast') return contrast === null ? none : formatDifference(contrast);
  return pairs.map((pair) => (pair === null ? none : formatDifference(pair))).join('; ');
}

function pCell(p: number | null): string {
  return p === null ? none : formatP(p).replace('= ', '');
}
