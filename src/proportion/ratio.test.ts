import { describe, expect, it } from 'vitest';
import { failure } from '../testing/failure.js';
import { defaultPattern, parseRatio, patternRatio, printRatio, reduceRatio } from './index.js';

describe('parsing a ratio', () => {
  it.each([
    ['1:1', 1, 1],
    ['3:2', 3, 2],
    [' 10 : 4 ', 10, 4],
    ['1000:1', 1000, 1],
  ])('reads %o', (text, convolutions, activations) => {
    expect(parseRatio(text)).toEqual({ convolutions, activations });
  });

  it.each([
    ['1:2', '2:1'],
    ['2:0', '2:1'],
    ['0:0', '1:1'],
    ['0:3', '1:1'],
    ['2', '2:1'],
    ['3/2', '3:2'],
    ['2x3', '3:2'],
    ['1.5:1', '3:2'],
    ['1.5', '3:2'],
    ['-2:1', '2:1'],
    ['2:1:', '2:1'],
    ['abc', '2:1'],
    ['', '2:1'],
    ['0', '2:1'],
    ['1:2:3', '2:1'],
    ['1001:1', '2:1'],
    ['99999999999999999999:1', '2:1'],
  ])('refuses %o and suggests %s', (text, suggested) => {
    const error = failure(() => parseRatio(text));
    expect(error.code).toBe('usage');
    expect(error.hint).toContain(suggested);
  });

  it('gives back what it printed', () => {
    for (let convolutions = 1; convolutions <= 12; convolutions++) {
      for (let activations = 1; activations <= convolutions; activations++) {
        const ratio = { convolutions, activations };
        expect(parseRatio(printRatio(ratio))).toEqual(ratio);
      }
    }
  });
});

describe('the default pattern', () => {
  it.each([
    ['1:1', '1'],
    ['2:1', '01'],
    ['3:2', '011'],
    ['3:1', '001'],
    ['4:3', '0111'],
    ['5:2', '00101'],
    ['4:2', '0101'],
  ])('of %s is %s', (ratio, pattern) => {
    expect(defaultPattern(parseRatio(ratio))).toBe(pattern);
  });

  it('keeps M of N, ends with a kept one, and spreads them as evenly as whole numbers allow', () => {
    for (let convolutions = 1; convolutions <= 40; convolutions++) {
      for (let activations = 1; activations <= convolutions; activations++) {
        const pattern = defaultPattern({ convolutions, activations });
        const runs = pattern.split(/(?<=1)/).map((run) => run.length);
        expect(patternRatio(pattern)).toEqual({ convolutions, activations });
        expect(pattern.endsWith('1')).toBe(true);
        expect(Math.max(...runs) - Math.min(...runs)).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe('an explicit pattern', () => {
  it('has the ratio of its characters to its ones', () => {
    expect(patternRatio('10')).toEqual({ convolutions: 2, activations: 1 });
    expect(patternRatio('110', parseRatio('3:2'))).toEqual({ convolutions: 3, activations: 2 });
  });

  it.each(['', '12', '1 0', 'ab', '0', '000', '1'.repeat(1001)])('is refused if it is %o', (pattern) => {
    expect(failure(() => patternRatio(pattern)).code).toBe('usage');
  });

  it('is refused if it contradicts the ratio, with the pattern that would fit', () => {
    const error = failure(() => patternRatio('10', parseRatio('3:2')));
    expect(error.code).toBe('usage');
    expect(error.message).toContain('2:1');
    expect(error.hint).toContain('011');
  });
});

it('a ratio is reduced to its smallest numbers', () => {
  expect(reduceRatio(parseRatio('18:12'))).toEqual({ convolutions: 3, activations: 2 });
  expect(reduceRatio(parseRatio('19:9'))).toEqual({ convolutions: 19, activations: 9 });
});
