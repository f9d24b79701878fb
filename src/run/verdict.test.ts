import { describe, expect, it } from 'vitest';

import { scoreClasses, warningsOn, wrongByFile, type Outcome } from './verdict.js';

const classes = ['cat', 'dog', 'owl', 'yak'];
const answers = {
  labels: Uint16Array.of(0, 0, 1, 1, 2),
  predicted: Uint16Array.of(0, 1, 1, 1, 0),
  confidence: Float32Array.of(0.5, 0.75, 1, 0.5, 0.875),
};

describe('results by class', () => {
  it('count each class by itself; one without images has no error', () => {
    expect(scoreClasses(answers, classes)).toEqual([
      { name: 'cat', images: 2, wrong: 1, error: 50 },
      { name: 'dog', images: 2, wrong: 0, error: 0 },
      { name: 'owl', images: 1, wrong: 1, error: 100 },
      { name: 'yak', images: 0, wrong: 0, error: null },
    ]);
  });
});

describe('wrong answers', () => {
  it('have the file’s name, the surest first', () => {
    expect(wrongByFile(answers, classes, ['a.png', 'b.png', 'c.png', 'd.png', 'e.png'])).toEqual([
      { file: 'e.png', label: 'owl', answer: 'cat', confidence: 0.875 },
      { file: 'b.png', label: 'cat', answer: 'dog', confidence: 0.75 },
    ]);
  });
});

describe('warnings', () => {
  const good: Outcome = {
    test: { loss: 0.4, error: 10 },
    train: { loss: 0.1, error: 2 },
    classes: [
      { name: 'cat', images: 60, wrong: 6, error: 10 },
      { name: 'dog', images: 40, wrong: 4, error: 10 },
    ],
    steps: 800,
    stepsPerEpoch: 10,
  };
  const kinds = (outcome: Partial<Outcome>) => warningsOn({ ...good, ...outcome }).map(({ kind }) => kind);

  it('are not made of a training that went well', () => {
    expect(kinds({})).toEqual([]);
    expect(kinds({ test: { loss: 2, error: 39.9 } })).toEqual([]);
  });

  it('tell of a loss far above a guess’s, in training or test', () => {
    expect(kinds({ test: { loss: 7, error: 30 } })).toEqual(['diverged']);
    expect(kinds({ train: { loss: 7, error: 30 } })).toEqual(['diverged']);
  });

  it('tell of an error that a constant answer has too, with what that is', () => {
    const [warning] = warningsOn({ ...good, test: { loss: 0.7, error: 40 } });
    expect(warning).toMatchObject({ kind: 'chance', message: expect.stringContaining('40.00 %') });
  });

  it('tell of too few steps, and what to do', () => {
    const [warning] = warningsOn({ ...good, steps: 3, stepsPerEpoch: 1 });
    expect(warning).toMatchObject({ kind: 'fewSteps', message: expect.stringContaining('had 3 steps, 1 in an epoch') });
    expect(kinds({ steps: 100 })).toEqual([]);
  });
});
