import { describe, expect, it } from 'vitest';

import { bootstrapIntervals } from './bootstrap.js';
import { criticalValue, crossedMean, expectedSpread, meanInterval, meanP } from './crossed.js';
import { noncentralStudentCdf, studentCdf, studentQuantile } from './distributions.js';
import scipy from './fixtures/scipy.json' with { type: 'json' };
import { detectableDifference, power, seedsFor } from './power.js';
import { correlation, holm, improvementProbability, pairedP, signFlipP, summarize } from './seeds.js';

/** The fixture's quantiles are good to about nine digits. */
const digits = 7;

describe('distributions are those of SciPy', () => {
  it.each(scipy.student)('Student: $p at $degrees degrees of freedom', ({ p, degrees, quantile }) => {
    expect(studentQuantile(p, degrees) / quantile).toBeCloseTo(1, digits);
    expect(studentCdf(quantile, degrees)).toBeCloseTo(p, digits);
  });

  it.each(scipy.noncentral)(
    'noncentral t: $t at $degrees degrees, noncentrality $noncentrality',
    ({ t, degrees, noncentrality, probability }) => {
      expect(noncentralStudentCdf(t, degrees, noncentrality)).toBeCloseTo(probability, digits);
    },
  );
});

describe('statistics over seeds are those of SciPy and statsmodels', () => {
  it.each(scipy.seeds)('for $errors against $baseline', (expected) => {
    const { errors, baseline } = expected;
    const differences = errors.map((error, index) => error - baseline[index]!);
    const summary = summarize(differences);
    expect(summary.mean).toBeCloseTo(expected.mean, 12);
    expect(summary.deviation).toBeCloseTo(expected.deviation, 12);
    expect(summary.interval!.low).toBeCloseTo(expected.interval[0]!, digits);
    expect(summary.interval!.high).toBeCloseTo(expected.interval[1]!, digits);
    expect(pairedP(differences)).toBeCloseTo(expected.pairedP, digits);
    expect(signFlipP(differences)).toBeCloseTo(expected.signFlipP, 12);
    expect(correlation(errors, baseline)).toBeCloseTo(expected.correlation, 12);
    expect(improvementProbability(errors, baseline)).toBeCloseTo(expected.improvementProbability, 12);
  });

  it.each(scipy.holm)('Holm of $p', ({ p, adjusted }) => {
    holm(p).forEach((value, index) => expect(value).toBeCloseTo(adjusted[index]!, 12));
  });

  it('a single value has no spread', () => {
    expect(summarize([7])).toEqual({ n: 1, mean: 7, deviation: null, interval: null });
    expect(pairedP([7])).toBeNull();
  });

  it('many differences are flipped at random, and near the exact share', () => {
    // Of 20 equal differences, only all of one sign are as far: 2 of 2²⁰ ways.
    expect(signFlipP(Array.from({ length: 20 }, () => 1))).toBeLessThan(1e-4);
    // Eleven up and nine down, or any less even split: P(|B − 10| ≥ 1) of a binomial with 20 throws is 0.8238.
    const mixed = Array.from({ length: 20 }, (_, index) => (index < 11 ? 1 : -1));
    expect(signFlipP(mixed)).toBeCloseTo(0.8238, 2);
  });
});

describe('a table of seeds × examples', () => {
  it.each(scipy.crossed)('has the mean squares of a two-way analysis of variance', ({ rows, meanSquares }) => {
    const [n, m] = [rows.length, rows[0]!.length];
    const { spread } = crossedMean(rows.map((row) => Int8Array.from(row)));
    const { seed, example, residual } = spread!.variances;
    expect(residual).toBeCloseTo(meanSquares.residual, 6);
    expect(seed).toBeCloseTo(Math.max(0, meanSquares.seed - meanSquares.residual) / m, 6);
    expect(example).toBeCloseTo(Math.max(0, meanSquares.example - meanSquares.residual) / n, 6);
    const ofExamples = Math.max(0, meanSquares.example - meanSquares.residual);
    expect(spread!.standardError ** 2).toBeCloseTo((meanSquares.seed + ofExamples) / (n * m), 6);
  });

  it('with one example per seed counts as the seeds alone would', () => {
    // Examples that all agree add nothing: what is left is the t-test over seeds.
    const rows = [1, 0, 1, 1, -1].map((value) => new Int8Array(50).fill(value));
    const { mean, seedMeans } = crossedMean(rows);
    const { interval } = summarize(seedMeans);
    expect(mean).toBe(40);
    expect(meanInterval(crossedMean(rows))!.low).toBeCloseTo(interval!.low, 9);
    expect(meanP(crossedMean(rows))).toBeCloseTo(pairedP(seedMeans)!, digits);
  });

  it('of two networks that answer alike has no difference, for certain', () => {
    const same = crossedMean([new Int8Array(10), new Int8Array(10)]);
    expect(same.mean).toBe(0);
    expect(meanP(same)).toBe(1);
    expect(meanP(crossedMean([new Int8Array(10).fill(1), new Int8Array(10).fill(1)]))).toBeLessThan(1e-9);
    expect(meanInterval(same)).toEqual({ low: 0, high: 0 });
  });

  it('of a single seed has a mean and nothing else', () => {
    const single = crossedMean([Int8Array.of(1, 0, 0, 0)]);
    expect(single).toMatchObject({ mean: 25, spread: null });
    expect(meanP(single)).toBeNull();
    expect(meanInterval(single)).toBeNull();
    expect(bootstrapIntervals([[Int8Array.of(1, 0)], []])).toEqual([null, null]);
  });

  it('is refused where seeds saw different examples', () => {
    expect(() => crossedMean([new Int8Array(3), new Int8Array(4)])).toThrow('same examples');
    expect(() => crossedMean([])).toThrow('at least one seed');
  });

  it('expects of a plan like its own the error that was measured', () => {
    const rows = scipy.crossed[1]!.rows.map((row) => Int8Array.from(row));
    const measured = crossedMean(rows).spread!;
    const expected = expectedSpread(measured.variances, 5, 40);
    expect(expected.standardError).toBeCloseTo(measured.standardError, 9);
    expect(expected.parts.seeds.variance).toBeCloseTo(measured.parts.seeds.variance, 9);
  });
});

describe('the critical value over seeds and examples', () => {
  const parts = (seeds: number, examples: number) => ({
    seeds: { variance: seeds, degreesOfFreedom: 4 },
    examples: { variance: examples, degreesOfFreedom: 9999 },
  });

  it('is that of the one part where the other is nothing, and between them otherwise', () => {
    expect(criticalValue(parts(1, 0), 0.05)).toBeCloseTo(2.7764, 4);
    expect(criticalValue(parts(0, 1), 0.05)).toBeCloseTo(1.9602, 4);
    expect(criticalValue(parts(1, 3), 0.05)).toBeCloseTo((2.7764 + 3 * 1.9602) / 4, 4);
  });

  it('belongs to the p-value', () => {
    const rows = scipy.crossed[1]!.rows.map((row) => Int8Array.from(row));
    const estimate = crossedMean(rows);
    const p = meanP(estimate)!;
    const { standardError, parts: own } = estimate.spread!;
    expect(criticalValue(own, p)).toBeCloseTo(Math.abs(estimate.mean) / standardError, 6);
    expect(meanInterval(estimate, 1 - p)!.low * meanInterval(estimate, 1 - p)!.high).toBeCloseTo(0, 4);
  });
});

describe('the bootstrap over seeds and examples', () => {
  const rows = scipy.crossed[1]!.rows.map((row) => Int8Array.from(row));

  it('gives the same interval for the same seed, around the mean', () => {
    const interval = bootstrapIntervals([rows])[0]!;
    expect(bootstrapIntervals([rows, rows])).toEqual([interval, interval]);
    expect(interval.low).toBeLessThan(crossedMean(rows).mean);
    expect(interval.high).toBeGreaterThan(crossedMean(rows).mean);
  });

  it('is about as wide as the error that counts both', () => {
    const { low, high } = bootstrapIntervals([rows], { draws: 10_000 })[0]!;
    const { standardError } = crossedMean(rows).spread!;
    const ratio = (high - low) / (2 * 1.96 * standardError);
    // With 5 seeds the bootstrap misses a share of 1/5 of their variance, and counts what is left up to thrice.
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.3);
  });
});

describe('the power of a plan', () => {
  it.each(scipy.power)(
    'with $seeds seeds, effect $effect and level $alpha is that of statsmodels',
    ({ seeds, effect, alpha, power: expected }) => {
      // Without variance of examples, the test is the paired t-test; differences of deviation 1 make points effects.
      const design = { seeds, examples: 1000, variances: { seed: 1, example: 0, residual: 0 }, alpha };
      expect(power(effect, design)).toBeCloseTo(expected, 6);
    },
  );

  const design = { examples: 10_000, variances: { seed: 0.0625, example: 49, residual: 900 }, comparisons: 3 };

  it('finds its own smallest difference as often as asked', () => {
    const difference = detectableDifference({ ...design, seeds: 5 });
    expect(power(difference, { ...design, seeds: 5 })).toBeCloseTo(0.8, 6);
    expect(detectableDifference({ ...design, seeds: 10 })).toBeLessThan(difference);
  });

  it('says how many seeds it takes, and not one too many', () => {
    const seeds = seedsFor(0.3, design)!;
    expect(power(0.3, { ...design, seeds })).toBeGreaterThanOrEqual(0.8);
    expect(power(0.3, { ...design, seeds: seeds - 1 })).toBeLessThan(0.8);
  });

  it('knows that no number of seeds makes up for a small test set', () => {
    expect(seedsFor(0.1, { ...design, examples: 500 })).toBeNull();
  });

  it('of a single seed is none', () => {
    expect(power(5, { ...design, seeds: 1 })).toBe(0);
    expect(detectableDifference({ ...design, seeds: 1 })).toBe(Infinity);
  });
});
