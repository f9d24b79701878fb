import { describe, expect, it } from 'vitest';

import { workSentence } from './work.js';

const work = { trainings: 6, epochs: 18, images: 144_000, time: null };

describe('the work of a study', () => {
  it.each([
    [{ seconds: 50, measured: 1 }, 'about 50 seconds one after the other, going by 1 finished training.'],
    [{ seconds: 200, measured: 2 }, 'about 3 minutes one after the other, going by 2 finished trainings.'],
    [{ seconds: 12_600, measured: 2 }, 'about 3.5 hours one after the other, going by 2 finished trainings.'],
  ])('says how long it takes, going by what is finished: %o', (time, end) => {
    expect(workSentence({ ...work, time })).toBe(`6 trainings, 18 epochs in all, which show 144,000 images; ${end}`);
  });

  it('says how many images it shows before anything is known', () => {
    expect(workSentence(work)).toBe(
      '6 trainings, 18 epochs in all, which show 144,000 images; how long that takes shows when the first training is done.',
    );
    expect(workSentence({ ...work, images: null })).not.toContain('images');
  });
});
