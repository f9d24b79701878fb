import { describe, expect, it } from 'vitest';

import { resolvePlan } from '../plan.js';
import type { ArmResult, GroupResult, RunResult, StudyResult } from '../results.js';
import { sameTrainingError } from '../same-training-error.js';
import { studyDocument } from './document.js';
import { reportFigures } from './figures.js';
import { htmlOf } from './html.js';
import { markdownOf } from './markdown.js';
import { csvOf, curvesCsvOf } from './tables.js';

type Curve = readonly (readonly [trainError: number, testError: number])[];

function runOf(seed: number, points: Curve): RunResult {
  const score = { loss: 0.321, error: 9.87 };
  return {
    seed,
    run: `seed${seed}`,
    curve: points.map(([trainError, evaluatedError], index) => ({
      ...{ epoch: index + 1, trainLoss: trainError / 40, trainError, evaluatedError },
    })),
    summary: {
      ...{ run: null, model: 'resnet20', ratio: '1:1', epochs: 3, seed, epoch: 2, weights: null },
      ...{ train: score, fit: score, validation: null, test: score, parameters: 1 },
      ...{ imagesPerSecond: 1, evaluationImagesPerSecond: null, peakMemory: null, seconds: 1 },
      ...{ classes: null, wrong: null, warnings: [] },
    },
  };
}

/** A study of 1:1 and 2:1 with two seeds, whose runs have these curves. */
function studyOf(baseline: Curve, variant: Curve, validation: number | null = null): StudyResult {
  const settings = [{ evaluation: { validation } }];
  const plan = resolvePlan({ networks: ['resnet20'], ratios: ['2:1'], seeds: 2, settings });
  const runs = [baseline, variant].map((curve) => [0, 1].map((seed) => runOf(seed, curve)));
  const arms = plan.arms.map((arm, index): ArmResult => ({
    ...{ arm, pattern: null, seeds: [0, 1], error: null, gap: 0, difference: null, cost: null, network: null },
    fit: { loss: 0.321, error: 9.87 },
    sameTrainingError: index === 0 ? null : sameTrainingError(runs[0]!, runs[index]!),
    runs: runs[index]!,
  }));
  const groups: GroupResult[] = [{ name: 'resnet20', arms, detectable: null }];
  return {
    ...{ study: 'resnet20', hash: '0', created: '', versions: {}, devices: [], dataset: null },
    ...{ epochs: [3], additions: [], trials: [], groups },
  };
}

const markdown = (result: StudyResult) => markdownOf(result, reportFigures(result), { command: 'x', made: [] });

const fast: Curve = [
  [60, 58],
  [40, 42],
  [20, 26],
];
/** A point above `fast` at every training error, and half an epoch later. */
const slow: Curve = [
  [70, 67],
  [50, 51],
  [30, 35],
];

describe('the section on fit', () => {
  const result = studyOf(fast, slow);

  it('has the difference at the difference at its low end, when each was there, and the mean over the range', () => {
    expect(markdown(result)).toContain(
      '| 2:1 | 2 | 30.00 to 60.00 | +1.00 [+1.00, +1.00] | 3.0 | 2.5 | +1.00 [+1.00, +1.00] |',
    );
    expect(markdown(result)).toContain('![Test error over training error](fit.svg)');
    expect(markdown(result)).toContain('not a comparison at equal budget');
  });

  it('stands on the page with its figure', () => {
    const page = htmlOf(result, reportFigures(result), { command: 'x', made: [] });
    expect(page).toContain('<h3>Test error at the same training error</h3>');
    expect(page).toContain('Test error over training error: resnet20');
    expect(page).toContain('not a comparison at equal budget');
  });

  it('has training error and loss beside the test error', () => {
    expect(markdown(result)).toContain('| test error, % | training error, % | training loss | gap |');
    expect(markdown(result)).toContain('| 9.87 | 0.321 |');
  });

  it('is in the JSON and in the CSV', () => {
    const document = studyDocument(result).ratios;
    expect(document[0]).toMatchObject({ sameTrainingError: null, training: { error: 9.87, loss: 0.321 } });
    expect(document[1]!.sameTrainingError).toMatchObject({
      ...{ kind: 'shared', n: 2, range: { low: 30, high: 60 } },
      lowest: { epoch: 3, baselineEpoch: 2.5 },
    });
    expect(document[1]!.sameTrainingError!.average!.mean).toBeCloseTo(1, 9);
    const [head, , variant] = csvOf(result)
      .split('\n')
      .map((line) => line.split(','));
    expect(variant!.length).toBe(head!.length);
    expect(Number(variant![head!.indexOf('difference_at_low_mean')])).toBeCloseTo(1, 9);
    expect(variant![head!.indexOf('training_loss')]).toBe('0.321');
  });

  it('has its curves as a table', () => {
    const lines = curvesCsvOf(result).trim().split('\n');
    expect(lines).toHaveLength(1 + 2 * 2 * 3);
    expect(lines[1]).toBe('resnet20,1:1,0,1,1.5,60,,58');
  });

  it('names the validation error if images are held out', () => {
    const held = studyOf(fast, slow, 0.1);
    expect(markdown(held)).toContain('## Validation error at the same training error');
    expect(curvesCsvOf(held)).toContain('resnet20,1:1,0,1,1.5,60,58,\n');
  });
});

describe('what cannot be compared at the same training error', () => {
  it('is said if the ratios have none in common', () => {
    const far: Curve = [
      [90, 91],
      [80, 81],
    ];
    const text = markdown(studyOf(fast, far));
    expect(text).toContain(
      '2:1 cannot be compared with 1:1 this way: no training error was reached by all 2 seeds of both (2:1: 80.00 to 90.00 %; 1:1: 20.00 to 60.00 %).',
    );
    expect(text).not.toContain('difference at its low end');
  });

  it('is said if runs have no epochs on record', () => {
    const result = studyOf([], []);
    expect(markdown(result)).toContain(
      'no seed of both has the training and the evaluated errors of at least two epochs',
    );
    expect(studyDocument(result).ratios[1]!.sameTrainingError).toEqual({
      ...{ kind: 'unknown', n: 0, range: null, lowest: null, average: null },
    });
    expect(reportFigures(result)).toEqual([]);
  });

  it('is left out before a seed is done in both', () => {
    const { groups, ...rest } = studyOf(fast, slow);
    const arms = groups[0]!.arms.map((arm) => ({ ...arm, sameTrainingError: null }));
    expect(markdown({ ...rest, groups: [{ ...groups[0]!, arms }] })).not.toContain('at the same training error');
  });
});
