/** What a study says in sentences; the same in every form of its report. */

import type { ArmResult, GroupResult, StudyResult } from '../results.js';
import { formatDifference } from '../figures/index.js';

/** The verdict on a group in one sentence. */
export function verdictSentence({ name, arms }: GroupResult): string {
  const [baseline, ...others] = arms;
  const variants = others.filter(({ arm }) => arm.role === 'variant');
  const judged = variants.filter(({ difference }) => difference !== null);
  if (judged.length === 0)
    return `On ${name} nothing can be said yet: no seed is done both at ${baseline!.arm.label} and at another ratio.`;
  const of = (kind: string): ArmResult[] => judged.filter(({ difference }) => difference!.verdict.kind === kind);
  const parts = [
    list(of('better'), (arm) => `${arm.arm.label} is better than ${baseline!.arm.label} (${interval(arm)})`),
    list(of('worse'), (arm) => `${arm.arm.label} is worse than ${baseline!.arm.label} (${interval(arm)})`),
    list(of('open'), (arm) => `${arm.arm.label} is not distinguishable from ${baseline!.arm.label} (${interval(arm)})`),
  ].filter((part) => part !== '');
  const seeds = Math.max(...judged.map(({ difference }) => difference!.seeds.length));
  return `On ${name}, with ${seeds} paired ${seeds === 1 ? 'seed' : 'seeds'}: ${parts.join('; ')}.`;
}

function list(arms: readonly ArmResult[], say: (arm: ArmResult) => string): string {
  return arms.map(say).join('; ');
}

function interval({ difference }: ArmResult): string {
  return `${formatDifference(difference!)} points`;
}

/** What a reader has to know to weigh the numbers. */
export function caveats(result: StudyResult): string[] {
  const failed = result.trials.filter(({ state }) => state === 'failed').length;
  const missing = result.trials.filter(({ state }) => state !== 'failed' && state !== 'done').length;
  const added = result.additions.flatMap(({ seeds }) => seeds);
  const held = result.groups.flatMap(({ arms }) => arms).some(({ arm }) => arm.config.evaluation.validation !== null);
  const trials = result.trials.length;
  return [
    ...(missing > 0 ? [`The study is not complete: ${missing} of ${trials} trainings are not done yet.`] : []),
    ...(failed > 0 ? [`${failed} of ${trials} trainings failed and are left out; they are listed below.`] : []),
    ...(added.length > 0
      ? [
          `Seeds ${added.join(', ')} were added after the plan was made (${result.additions.map(({ added: time }) => time).join(', ')}); ` +
            'adding seeds until a difference shows raises the number of false alarms.',
        ]
      : []),
    held
      ? 'The epoch that counts was chosen by training images held out; the test split was looked at once.'
      : 'The last epoch counts, whatever the others gave.',
    ...result.groups.flatMap(({ name, detectable }) =>
      detectable === null || !Number.isFinite(detectable)
        ? []
        : [`On ${name}, a true difference of ${detectable.toFixed(2)} points is found with a probability of 80 %.`],
    ),
  ];
}

/** How the numbers come about, for every report alike. */
export const method = [
  'All ratios share seeds, and with a seed initial weights, order of images, crops, flips and mixup; differences are taken seed by seed.',
  'Intervals and p-values count both seeds and test images as samples (two-way random effects, Cochran’s critical values); p-values are corrected for all comparisons of a network (Holm). A verdict “better” or “worse” needs a corrected p-value below 0.05.',
  'The gap is test error minus the error on training images as they are. Speeds and memory are medians over the runs of this machine.',
];
