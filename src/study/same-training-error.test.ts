import { describe, expect, it } from 'vitest';

import { randomStream } from '../base/random.js';
import fixture from './fixtures/same-training-error.json' with { type: 'json' };
import { lastCrossing, sameTrainingError, type CurvePoint, type SameTrainingError } from './same-training-error.js';

/** A run with these training and test errors, epoch by epoch. */
function run(seed: number, trainErrors: readonly number[], testErrors: readonly (number | null)[]) {
  const curve = trainErrors.map((trainError, index): CurvePoint => ({
    epoch: index + 1,
    trainLoss: trainError / 40,
    trainError,
    evaluatedError: testErrors[index]!,
  }));
  return { seed, curve };
}

function shared(result: SameTrainingError): Extract<SameTrainingError, { kind: 'shared' }> {
  if (result.kind !== 'shared') throw new Error(`The curves are ${result.kind}.`);
  return result;
}

describe('interpolation agrees with NumPy, and intervals with SciPy', () => {
  it.each(fixture.cases)('$seeds seeds, falling: $falling', (expected) => {
    const [baseline, arm] = expected.arms.map((runs) =>
      runs.map(({ trainError, testError }, seed) => run(seed, trainError, testError)),
    );
    const { range, lowest, average } = shared(sameTrainingError(baseline!, arm!));
    expect([range.low, range.high]).toEqual(expected.range);
    expect(lowest.mean).toBeCloseTo(expected.lowest.mean, 7);
    expect(lowest.interval!.low).toBeCloseTo(expected.lowest.interval[0]!, 7);
    expect(lowest.interval!.high).toBeCloseTo(expected.lowest.interval[1]!, 7);
    // The mean over a curve that rises in between is summed over 20,001 points, and jumps lie between them.
    const digits = expected.falling ? 7 : 2;
    expect(average.mean).toBeCloseTo(expected.average.mean, digits);
    expect(average.interval!.low).toBeCloseTo(expected.average.interval[0]!, digits);
    expect(average.interval!.high).toBeCloseTo(expected.average.interval[1]!, digits);
  });
});

describe('simulated trials with a known answer', () => {
  /** Seeds of an arm on the line test = 10 + 0.8 · train + shift, which gets as far as `end`. */
  const arm = (end: number, shift: number, noise = 0) =>
    [0, 1, 2, 3, 4].map((seed) => {
      const stream = randomStream(seed, Math.round(end * 100));
      const trainErrors = [60, 40, 25, end].map((error) => error + stream.normal());
      return run(
        seed,
        trainErrors,
        trainErrors.map((error) => 10 + 0.8 * error + shift + noise * stream.normal()),
      );
    });

  it('two arms on one curve have no difference, however far each gets', () => {
    const { lowest, average, range } = shared(sameTrainingError(arm(8, 0), arm(14, 0)));
    expect(lowest.mean).toBeCloseTo(0, 9);
    expect(average.mean).toBeCloseTo(0, 9);
    expect(range.low).toBeGreaterThan(12);
  });

  it('an arm that is shifted by a point is a point worse, everywhere', () => {
    const { lowest, average } = shared(sameTrainingError(arm(8, 0), arm(14, 1)));
    expect(lowest.mean).toBeCloseTo(1, 9);
    expect(average.mean).toBeCloseTo(1, 9);
    expect(average.interval!.low).toBeCloseTo(1, 9);
  });

  it('the interval holds the shift if test errors vary', () => {
    const { average } = shared(sameTrainingError(arm(8, 0, 0.3), arm(14, 1, 0.3)));
    expect(average.interval!.low).toBeLessThan(1);
    expect(average.interval!.high).toBeGreaterThan(1);
    expect(average.interval!.low).toBeGreaterThan(0);
  });

  it('says when each arm got to the lowest common training error', () => {
    const baseline = [run(0, [60, 40, 20], [60, 40, 25])];
    const slower = [run(0, [70, 50, 30], [70, 50, 30])];
    expect(shared(sameTrainingError(baseline, slower))).toMatchObject({
      range: { low: 30, high: 60 },
      epochs: { arm: 3, baseline: 2.5 },
      lowest: { mean: 30 - 32.5, interval: null },
    });
  });

  it('curves that have no training error in common are apart', () => {
    const result = sameTrainingError([run(0, [30, 20], [31, 22])], [run(0, [50, 40], [51, 42])]);
    expect(result).toEqual({ kind: 'apart', seeds: [0], arm: { low: 40, high: 50 }, baseline: { low: 20, high: 30 } });
  });

  it('one seed that never gets there is enough to be apart', () => {
    const good = [60, 40, 20];
    const baseline = [0, 1].map((seed) => run(seed, good, good));
    expect(sameTrainingError(baseline, [run(0, good, good), run(1, [90, 89, 88], [90, 90, 90])]).kind).toBe('apart');
  });
});

describe('what logs can lack', () => {
  it('only seeds that both arms have are compared', () => {
    const runs = (...seeds: number[]) => seeds.map((seed) => run(seed, [50, 30], [50 + seed, 30 + seed]));
    expect(shared(sameTrainingError(runs(1, 2, 3), runs(3, 2, 9)))).toMatchObject({ seeds: [3, 2] });
  });

  it('without two evaluated epochs, there is nothing to compare', () => {
    const whole = run(0, [50, 30], [50, 30]);
    expect(sameTrainingError([whole], [run(0, [], [])])).toEqual({ kind: 'unknown' });
    expect(sameTrainingError([whole], [run(0, [40], [40])])).toEqual({ kind: 'unknown' });
    expect(sameTrainingError([whole], [run(0, [50, 30], [null, 30])])).toEqual({ kind: 'unknown' });
    expect(sameTrainingError([whole], [run(1, [50, 30], [50, 30])])).toEqual({ kind: 'unknown' });
  });

  it('an epoch that was not evaluated is passed over', () => {
    const { lowest } = shared(
      sameTrainingError([run(0, [60, 40, 20], [60, null, 20])], [run(0, [60, 50, 40], [60, 50, 42])]),
    );
    expect(lowest.mean).toBeCloseTo(2, 9);
  });
});

describe('a curve at a training error', () => {
  const points = (...pairs: readonly (readonly [number, number])[]) =>
    pairs.map(([trainError, testError], index) => ({ epoch: index + 1, trainError, testError }));

  it('is met at the last of several crossings', () => {
    // 35 is passed on the way down, on the way up, and down again.
    const curve = points([50, 60], [30, 50], [40, 70], [20, 30]);
    expect(lastCrossing(curve, 35)).toEqual({ epoch: 3.25, testError: 60 });
    expect(lastCrossing(curve, 45)).toEqual({ epoch: 1.25, testError: 57.5 });
  });

  it('is met where it turns, and at both ends', () => {
    const curve = points([50, 60], [30, 50], [40, 70]);
    expect(lastCrossing(curve, 30)).toEqual({ epoch: 2, testError: 50 });
    expect(lastCrossing(curve, 40)).toEqual({ epoch: 3, testError: 70 });
    expect(lastCrossing(curve, 50)).toEqual({ epoch: 1, testError: 60 });
  });

  it('that stays at a training error counts with its last epoch', () => {
    expect(lastCrossing(points([50, 60], [30, 50], [30, 40]), 30)).toEqual({ epoch: 3, testError: 40 });
  });

  it('is missed outside of its range', () => {
    const curve = points([50, 60], [30, 50]);
    expect(lastCrossing(curve, 29)).toBeUndefined();
    expect(lastCrossing(curve, 51)).toBeUndefined();
  });
});
