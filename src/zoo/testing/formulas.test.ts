/** The expected numbers come from bench/oracle/formulas.py. */

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { checksum, checksumError, formulaImages, formulaTargets, formulaWeights } from './formulas.js';

const sha256 = (values: Float32Array): string => createHash('sha256').update(values).digest('hex');

describe('the formulas give the same bits as Python', () => {
  it('for kernels, factors, biases and statistics', () => {
    const kernel = formulaWeights('layer1.0.conv1.weight', [8, 3, 3, 3]);
    expect([kernel[0], kernel[1], kernel[215]]).toEqual([
      -0.09078880399465561, 0.3984730541706085, -0.35320159792900085,
    ]);
    expect([...formulaWeights('bn1.running_var', [3])]).toEqual([
      0.5538572669029236, 0.9832361340522766, 0.5403924584388733,
    ]);
    expect([...formulaWeights('fc.bias', [3])]).toEqual([
      0.029057323932647705, 0.017048805952072144, -0.13741064071655273,
    ]);
  });

  it('for millions of values', () => {
    expect(sha256(formulaWeights('classifier.weight', [4096, 1024]))).toBe(
      '607080eb060e834185732b7426c72928d00cf545a573677802a914d03f6dcdf9',
    );
  });

  it('for images and targets', () => {
    expect(sha256(formulaImages([2, 3, 17, 20]))).toBe(
      '1217988ac0e85ba85600dea09d30c1b04ef1b1cf52b81d743fed5f8da9d040e7',
    );
    const targets = formulaTargets(4, 1000);
    expect([...targets].flatMap((value, index) => (value === 1 ? [index] : []))).toEqual([604, 1419, 2967, 3746]);
  });

  it('for checksums', () => {
    const expected = [3.92670266, 1.64364637, 0.459725908, -2.03913464];
    expect(checksumError(checksum(formulaWeights('layer1.0.conv1.weight', [8, 3, 3, 3])), expected)).toBeLessThan(1e-8);
  });
});

describe('a checksum', () => {
  const values = formulaWeights('a.weight', [30, 20]);

  it('approximates the distance between tensors of equal norm', () => {
    const other = values.map((value, index) => (index % 100 === 0 ? -value : value));
    const distance = Math.sqrt(values.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0));
    const error = checksumError(checksum(other), checksum(values)) * checksum(values)[0]!;
    expect(error).toBeGreaterThan(distance / 3);
    expect(error).toBeLessThan(distance * 3);
  });

  it('rejects NaN and tensors of another length', () => {
    expect(checksumError(checksum(values.with(7, NaN)), checksum(values))).toBeNaN();
    expect(checksumError(checksum(values.subarray(1)), checksum(values))).toBeGreaterThan(0.1);
  });
});
