import { describe, expect, it } from 'vitest';

import { resolvePlan, trialsOf, type StudyEvent, type Trial } from '../../study/index.js';
import { createStudyProgress } from './study-progress.js';

const plan = resolvePlan({
  networks: ['resnet20'],
  ratios: ['2:1'],
  seeds: 2,
  settings: [{ epochs: 4 }],
});
const trials = trialsOf(plan, plan.seeds);

const score = { loss: 1, error: 30 };
const begin = (trial: Trial, resumed = false): StudyEvent => ({ type: 'begin', trial, resumed });
const atEpoch = (trial: Trial, epoch: number): StudyEvent => ({
  type: 'progress',
  trial,
  last: {
    ...{ type: 'epoch', epoch, step: 10 * (epoch + 1), time: 0 },
    ...{ train: score, test: score, validation: null, learningRate: 0.1, imagesPerSecond: 100, seconds: 1 },
  },
});
const done = (trial: Trial): StudyEvent => ({
  type: 'done',
  trial,
  summary: {
    ...{ run: null, model: 'resnet20', ratio: '2:1', epochs: 4, seed: 0, train: score, fit: null, validation: null },
    ...{ test: score, epoch: 3, imagesPerSecond: 100, evaluationImagesPerSecond: null, peakMemory: null, seconds: 40 },
    ...{ classes: null, wrong: null, warnings: [] },
    ...{ parameters: 1, weights: null },
  },
});

/** What is written if each event comes at its second. */
function written(events: readonly (readonly [second: number, event: StudyEvent])[], terminal = false): string {
  let text = '';
  let time = 0;
  const screen = { terminal, colors: false, columns: () => 120, write: (more: string) => void (text += more) };
  const progress = createStudyProgress(screen, trials, () => 1000 * time);
  for (const [second, event] of events) {
    time = second;
    progress.show(event);
  }
  return text;
}

const [first, second, third, fourth] = trials as [Trial, Trial, Trial, Trial];

describe('the progress of a study', () => {
  it('says with each training that is done how long the others take', () => {
    const text = written([
      [0, begin(first)],
      [40, done(first)],
      [40, begin(second)],
      [80, done(second)],
      [80, begin(third)],
      [120, done(third)],
      [120, begin(fourth)],
      [160, done(fourth)],
    ]);
    expect(text.split('\n').filter((line) => line.includes('test error'))).toEqual([
      '[1/4] resnet20 1:1, seed 0: test error 30.00 % in 40 s; about 2:00 left',
      '[2/4] resnet20 2:1, seed 0: test error 30.00 % in 40 s; about 1:20 left',
      '[3/4] resnet20 1:1, seed 1: test error 30.00 % in 40 s; about 40 s left',
      '[4/4] resnet20 2:1, seed 1: test error 30.00 % in 40 s',
    ]);
  });

  it('knows the time left on a terminal after the first epoch, and names its numbers', () => {
    const text = written(
      [
        [0, begin(first)],
        [10, atEpoch(first, 0)],
      ],
      true,
    );
    const bar = text.split('\r').at(-1);
    expect(bar).toContain('about 2:30 left');
    expect(bar).toContain('epoch 1/4, training error 30.0 %');
  });

  it('does not count trainings that were done before', () => {
    const text = written([
      [0, begin(third)],
      [40, done(third)],
    ]);
    expect(text).toContain('about 40 s left');
  });

  it('divides by the trainings that run at once', () => {
    const text = written([
      [0, begin(first)],
      [0, begin(second)],
      [40, done(first)],
    ]);
    // Two of 40 s and one that runs with no epoch behind it, two at a time.
    expect(text).toContain('about 1:00 left');
  });

  it('says who is waited for, once as long as nothing else happens', () => {
    const waiting: StudyEvent = {
      type: 'waiting',
      trials: [third, fourth],
      holders: ['process 7 on a', 'process 8 on b'],
    };
    expect(
      written([
        [0, waiting],
        [1, waiting],
      ]),
    ).toBe('waiting for process 7 on a, process 8 on b, training 2 of these, such as [3/4] resnet20 1:1, seed 1\n');
  });

  it('tells a training that somebody ended from one that failed', () => {
    const text = written([
      [0, begin(first)],
      [1, { type: 'killed', trial: first, signal: 'SIGKILL' }],
    ]);
    expect(text).toContain('ended by SIGKILL from outside, as the system does when memory runs out; the next compare');
    expect(text).not.toContain('FAILED');
  });
});
