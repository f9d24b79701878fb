/** A study's results in sentences, the same in every form of the report. */

import type { ArmResult, GroupResult, StudyResult } from '../results.js';
import { formatDifference } from '../figures/index.js';

/** The verdict on a group in one sentence. */
export function verdictSentence({ name, arms }: GroupResult): string {
  const [baseline, ...others] = arms;
  const variants = others.filter(({ arm }) => arm.role === 'variant');
  const judged = variants.filter(({ difference }) => difference !== null);
  if (judged.length === 0)
    return `On ${name} no result yet: no seed is done both at ${baseline!.arm.label} and at another ratio.`;
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

/** What a reader must know to judge the numbers. */
export function caveats(result: StudyResult): string[] {
  const failed = result.trials.filter(({ state }) => state === 'failed').length;
  const missing = result.trials.filter(({ state }) => state !== 'failed' && state !== 'done').length;
  const added = result.additions.flatMap(({ seeds }) => seeds);
  const held = result.groups.flatMap(({ arms }) => arms).some(({ arm }) => arm.config.evaluation.validation !== null);
  const trials = result.trials.length;
  return [
    ...(missing > 0 ? [`The study is not complete: ${missing} of ${trials} trainings are not done yet.`] : []),
    ...(failed > 0 ? [`${failed} of ${trials} trainings failed and are left out; the list is below.`] : []),
    ...(added.length > 0
      ? [
          `Seeds ${added.join(', ')} were added after the plan was made (${result.additions.map(({ added: time }) => time).join(', ')}); ` +
            'adding seeds until a difference shows raises the number of false alarms.',
        ]
      : []),
    held
      ? 'The epoch was chosen by its error on held-out training images; the test split was evaluated once.'
      : 'Results are from the last epoch; none was picked by test error.',
    ...result.groups.flatMap(({ name, detectable }) =>
      detectable === null || !Number.isFinite(detectable)
        ? []
        : [
            `On ${name}, this study had 80 % power to detect ${detectable.toFixed(2)} points; smaller effects may be missed.`,
          ],
    ),
  ];
}

/** How the numbers are computed; the same in every report. */
export const method = [
  'All ratios share seeds. A seed fixes initial weights, order of images, crops, flips and mixup; differences are taken seed by seed.',
  'Intervals and p-values count both seeds and test images as samples (two-way random effects; Cochran’s critical values, with two or three seeds Banerjee’s); p-values are corrected for all comparisons of a network (Holm). A verdict “better” or “worse” needs a corrected p-value below 0.05.',
  'Training error and training loss (mean cross entropy in nats) are those of the result in inference mode, on at most 10,000 unaugmented training images; means over seeds. The gap is test error minus this training error. Speeds and memory are medians over the runs of this machine.',
];
